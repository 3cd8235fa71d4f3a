import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '#cli/main.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { type Machine, machine, peelId } from '../attacks/support/machine.ts';

test('an output too long for a return is kept, and fetched whole from the command line', async () => {
  await using at = await machine();
  const cmd = 'i=0; while [ $i -lt 300000 ]; do echo "line $i of a long report"; i=$((i+1)); done';
  const whole = Array.from({ length: 300_000 }, (_, index) => `line ${index} of a long report\n`).join('');

  const returned = await at.run('cmd.run', { cmd });
  const shown = await zester(at, 'job', 'output', returned.jid);
  const file = join(at.folder, 'report');
  const written = await zester(at, 'job', 'output', returned.jid, '--peel', peelId, '--out', file);
  const missing = await zester(at, 'job', 'output', returned.jid, '--stream', 'stderr');
  const json = await zester(at, 'job', 'output', returned.jid, '--json');

  assert.match(String(returned.value), /^line 0 of a long report\n.*\nline 299999 of a long report$/s);
  assert.match(String(returned.value), new RegExp(`the whole: zester job output ${returned.jid} --stream stdout\\]`));
  assert.deepEqual([shown.code, shown.err], [0, '']);
  assert.equal(shown.bytes.toString(), whole);
  const sum = createHash('sha256').update(whole).digest('hex');
  assert.match(written.out, new RegExp(`^Wrote ${whole.length} bytes to .*report in .*, SHA-256 ${sum}\n$`));
  assert.equal(readFileSync(file, 'utf8'), whole);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(missing.err, /OUTPUT_NOT_KEPT/);
  assert.match(missing.err, /Kept are stdout/);
  assert.match(json.err, /OUTPUT_NEEDS_FILE/);
});

/** The command line of an operator, in this process. */
async function zester({ nats }: Machine, ...argv: readonly string[]) {
  const [ca, creds] = [join(nats.dir, 'cli-ca.pem'), join(nats.dir, 'cli.creds')];
  writeFileSync(ca, nats.ca);
  writeFileSync(creds, formatCredentials(nats.credentials.operator('alice')));
  let [out, err] = ['', ''];
  const bytes: Uint8Array[] = [];
  const code = await main([...argv, '--server', nats.url, '--ca', ca, '--creds', creds], {
    environment: {},
    isTerminal: false,
    errIsTerminal: false,
    width: 120,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    async outBytes(part) {
      bytes.push(part);
    },
  });
  return { code, out, err, bytes: Buffer.concat(bytes) };
}
