import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { main } from './main.ts';

test('an environment is made in one step, and says what to start', async () => {
  using at = place();
  const { exit, out } = await at.zester('init', '--dir', at.dir, '--dns', 'zester.example.com', '--ip', '10.0.0.5');

  assert.equal(exit, 0);
  const programs = [...out.matchAll(/^ {3}\(?(?:umask 077; )?([\w-]+)/gm)].map(([, program]) => program);
  assert.deepEqual(programs, ['nats-server', 'zester-master', 'zester', 'zester-peel', 'zester']);
  const certificate = new X509Certificate(readFileSync(join(at.dir, 'auth/nats-server.crt')));
  assert.ok(certificate.checkHost('zester.example.com') && certificate.checkIP('10.0.0.5'));
  assert.match(readFileSync(join(at.dir, 'auth/nats-server.conf'), 'utf8'), /^listen: "0\.0\.0\.0:4222"/m);
  const master = parse(readFileSync(join(at.dir, 'master.yaml'), 'utf8'));
  assert.deepEqual(
    [master.nats_url, master.auth_dir, master.enroll_sans],
    [['tls://zester.example.com:4222'], join(at.dir, 'auth'), ['zester.example.com', '10.0.0.5']],
  );
  const peel = parse(readFileSync(join(at.dir, 'peel.yaml'), 'utf8'));
  assert.deepEqual(peel.master_urls, ['https://zester.example.com:8443']);
  assert.ok(out.includes(peel.enroll_ca_pin[0]));
  assert.equal(statSync(join(at.dir, 'auth/admin.creds')).mode & 0o777, 0o600);
  assert.match((await at.zester('context', 'show')).out, /^Context: +main\n[\s\S]*tls:\/\/zester\.example\.com:4222/);
});

test('without names an environment is for its machine alone', async () => {
  using at = place();
  await at.zester('init', '--dir', at.dir);

  assert.match(readFileSync(join(at.dir, 'auth/nats-server.conf'), 'utf8'), /^listen: "127\.0\.0\.1:4222"/m);
  const { nats_url, enroll_addr } = parse(readFileSync(join(at.dir, 'master.yaml'), 'utf8'));
  assert.deepEqual([nats_url, enroll_addr], [['tls://localhost:4222'], '127.0.0.1:8443']);
});

test('keys that are there are never replaced', async () => {
  using at = place();
  await at.zester('init', '--dir', at.dir);
  const before = readFileSync(join(at.dir, 'auth/ca/root.key'), 'utf8');

  for (const environment of ['main', 'other']) {
    const again = await at.zester('init', '--dir', at.dir, '--environment', environment);
    assert.match(again.err, /ENVIRONMENT_EXISTS/);
    assert.ok(again.exit > 0);
  }
  assert.equal(readFileSync(join(at.dir, 'auth/ca/root.key'), 'utf8'), before);
});

test('a context of that name is not replaced, and nothing is made then', async () => {
  using at = place('contexts:\n  main: { servers: [tls://lab:4222] }\n');

  assert.match((await at.zester('init', '--dir', at.dir)).err, /CONTEXT_EXISTS/);

  assert.ok(!existsSync(at.dir));
});

test('what fails on the way leaves no keys behind, and nothing else is touched', async () => {
  using at = place();
  mkdirSync(join(at.dir, 'states'), { recursive: true });

  assert.match((await at.zester('init', '--dir', at.dir, '--dns', 'not a name')).err, /CA_NAME_INVALID/);

  assert.deepEqual(readdirSync(at.dir), ['states']);
  assert.equal((await at.zester('init', '--dir', at.dir)).exit, 0);
});

test('where no context can be written nothing is made', async () => {
  using at = place();
  const below = join(at.config, 'config.yaml');
  writeFileSync(at.config, '');

  assert.match((await at.zester('init', '--dir', at.dir, '--config', below)).err, /FILE_UNWRITABLE/);

  assert.ok(!existsSync(join(at.dir, 'auth')) && !existsSync(join(at.dir, 'master.yaml')));
});

test('who works with another fleet stays there, and is told how to choose', async () => {
  const written = '# mine\ncontext: lab # for now\ncontexts:\n  lab: { servers: [ tls://lab:4222 ] } # the old one\n';
  using at = place(written);

  const { out } = await at.zester('init', '--dir', at.dir);

  const text = readFileSync(at.config, 'utf8');
  assert.ok(text.startsWith(written), text);
  assert.deepEqual(Object.keys(parse(text).contexts), ['lab', 'main']);
  assert.match(out, /^ {3}zester --context main '\*' test\.ping$/m);
});

function place(config?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'zester init '));
  const file = join(folder, 'config.yaml');
  if (config !== undefined) writeFileSync(file, config);
  return {
    dir: join(folder, 'fleet'),
    config: file,
    async zester(...argv: string[]) {
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
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
