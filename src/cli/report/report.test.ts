import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZesterError } from '#base/errors.ts';
import { visible } from '#base/visible.ts';
import type { Return } from '#wire/job.ts';
import { published } from '#wire/json/shape.ts';
import type { Outcome } from '#wire/outcome.ts';
import { Answers } from '../json/jobs.ts';
import { showError } from './error.ts';
import { exitOf, exitOfError } from './exit.ts';
import { exitOfJob, type JobReport, plainJob, showJob } from './job.ts';
import { type PeelResult, resultOf } from './result.ts';
import { plainStyle, wantsColour } from './style.ts';
import { ago, table } from './table.ts';
import { tallyOf } from './tally.ts';
import { valueText } from './value.ts';

const returned = (more: Partial<Return> = {}): PeelResult =>
  resultOf({ v: 1, jid: 'J', peel: 'web-01_example_com', status: 'done', success: true, startedAt: 0, ms: 4, ...more });
const silent: PeelResult = { peel: 'db-01', status: 'unreachable', reason: 'no return before the deadline' };
const job = (results: readonly PeelResult[], more: Partial<JobReport> = {}): JobReport => ({
  jid: 'J',
  function: 'test.ping',
  test: false,
  peels: results.map(({ peel }) => peel),
  tally: tallyOf(results),
  results,
  ms: 1_234,
  ended: 'done',
  ...more,
});
const outcome = (more: Partial<Outcome>): Outcome => ({
  id: 'web',
  state: 'file.managed',
  name: '',
  result: 'unchanged',
  startedAt: 0,
  ms: 2,
  ...more,
});

test('values are shown below their peel, then the sum', () => {
  const failure = {
    family: 'machine' as const,
    code: 'COMMAND_FAILED',
    message: 'Cannot run "ls": it exited with 2',
    hint: 'Look at stderr',
    details: { stderr: 'no such file\n' },
  };
  const results = [
    returned({ value: true }),
    returned({ peel: 'web-02', value: 'one\ntwo\n' }),
    returned({ peel: 'web-03', success: false, error: failure }),
    returned({ peel: 'web-04' }),
    returned({ peel: 'web-05', success: false, status: 'killed', late: true }),
    silent,
  ];

  assert.equal(
    showJob(job(results), plainStyle),
    `web-01.example.com:
    true
web-02:
    one
    two
web-03:
    ERROR: Cannot run "ls": it exited with 2 [COMMAND_FAILED]
    stderr: no such file
    hint: Look at stderr
web-04:
    OK
web-05:
    killed
    This return came after the deadline
db-01: UNREACHABLE
    no return before the deadline

Failed:
  web-03: Cannot run "ls": it exited with 2 [COMMAND_FAILED]
  web-05: killed
6 peels: 3 succeeded, 0 changed, 2 failed, 1 unreachable, 1 late in 1.2s
Look further: zester job show J --failed
`,
  );
});

test('a state run shows each step that is not as it should be, with its reason and its diff', () => {
  const outcomes = [
    outcome({ id: 'nginx', state: 'pkg.installed', ms: 812 }),
    outcome({
      id: 'conf',
      name: '/etc/nginx.conf',
      result: 'changed',
      diff: '--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n',
      ms: 12,
    }),
    outcome({
      id: '/srv',
      state: 'file.directory',
      name: '/srv',
      result: 'would-change',
      changes: { mode: { from: '0755', to: '0700' }, user: { from: undefined, to: 'web' } },
    }),
    outcome({
      id: 'svc',
      state: 'service.running',
      result: 'failed',
      ref: 'web.init',
      at: { file: 'web/init.zy', line: 9, column: 3 },
      error: {
        family: 'machine',
        code: 'SERVICE_FAILED',
        message: 'Cannot start "nginx": it exited',
        details: { stderr: 'bad config\n' },
      },
    }),
    outcome({ id: 'reload', state: 'cmd.run', result: 'skipped', skipReason: 'require_failed', because: ['svc'] }),
    outcome({ id: 'late', state: 'file.managed', result: 'cannot-tell', because: ['user deploy'] }),
  ];
  const report = { test: false, outcomes, counts: {}, ms: 1_900 };

  assert.equal(
    showJob(job([returned({ report, success: false })]), plainStyle),
    `web-01.example.com:
    changed       file.managed     conf (/etc/nginx.conf)  12ms
        --- a
        +++ b
        @@ -1 +1 @@
        -x
        +y
    would-change  file.directory   /srv  2ms
        mode: 0755 → 0700
        user: none → web
    failed        service.running  svc  2ms
        ERROR: Cannot start "nginx": it exited [SERVICE_FAILED]
        at web/init.zy:9:3 (web.init)
        stderr: bad config
    skipped       cmd.run          reload  2ms
        reason: require_failed (svc)
    cannot-tell   file.managed     late  2ms
        cannot tell until: user deploy
    6 states: 1 unchanged, 1 changed, 1 would-change, 1 cannot-tell, 1 failed, 1 skipped in 1.9s

1 peel: 0 succeeded, 1 changed, 1 failed, 0 unreachable in 1.2s
`,
  );
  assert.match(
    showJob(job([returned({ report, success: false })]), { ...plainStyle, verbose: true }),
    /^ {4}unchanged {5}pkg\.installed {4}nginx {2}812ms$/m,
  );
});

test('programs are given one record a peel, whatever became of it', () => {
  const shown = (report: JobReport) => published(Answers, plainJob(report));

  assert.deepEqual(shown(job([returned({ value: 7, startedAt: 1_750_000_000_000 }), silent])), [
    {
      jid: 'J',
      peel_id: 'web-01.example.com',
      status: 'success',
      success: true,
      state: 'done',
      started_at: '2025-06-15T15:06:40.000Z',
      took_ms: 4,
      value: 7,
      results: null,
    },
    {
      jid: 'J',
      peel_id: 'db-01',
      status: 'unreachable',
      success: false,
      results: null,
      error: {
        family: 'unreachable',
        code: 'PEEL_SILENT',
        message: 'no return before the deadline',
        hint: 'Look again with: zester job show J',
      },
    },
  ]);
  assert.deepEqual(shown(job([], { ended: 'detached' })), { jid: 'J' });
});

test('a job that goes on says how to find it again', () => {
  assert.equal(showJob(job([], { ended: 'detached' }), plainStyle), 'J\n');
  assert.match(
    showJob(job([silent], { ended: 'left' }), plainStyle),
    /is still running\nLook again: zester job show J\nStop it: {4}zester job kill J\n/,
  );
});

test('exit codes follow where a failure was met', () => {
  const failed = returned({ success: false });
  assert.deepEqual(
    [[returned()], [failed], [silent], [failed, silent]].map((results) => exitOfJob(job(results))),
    [0, 2, 3, 4],
  );
  assert.equal(exitOfJob(job([silent], { ended: 'detached' })), 0);
  assert.equal(exitOfJob(job([silent], { ended: 'left' })), 130);
  assert.equal(exitOf({ failed: 0, unreachable: 0 }), 0);
  const exits = [
    ['usage', 'FLAG_UNKNOWN', 64],
    ['usage', 'TARGET_SYNTAX', 64],
    ['usage', 'TARGET_EMPTY', 5],
    ['usage', 'NOTHING_MATCHED', 5],
    ['usage', 'JOB_UNKNOWN', 1],
    ['unreachable', 'NO_MASTER', 1],
    ['denied', 'CREDENTIALS_MISSING', 1],
    ['bug', 'UNEXPECTED', 1],
  ] as const;
  for (const [family, code, exit] of exits) assert.equal(exitOfError(new ZesterError(family, code, 'x')), exit, code);
});

test('an error shows its place, its line and a caret', () => {
  const error = new ZesterError('source', 'OPTION_UNKNOWN', 'Cannot use the option "sevrers"', {
    at: { file: '/etc/x.yaml', line: 2, column: 2 },
    hint: 'Did you mean "servers"?',
  });

  assert.equal(
    showError(error, plainStyle, () => 'a: 1\n\tsevrers: x\n'),
    `Error: Cannot use the option "sevrers" [OPTION_UNKNOWN]
  at /etc/x.yaml:2:2
  2 | \tsevrers: x
    | \t^
Hint: Did you mean "servers"?
`,
  );
  const target = new ZesterError('usage', 'TARGET_SYNTAX', 'Cannot read the target "a b"', {
    at: { file: 'target', line: 1, column: 3 },
    details: { excerpt: 'a b\n  ^' },
  });
  assert.equal(showError(target, plainStyle), 'Error: Cannot read the target "a b" [TARGET_SYNTAX]\n  a b\n    ^\n');
});

test('nested values read like YAML, commands like commands', () => {
  assert.equal(
    valueText({ a: [1, { b: 'x', c: [] }], text: 'l1\nl2', none: null }),
    'a:\n  - 1\n  - b: x\n    c: []\ntext: |\n  l1\n  l2\nnone: null',
  );
  assert.equal(valueText({ stdout: 'out\n', stderr: 'odd\n', retcode: 3 }), 'out\nstderr: odd\nexit code: 3');
  assert.equal(valueText({ a: { b: {} } }), 'a:\n  b: {}');
});

test('what a peel sends cannot drive the terminal', () => {
  assert.equal(visible('a\u001b[2Jb\r\nc\td\u009b'), 'a\\x1b[2Jb\nc\td\\x9b');
  assert.ok(!showJob(job([returned({ value: '\u001b]0;title\u0007' })]), plainStyle).includes('\u001b'));
});

test('colours are for terminals, unless somebody says otherwise', () => {
  const wishes = { noColor: false, forceColor: false, terminal: true, environment: {} };
  assert.equal(wantsColour(wishes), true);
  assert.equal(wantsColour({ ...wishes, environment: { NO_COLOR: '1' } }), false);
  assert.equal(wantsColour({ ...wishes, forceColor: true, environment: { NO_COLOR: '1' } }), true);
  assert.equal(wantsColour({ ...wishes, noColor: true, forceColor: true }), false);
  assert.equal(wantsColour({ ...wishes, terminal: false }), false);
  assert.ok(showJob(job([returned({ value: 1 })]), { ...plainStyle, colour: true }).includes('\u001b[32mweb-01'));
});

test('tables keep their columns, ages their unit', () => {
  assert.equal(
    table(
      ['A', 'LONG'],
      [
        ['xx', 'y'],
        ['x', 'z'],
      ],
      plainStyle,
    ),
    'A   LONG\nxx  y\nx   z\n',
  );
  const style = { ...plainStyle, nowMs: 10_000_000 };
  assert.deepEqual(
    [9_990_000, 9_000_000, 1_000, undefined].map((at) => ago(at, style)),
    ['10s ago', '16m ago', '2h ago', '-'],
  );
});

test('an error from afar shows its place with the line that came with it, and that line drives no terminal', () => {
  const at = { file: 'web.sls', line: 3, column: 7, text: '    - conents: \u001b[2J' };
  const error = { family: 'source' as const, code: 'ARGUMENT_UNKNOWN', message: 'No', at, hint: 'Yes' };
  const failed = outcome({ result: 'failed', ref: 'web', error });
  const report = { test: false, outcomes: [failed], counts: { failed: 1 }, ms: 2 };

  const refused = showJob(job([returned({ success: false, error })]), plainStyle);
  const ran = showJob(job([returned({ success: false, report })]), plainStyle);

  const line = '    3 | {5}- conents: \\\\x1b\\[2J\n {4,8} \\| {7}\\^\n';
  assert.match(refused, new RegExp(`ERROR: No \\[ARGUMENT_UNKNOWN\\]\n    at web\\.sls:3:7\n${line}    hint: Yes\n`));
  assert.match(ran, new RegExp(`at web\\.sls:3:7 \\(web\\)\n +${line.trimStart()} +hint: Yes\n`));
});
