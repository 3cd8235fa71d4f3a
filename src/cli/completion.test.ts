import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CompletionSources, candidates } from './complete.ts';
import { completionSources } from './completion-sources.ts';
import { loadReference } from './reference.ts';
import { candidateLines, completionScript, typedWords } from './report/completion.ts';
import { plainStyle } from './report/style.ts';
import type { Session } from './session.ts';

const sources: CompletionSources = {
  peels: async () => ['web-01.example.com', 'web-02', 'db-01'],
  jobs: async () => [{ value: '2xYkQbZ1fGm5n8pR0sT3uVwXyZa', description: 'test.ping on *: complete' }],
  refs: async (prefix) => ['web', 'web.config', 'db.master'].filter((each) => each.startsWith(prefix)),
  contexts: async () => ['lab', 'production'],
  topics: async () => [{ value: 'targets' }],
  reference: loadReference,
};
const offered = async (...words: string[]) => (await candidates(words, sources)).map(({ value }) => value);

test('every word of a command line is completed by what it may be', async () => {
  const cases: readonly (readonly [words: string[], includes: string[], excludes?: string[]])[] = [
    [[''], ['job', 'peel', 'web-02', 'db-01'], ['job list', 'complete', 'test.ping']],
    [['we'], ['web-01.example.com', 'web-02'], ['db-01']],
    [['job', ''], ['list', 'show', 'follow', 'cancel'], ['web-02']],
    [['job', 'sh'], ['show']],
    [
      ['job', 'show', ''],
      ['last', '2xYkQbZ1fGm5n8pR0sT3uVwXyZa'],
    ],
    [['job', 'list', '--st'], ['--state']],
    [
      ['job', 'list', '--state', ''],
      ['failed', 'running'],
    ],
    [['job', 'list', '--state=f'], ['--state=failed']],
    [['job', 'list', '--columns', 'jid,st'], ['jid,state']],
    [['job', 'list', '--sort', '-cr'], ['-created']],
    [['--context', ''], ['lab', 'production'], ['job']],
    [['--context', 'lab', 'job', ''], ['list']],
    [['context', 'use', 'p'], ['production']],
    [
      ['help', 'ta'],
      ['target', 'targets'],
    ],
    [['help', 'job', ''], ['list']],
    [['doc', 'file.ma'], ['file.managed']],
    [
      ['schema', ''],
      ['state', 'top', 'settings'],
    ],
    [['peel', 'show', 'db-01', 'o'], ['os']],
    [
      ['web*', 'pkg.ins'],
      ['pkg.install', 'pkg.installed'],
    ],
    [['-G', 'os:debian', 'test.p'], ['test.ping']],
    [['web*', 'pkg.installed', 'nginx', ''], ['version=', 'require=', 'onlyif='], ['name=']],
    [
      ['web*', 'pkg.installed', 'nginx', 'refresh='],
      ['refresh=true', 'refresh=false'],
    ],
    [['web*', 'pkg.installed', 'nginx', 'refresh=true', 'ref'], [], ['refresh=']],
    [['web*', 'state.revert', 'l'], ['last']],
    [['web*', 'facts.get', 'o'], ['os']],
    [
      ['web*', 'state.apply', 'we'],
      ['web', 'web.config'],
    ],
    [['web*', 'state.apply', 'web,d'], ['web,db.master']],
    [['web*', 'state.apply', 'mods=d'], ['mods=db.master']],
    [['web*', 'test.ping', '--te'], ['--test']],
    [['web*', 'cmd.run', '--', ''], [], ['last', 'runas=']],
  ];
  for (const [words, includes, excludes = []] of cases) {
    const found = await offered(...words);
    for (const each of includes) assert.ok(found.includes(each), `${words.join(' ')}: ${each} is offered`);
    for (const each of excludes) assert.ok(!found.includes(each), `${words.join(' ')}: ${each} is not`);
  }
});

test('what a shell would run, or break into several words, is never offered', () => {
  const named = [
    'web;reboot',
    '$(reboot)',
    '`reboot`',
    'a b',
    'a\nb',
    "a'b",
    'a|b',
    'a\x1b[2J',
    'G@os:Debian',
    'w*[1]',
  ];
  const found = named.map((value) => ({ value }));

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const lines = candidateLines(shell, '', found).replaceAll('\\', '').trim().split('\n');
    assert.deepEqual(lines, ['G@os:Debian', 'w*[1]'], shell);
  }
});

test('a shell gets lines in its own form, and bash what follows its last break', () => {
  const found = [{ value: 'refresh=true', description: 'Refresh: first' }];

  assert.equal(candidateLines('bash', 'refresh=t', found), 'true\n');
  assert.equal(candidateLines('zsh', 'refresh=t', found), 'refresh=true:Refresh: first\n');
  assert.equal(candidateLines('fish', 'refresh=t', found), 'refresh=true\tRefresh: first\n');
  assert.deepEqual(typedWords('bash', ["zester 'web*' pkg.installed  "]), ['web*', 'pkg.installed', '']);
  assert.deepEqual(typedWords('bash', ["zester 'we"]), ['we']);
  assert.deepEqual(typedWords('bash', ['zester job l']), ['job', 'l']);
  assert.deepEqual(typedWords('fish', ['job', '']), ['job', '']);
});

test('the scripts are scripts, and they hand over what is typed', () => {
  const stub = `zester() { printf '%s\\n' "$1 $2 $3" "$4" >&2; printf 'list\\n'; }`;
  const script = `${completionScript('bash')}\n${stub.replace(' >&2', ' >> "$SEEN"')}
    COMP_LINE='zester job l'; COMP_POINT=12; COMP_WORDS=(zester job l); COMP_CWORD=2; _zester; echo "\${COMPREPLY[@]}"`;
  const seen = join(mkdtempSync(join(tmpdir(), 'zester-completion-')), 'seen');

  assert.equal(execFileSync('bash', ['-c', script], { env: { ...process.env, SEEN: seen } }).toString(), 'list\n');
  assert.equal(execFileSync('cat', [seen]).toString(), 'complete bash --\nzester job l\n');
  for (const shell of ['zsh', 'fish'] as const) {
    const { error, status, stderr } = spawnSync(shell, ['-n'], { input: completionScript(shell), encoding: 'utf8' });
    if (error === undefined) assert.equal(status, 0, `${shell}: ${stderr}`);
  }
});

test('a fleet that says nothing is not waited for, and what was known of it is offered', async () => {
  const caches = mkdtempSync(join(tmpdir(), 'zester-caches-'));
  const answer = { peels: [{ peel: 'web-01_example_com', online: true }] };
  let isThere = true;
  let now = 1_000_000;
  const session = {
    style: plainStyle,
    environment: { XDG_CACHE_HOME: caches },
    clock: { now: () => now, monotonic: () => now },
    config: async () => ({ values: { servers: ['tls://a:1'], creds: '/a.creds' } }),
    // Nobody answers: neither does it fail.
    ask: () => (isThere ? Promise.resolve(answer) : new Promise(() => {})),
  } as unknown as Session;

  assert.deepEqual(await completionSources(session).peels(''), ['web-01.example.com']);
  assert.equal(readdirSync(join(caches, 'zester')).length, 1);
  isThere = false;
  assert.deepEqual(
    await completionSources(session).peels(''),
    ['web-01.example.com'],
    'what is fresh is not asked for',
  );
  now += 3_600_000;
  assert.deepEqual(await completionSources(session).peels(''), ['web-01.example.com']);
  assert.deepEqual(await completionSources(session).jobs(), []);
});
