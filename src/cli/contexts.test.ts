import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadContexts } from './config.ts';
import { main } from './main.ts';

const written = `# Ada's fleets
context: lab # for now
servers: [tls://default:4222]
contexts:
  lab: { servers: [tls://lab:4222], creds: /home/ada/lab.creds }
  production: { servers: [tls://nats-1:4222, tls://nats-2:4222] }
`;

test('contexts are listed, shown and chosen, and the file keeps its comments', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'zester-contexts-')), 'config.yaml');
  writeFileSync(file, written);
  const zester = typing(file);

  assert.equal(
    (await zester('context', 'list')).out,
    `NAME        CURRENT  SERVERS                               CREDS
lab         yes      tls://lab:4222                        /home/ada/lab.creds
production           tls://nats-1:4222, tls://nats-2:4222  -
`,
  );
  assert.match((await zester('context', 'show')).out, /^Context: {5}lab\n[\s\S]*tls:\/\/lab:4222/);
  assert.match(
    (await zester('context', 'show', 'production')).out,
    /^Context: {5}production\n[\s\S]*tls:\/\/nats-1:4222/,
  );
  assert.match((await zester('context', 'use', 'prodution')).err, /CONTEXT_MISSING[\s\S]*Did you mean "production"/);
  assert.match((await zester('context', 'use', 'production')).out, /^Context production counts from now on/);

  assert.equal(readFileSync(file, 'utf8'), written.replace('context: lab', 'context: production'));
  assert.match((await zester('context', 'show')).out, /^Context: {5}production\n/);
});

test('a file that names a context it does not have can be mended by the command', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'zester-contexts-')), 'config.yaml');
  writeFileSync(file, written.replace('context: lab', 'context: lap'));
  const zester = typing(file);

  assert.match((await zester('context', 'list')).out, /^lab {10}/m);
  assert.equal((await zester('context', 'use', 'lab')).exit, 0);
});

test('on a master it is said that its own file counts', async () => {
  const home = mkdtempSync(join(tmpdir(), 'zester-contexts-'));
  writeFileSync(join(home, 'master.yaml'), 'nats_url: [tls://master:4222]\n');

  const { overruledBy } = await loadContexts({ flags: new Map(), environment: {}, home, system: home });
  const asked = await loadContexts({ flags: new Map([['context', ['lab']]]), environment: {}, home, system: home });

  assert.equal(overruledBy, join(home, 'master.yaml'));
  assert.equal(asked.overruledBy, undefined);
});

function typing(file: string) {
  return async (...argv: string[]) => {
    let [out, err] = ['', ''];
    const exit = await main(argv, {
      environment: { ZESTER_CONFIG: file },
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      isTerminal: false,
      errIsTerminal: false,
      width: 80,
    });
    return { exit, out, err };
  };
}
