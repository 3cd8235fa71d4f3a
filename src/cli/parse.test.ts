import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { type JobDraft, parseJob } from './parse.ts';
import type { ArgumentRecord, ModuleRecord, Reference } from './reference.ts';

const argument = (
  name: string,
  decode: ArgumentRecord['decode'],
  more: Partial<ArgumentRecord> = {},
): ArgumentRecord => ({
  name,
  type: decode,
  decode,
  description: `the ${name}`,
  required: false,
  ...more,
});
const state = (name: string, args: readonly ArgumentRecord[]): ModuleRecord => ({
  name,
  kind: 'state',
  summary: '',
  args,
  examples: [],
  notes: [],
  changes: true,
});
const reference: Reference = {
  facts: [],
  common: [
    argument('onlyif', 'command'),
    argument('unless', 'command'),
    argument('retry', 'any'),
    argument('require', 'list'),
    argument('names', 'list', { instead: true }),
    argument('failhard', 'bool'),
  ],
  modules: [
    state('group.present', [
      argument('name', 'text', { primary: true }),
      argument('gid', 'int', { aliases: ['id'] }),
      argument('system', 'bool'),
      argument('members', 'list'),
    ]),
    state('cmd.run', [
      argument('command', 'text', { primary: true, aliases: ['name', 'cmd'] }),
      argument('env', 'map'),
    ]),
    {
      ...state('state.apply', [
        argument('mods', 'list', { primary: true, aliases: ['state'] }),
        argument('test', 'bool'),
      ]),
      kind: 'function',
    },
    state('host.present', [argument('name', 'text', { primary: true }), argument('ip', 'text', { required: true })]),
    { ...state('test.ping', []), kind: 'function' },
    { ...state('state.highstate', [argument('test', 'bool')]), kind: 'function' },
    {
      ...state('file.write', [
        argument('path', 'text', { primary: true, required: true }),
        argument('contents', 'text', { required: true }),
      ]),
      kind: 'function',
    },
    { ...state('file.join', [argument('parts', 'list', { primary: true, rest: true })]), kind: 'function' },
    {
      ...state('state.single', [argument('fun', 'text', { primary: true, required: true }), argument('name', 'text')]),
      kind: 'function',
      open: true,
    },
    { ...state('pkg.install', [argument('name', 'text', { primary: true, required: true })]), kind: 'function' },
    state('pkg.installed', [
      argument('name', 'text', { primary: true }),
      argument('pkgs', 'list', { instead: true }),
      argument('version', 'text'),
    ]),
  ],
};

const files: Readonly<Record<string, string>> = {
  key: 'ssh-ed25519 AAAA\n',
  people: '- ann\n- bob\n',
  '-': 'from stdin',
};

function read(line: readonly string[], more: { rest?: string[]; timeoutMs?: number } = {}): JobDraft {
  return parseJob({
    words: line,
    rest: more.rest,
    test: false,
    timeoutMs: more.timeoutMs,
    reference,
    readFile: (path) => files[path] ?? assert.fail(path),
    parseYaml: (text) => parseYaml(text),
  });
}

test('words become a request', () => {
  const minute = 60_000;
  const cases: readonly (readonly [line: string[], wanted: Partial<JobDraft>])[] = [
    [['*', 'test.ping'], { target: '*', function: 'test.ping', args: {}, test: false, timeoutMs: minute }],
    [['*', 'group.present', 'deploy'], { id: 'deploy', args: {} }],
    [['*', 'group.present', 'deploy', 'gid=700', 'system=yes'], { id: 'deploy', args: { gid: 700, system: true } }],
    [['*', 'group.present', 'name=deploy', 'id=7'], { args: { name: 'deploy', id: 7 } }],
    [['*', 'group.present', 'a=b'], { id: 'a=b', args: {} }],
    [['*', 'group.present', 'x', 'members=[ann, bob]'], { args: { members: ['ann', 'bob'] } }],
    [['*', 'group.present', 'x', 'members=ann,bob'], { args: { members: ['ann', 'bob'] } }],
    [['*', 'group.present', 'x', 'members=@people'], { args: { members: ['ann', 'bob'] } }],
    [['*', 'group.present', 'x', 'members='], { args: { members: [] } }],
    [['*', 'cmd.run', 'FOO=bar env'], { id: 'FOO=bar env', args: {} }],
    [['*', 'cmd.run', 'cmd=ls -la', 'env={"A": "1"}'], { args: { cmd: 'ls -la', env: { A: '1' } } }],
    [['*', 'cmd.run', 'ls', 'onlyif=test -e /x', 'retry=3'], { id: 'ls', args: { onlyif: 'test -e /x', retry: 3 } }],
    [['*', 'state.apply', 'web', 'test=true'], { id: 'web', args: {}, test: true, timeoutMs: 5 * minute }],
    [['*', 'state.apply', 'mods=web,db'], { args: { mods: ['web', 'db'] }, timeoutMs: 5 * minute }],
    [['*', 'pkg.installed', 'nginx'], { id: 'nginx', args: {} }],
    [['*', 'pkg.installed', 'pkgs=curl,git'], { args: { pkgs: ['curl', 'git'] } }],
    [
      ['*', 'pkg.installed', 'nginx', 'version=1.10', 'require=file: x'],
      { args: { version: '1.10', require: { file: 'x' } } },
    ],
    [['*', 'pkg.installed', 'names=[a, b]', 'failhard=yes'], { args: { names: ['a', 'b'], failhard: true } }],
    [
      ['*', 'cmd.run', 'ls', 'unless=[ -e /x ]', 'onlyif=[{fun: x.y}]'],
      { args: { unless: '[ -e /x ]', onlyif: [{ fun: 'x.y' }] } },
    ],
    [
      ['*', 'cmd.run', 'ls', 'onlyif=false', 'retry={attempts: 3}'],
      { args: { onlyif: false, retry: { attempts: 3 } } },
    ],
    [['*', 'file.write', '/x', 'hello'], { id: '/x', args: { contents: 'hello' } }],
    [['*', 'file.join', '/etc', 'app'], { args: { parts: ['/etc', 'app'] } }],
    [
      ['*', 'state.single', 'group.present', 'name=x', 'gid=07', 'members=a,b'],
      { id: 'group.present', args: { name: 'x', gid: 7, members: ['a', 'b'] } },
    ],
    [['*', 'state.apply', 'test=True'], { args: {}, test: true, timeoutMs: 10 * minute }],
    [['*', 'state.highstate'], { timeoutMs: 10 * minute }],
    [
      ['*', 'mine.thing', 'a', 'n=3', 'v=1.10', 'm=0644', 'l=[1, "x"]', 'b=false', 'u=http://x?a=b'],
      {
        id: 'a',
        args: { n: 3, v: '1.10', m: '0644', l: [1, 'x'], b: false, u: 'http://x?a=b' },
      },
    ],
    [['*', 'mine.thing', 'text=@key', 'at=@@me', 'in=@-'], { args: { text: files.key, at: '@me', in: 'from stdin' } }],
  ];
  for (const [line, wanted] of cases) {
    const { target, ...draft } = read(line);
    for (const [key, value] of Object.entries(wanted)) {
      assert.deepEqual({ target, ...draft }[key as keyof JobDraft], value, `${line.join(' ')}: ${key}`);
    }
  }
});

test('what follows "--" is one command line', () => {
  assert.equal(read(['*', 'cmd.run'], { rest: ['ls', '-la', 'a b', "it's"] }).id, `ls -la 'a b' 'it'\\''s'`);
  assert.equal(read(['*', 'cmd.run'], { rest: ['ls -la | wc'] }).id, 'ls -la | wc');
  assert.deepEqual(read(['*', 'cmd.run', 'env={A: 1}'], { rest: ['env'] }), {
    target: '*',
    function: 'cmd.run',
    id: 'env',
    args: { env: { A: 1 } },
    test: false,
    timeoutMs: 60_000,
  });
});

test('what cannot be meant is a usage error', () => {
  const cases: readonly (readonly [line: string[], code: string, word: RegExp])[] = [
    [[], 'JOB_INCOMPLETE', /requires at least 2 arguments/],
    [['web'], 'JOB_INCOMPLETE', /<target> <module.function>/],
    [['G@os:debian'], 'JOB_INCOMPLETE', /zester G@os:debian test.ping; whom it means: zester target G@os:debian/],
    [['test.ping'], 'JOB_INCOMPLETE', /zester '<target>' test.ping/],
    [['test.ping', 'web'], 'FUNCTION_MALFORMED', /zester web test.ping/],
    [['cmd.run', 'ls -la'], 'FUNCTION_MALFORMED', /zester '<target>' cmd.run 'ls -la'/],
    [['*', 'ping'], 'FUNCTION_MALFORMED', /<module>.<function>/],
    [['*', 'group.present', 'a', 'b'], 'ARGUMENT_STRAY', /"b": one value was given/],
    [
      ['*', 'state.apply', 'test=true', 'web'],
      'ARGUMENT_STRAY',
      /state.apply: unexpected positional "web" after key=value/,
    ],
    [['*', 'group.present', 'a', 'gdi=7'], 'PARAMETER_UNKNOWN', /Did you mean "gid"/],
    [['*', 'group.present', 'a', 'gid=seven'], 'VALUE_INVALID', /whole number/],
    [['*', 'group.present', 'a', 'members=[a'], 'VALUE_INVALID', /valid YAML/],
    [['*', 'host.present', 'ip=1.2.3.4', 'name=a', 'b'], 'ARGUMENT_STRAY', /"b"/],
    [['*', 'host.present'], 'PARAMETER_MISSING', /host.present requires a name argument/],
    [['*', 'host.present', 'x'], 'PARAMETER_MISSING', /host.present requires a ip argument/],
    [['*', 'pkg.installed', 'version=1'], 'PARAMETER_MISSING', /requires a name argument/],
    [['*', 'pkg.instaled', 'nginx'], 'FUNCTION_NOT_FOUND', /Did you mean "pkg.installed"/],
    [['*', 'pkg.nosuchthing'], 'FUNCTION_NOT_FOUND', /zester doc/],
    [['*', 'group.present', 'a', 'gid=1', 'gid=2'], 'PARAMETER_TWICE', /one list/],
    [['*', 'pkg.install', 'a', 'onlyif=true'], 'PARAMETER_UNKNOWN', /unknown parameter "onlyif"/],
    [['*', 'state.single', 'group.present', 'name=x', 'gdi=7'], 'PARAMETER_UNKNOWN', /Did you mean "gid"/],
    [['*', 'file.write', '/x', 'a', 'b'], 'ARGUMENT_STRAY', /"b"/],
  ];
  for (const [line, code, word] of cases) {
    assert.throws(
      () => read(line),
      (error: never) => {
        const { code: got, message, hint } = error as { code: string; message: string; hint?: string };
        assert.equal(got, code, line.join(' '));
        assert.match(`${message} ${hint}`, word);
        return true;
      },
    );
  }
});
