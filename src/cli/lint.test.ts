import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { main } from './main.ts';

const home = mkdtempSync(join(tmpdir(), 'zester-lint-'));
after(() => rmSync(home, { recursive: true }));

test('a tree without mistakes ends with 0', async () => {
  const tree = write('fine', { 'web.zy': 'nginx:\n  test.nop: []\n' });

  const { exit, out } = await run('lint', tree);

  assert.equal(exit, 0);
  assert.equal(out, '1 file, 6 machines: 0 errors, 0 warnings, 0 notes\n');
});

test('an error is told with its place, its code and what to do, and ends with 2', async () => {
  const tree = write('broken', { 'web/init.zy': 'nginx:\n  pkg.instaled: []\n' });

  const { exit, out } = await run('lint', tree);

  assert.equal(exit, 2);
  assert.match(out, /broken\/web\/init\.zy:2:3: error STATE_UNKNOWN: State 'pkg\.instaled' was not found/);
  assert.match(out, /\n {4}Did you mean "pkg\.installed"\?\n/);
});

test('warnings count when they are to', async () => {
  const tree = write('warned', { 'web.zy': 'make:\n  cmd.run: []\n' });

  assert.equal((await run('lint', tree)).exit, 0);
  assert.equal((await run('lint', tree, '--strict')).exit, 2);
});

test('a program reads findings with their machines', async () => {
  const tree = write('json', {
    'web.zy': "{% if facts.os.family == 'rhel' %}\nnginx:\n  pkg.instaled: []\n{% endif %}\n",
  });

  const { findings, files, machines } = JSON.parse((await run('lint', tree, '--format', 'json')).out);

  assert.deepEqual(
    findings.map(({ code, severity, at, profiles }: Record<string, unknown>) => ({ code, severity, at, profiles })),
    [
      {
        code: 'STATE_UNKNOWN',
        severity: 'error',
        at: { file: join(tree, 'web.zy'), line: 3, column: 3 },
        profiles: ['rocky'],
      },
    ],
  );
  assert.deepEqual([files, machines.length], [1, 6]);
});

test('settings and facts that are given are known', async () => {
  const tree = write('known', { 'web.zy': 'port-{{ settings.web.port }}-{{ facts.role }}:\n  test.nop: []\n' });
  const settings = write('settings', { 'top.zy': "base:\n  '*': web\n", 'web.zy': 'web: {port: 80}\n' });
  write('.', { 'roles.yaml': 'role: web\n' });

  const alone = await run('lint', tree);
  const known = await run('lint', tree, '--settings', settings, '--facts', join(home, 'roles.yaml'));

  assert.match(alone.out, /note FACT_NEEDED: Needs the fact "role"\n/);
  assert.match(alone.out, /note SETTING_NEEDED: Needs the setting "web:port"\n/);
  assert.match(known.out, /^3 files, 6 machines: 0 errors, 0 warnings, 0 notes\n$/);
});

test('a machine of one’s own is judged beside the samples, or alone', async () => {
  const tree = write('own', {
    'web.zy': "{% if facts.os.family == 'plan9' %}\nnginx:\n  pkg.instaled: []\n{% endif %}\n",
  });
  write('.', { 'odd.yaml': 'os: {family: plan9}\n' });
  const facts = ['--facts', join(home, 'odd.yaml')];

  assert.match((await run('lint', tree, ...facts)).out, /STATE_UNKNOWN: .* \[odd\]\n[\s\S]*7 machines/);
  assert.match((await run('lint', tree, ...facts, '--machine', 'odd')).out, /STATE_UNKNOWN: [^[]*\n[\s\S]*1 machine:/);
});

test('what cannot be read is said so', async () => {
  const missing = await run('lint', join(home, 'none'));
  const odd = await run('lint', write('some', {}), '--machine', 'debain');

  write('.', { 'list.yaml': '- web\n', 'broken.yaml': 'role: [web\n' });
  for (const facts of ['list.yaml', 'broken.yaml']) {
    const { err, exit } = await run('lint', home, '--facts', join(home, facts));

    assert.match(err, /Cannot use the facts of .*\.yaml": .* \[FACTS_UNUSABLE\]/);
    assert.equal(exit, 64);
  }
  assert.deepEqual([missing.exit, odd.exit], [1, 64]);
  assert.match(missing.err, /Cannot read the folder .* \[TREE_UNREADABLE\]/);
  assert.match(odd.err, /Did you mean "debian"\?/);
});

test('each code is explained with an example', async () => {
  const { exit, out } = await run('explain', 'COMMAND_EVERY_TIME');

  assert.equal(exit, 0);
  assert.match(
    out,
    /COMMAND_EVERY_TIME \(warning of zester lint\)[\s\S]*Not so:\n {4}make install:[\s\S]*But so:[\s\S]*creates/,
  );
});

function write(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

async function run(...argv: readonly string[]) {
  let [out, err] = ['', ''];
  const exit = await main(argv, {
    environment: {},
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
    errIsTerminal: false,
    width: 100,
  });
  return { exit, out, err };
}
