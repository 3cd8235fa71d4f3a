import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { camel } from '#base/options.ts';
import { shellWords } from './command-line.ts';
import { loadConfig } from './config.ts';
import { main, type Terminal, understand } from './main.ts';
import { allCommands, commandNames, findCommand } from './registry.ts';
import { showCommand, showOverview } from './report/help.ts';
import { showIndex, showModule } from './report/module.ts';
import { plainStyle } from './report/style.ts';
import { topics } from './topics.ts';

const commands = await allCommands();

test('every command has a file of its name, and every file is a command', () => {
  const files = readdirSync(join(import.meta.dirname, 'commands')).filter((each) => !each.endsWith('.test.ts'));

  const named = [...commands.map(({ name }) => name), 'complete'].map((name) => `${name.replaceAll(' ', '-')}.ts`);
  assert.deepEqual(named.sort(), files.sort());
});

test('every name and alias leads to its command', async () => {
  const named = commands.flatMap((each) => [each.name, ...each.aliases].map((name) => [name, each.name] as const));
  for (const [name, wanted] of named) {
    assert.equal((await findCommand(name.split(' '))?.load())?.name, wanted);
  }
  assert.deepEqual(commandNames().toSorted(), named.map(([name]) => name).sort());
});

test('every command is explained, and its examples parse', async () => {
  for (const command of commands) {
    assert.match(command.summary, /^[A-Z][^\n]*[^.]$/, command.name);
    assert.ok(showCommand(command, plainStyle).includes(command.summary));
    assert.ok(command.examples.length > 0, `${command.name} has no example`);
    for (const { line } of command.examples) {
      const understood = await understand(shellWords(line));
      assert.equal(understood.command.name, command.name, line);
    }
    for (const { name } of command.flags) assert.match(camel(name), /^[a-z]\w*$/);
  }
  assert.match(showOverview(commands, topics, plainStyle), /zester '<target>' <module.function>/);
});

test('command lines lead where they should', async () => {
  const cases: readonly (readonly [line: string, command: string, input: Record<string, unknown>])[] = [
    ['job list --limit 3', 'job list', { limit: 3 }],
    ['--json job list', 'job list', {}],
    ['--server tls://a:1 job list', 'job list', {}],
    ['job cancel abc', 'job kill', { jid: 'abc' }],
    ["'web*' test.ping", 'run', { target: 'web*', function: 'test.ping', values: [] }],
    ['--test web pkg.installed nginx version=1', 'run', { values: ['nginx', 'version=1'] }],
    ['web cmd.run --async -- ls -la', 'run', { async: true, values: [], rest: ['ls', '-la'] }],
    ['-G os:debian test.ping', 'run', { target: 'os:debian', grain: true, function: 'test.ping' }],
    ['web pkg.installed nginx --refresh --hold=no', 'run', { values: ['nginx', 'refresh=true', 'hold=no'] }],
    ['web pkg.installed --pkgs curl,git --test', 'run', { values: ['pkgs=curl,git'] }],
    ['job test.ping', 'run', { target: 'job', function: 'test.ping' }],
    ['run ping test.ping', 'run', { target: 'ping', function: 'test.ping' }],
    ['doc group.present', 'doc', { name: 'group.present' }],
    ['target -- web*', 'target', { expression: 'web*' }],
    ['', 'help', {}],
    ['--version', 'version', {}],
  ];
  for (const [line, command, input] of cases) {
    const understood = await understand(shellWords(line));
    assert.equal(understood.command.name, command, line);
    for (const [key, value] of Object.entries(input)) assert.deepEqual(understood.input[key], value, `${line}: ${key}`);
  }
});

test('what is no command line says what it should have been', async () => {
  const cases: readonly (readonly [line: string, code: number, word: RegExp])[] = [
    ['job', 64, /There are job active, job follow, job kill/],
    ['jobs', 64, /Did you mean "job"\? There are job active/],
    ['enrol list', 64, /Did you mean "enroll list"/],
    ['enrol', 64, /Did you mean "enroll"\? There are enroll approve/],
    ['keys', 64, /Did you mean "enroll"/],
    ['minions', 64, /Did you mean "peel"\? There are peel list/],
    ['job shwo x', 64, /Did you mean "job show"/],
    ['docc', 64, /Did you mean "doc"/],
    ['web cmd.run ls -la /tmp', 64, /zester web cmd.run -- ls -la \/tmp/],
    ['web cmd.run ls -la', 64, /Cannot use "-la"/],
    ['cmd.run ls -la', 64, /zester '<target>' cmd.run -- ls -la/],
    ['run cmd.run ls -la', 64, /zester '<target>' cmd.run -- ls -la/],
    ['-G os:debian', 64, /zester G@os:debian test.ping; whom it means: zester target G@os:debian/],
    ['web pkg.installed nginx --refesh', 64, /there is no such flag/],
    ['-G -L os:debian test.ping', 64, /-L and -G are two kinds/],
    ['peel list --columns peel,so', 64, /Did you mean "os"/],
    ['job list --sort -crated', 64, /Did you mean "created"/],
    ['job lst', 64, /Did you mean "job list"/],
    ['job show', 64, /<jid> is missing/],
    ['job show no-id', 64, /27 letters and digits/],
    ['versoin', 64, /Did you mean "version"/],
    ['version extra', 64, /it takes no words/],
    ['ping test.ping', 64, /zester run ping test.ping/],
    ['doc a b', 64, /one word too many/],
    ['job list --limt 3', 64, /Did you mean "--limit"/],
    ['web test.ping --timeout soon', 64, /duration/],
    ['web test.ping extra words', 64, /"words"/],
    ['web', 64, /requires at least 2 arguments/],
    ['version --format xml', 64, /one of text, json, yaml/],
    ['completion tcsh', 64, /bash, zsh, fish/],
    ['doc no.such', 1, /no module is documented/],
    ['web test.ping', 1, /CREDENTIALS_MISSING/],
  ];
  for (const [line, code, word] of cases) {
    const { exit, err, out } = await runLine(line);
    assert.equal(exit, code, `${line}: ${err}`);
    assert.match(err, word, line);
    assert.equal(out, '');
  }
});

test('help, version and options are shown as text, JSON and YAML', async () => {
  assert.match((await runLine('job list --help')).out, /--limit <n>/);
  assert.match((await runLine('')).out, /Usage:/);
  assert.match((await runLine('help job')).out, /job kill/);
  assert.match((await runLine('-V')).out, /^zester \S+ \(commit/);
  assert.equal(typeof JSON.parse((await runLine('version --json')).out).version, 'string');
  assert.match(
    (await runLine('config show --yaml --server tls://a:1')).out,
    /- tls:\/\/a:1\n\s+source: flag\n\s+from: --server/,
  );
});

test('a module is shown with all there is to know', () => {
  const record = {
    name: 'group.present',
    kind: 'state',
    summary: 'Ensure a group exists',
    args: [
      { name: 'name', type: 'text', decode: 'text', description: 'Its name', required: false, primary: true },
      {
        name: 'gid',
        type: 'whole number',
        decode: 'int',
        description: 'Its id',
        required: false,
        aliases: ['id'],
        default: 7,
      },
    ],
    examples: [{ title: 'A group', args: { name: 'deploy', gid: 700, members: ['a'] }, expect: {} }],
    notes: ['A note'],
    changes: true,
    differs: [],
    reverts: true,
  } as const;

  assert.equal(
    showModule(record, plainStyle),
    `group.present (state)

Ensure a group exists

Parameters:
  name (text, primary)
      Its name
  gid (whole number)
      Its id
      aliases: id
      default: 7

Effects:
  - Can change the machine
  - Can be taken back

Examples:
  1. A group
     deploy:
       group.present:
         - gid: 700
         - members:
             - a

Notes:
  - A note
`,
  );
  assert.equal(
    showIndex([record, { ...record, kind: 'function' }], plainStyle),
    'group\n  group.present  state, function  Ensure a group exists\n',
  );
});

test('the configuration comes from flag, environment, context, file, convention', async () => {
  const home = mkdtempSync(join(tmpdir(), 'zester-cli-'));
  const file = join(home, 'config.yaml');
  writeFileSync(file, 'servers: [tls://a:1]\ncontexts:\n  lab: { servers: [tls://lab:1], creds: /lab.creds }\n');
  const load = (flags: Record<string, string[]>, environment: Record<string, string> = {}) =>
    loadConfig({ flags: new Map(Object.entries(flags)), environment, home, system: home });

  const plain = await load({ config: [file] });
  const lab = await load({ config: [file], context: ['lab'] }, { ZESTER_CREDS: '/mine.creds' });
  writeFileSync(join(home, 'master.yaml'), `nats_url: tls://master:1\nauth_dir: ${home}\nreactor: { dir: /x }\n`);
  writeFileSync(join(home, 'admin.creds'), '');
  const onMaster = await load({});

  assert.deepEqual(plain.values.servers, ['tls://a:1']);
  assert.deepEqual([lab.values.servers, lab.values.creds], [['tls://lab:1'], '/mine.creds']);
  assert.deepEqual([onMaster.values.servers, onMaster.values.creds], [['tls://master:1'], join(home, 'admin.creds')]);
  await assert.rejects(load({ config: [file], context: ['lob'] }), {
    code: 'CONTEXT_UNKNOWN',
    hint: 'Did you mean "lab"?',
  });
  await assert.rejects(load({ config: [join(home, 'none.yaml')] }), { code: 'FILE_UNREADABLE' });
});

async function runLine(line: string): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    environment: { ZESTER_CONFIG: '/dev/null' },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
    errIsTerminal: false,
    width: 80,
  };
  const exit = await main(shellWords(line), terminal);
  return { exit, out, err };
}
