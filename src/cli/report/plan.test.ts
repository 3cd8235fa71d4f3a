import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from '#wire/outcome.ts';
import { type Action, actionOf, type PlannedPeel, showPlan } from './plan.ts';
import { plainStyle } from './style.ts';

const outcome = (more: Partial<Outcome>): Outcome => ({
  id: 'web',
  state: 'file.managed',
  name: '',
  result: 'would-change',
  startedAt: 0,
  ms: 0,
  ...more,
});

describe('what a plan has a step do', () => {
  const cases: readonly (readonly [Action | undefined, Partial<Outcome>])[] = [
    ['add', { changes: { exists: { from: false, to: true }, contents: { to: 'x' } } }],
    ['remove', { changes: { exists: { from: true, to: false } } }],
    ['change', { changes: { contents: { to: { sha256: 'x', bytes: 1 } } } }],
    ['change', { changes: { mode: { from: '0644', to: '0600' } } }],
    ['add', { state: 'pkg.installed', changes: { nginx: { to: '1.24' }, curl: { to: '8' } } }],
    ['change', { state: 'pkg.installed', changes: { nginx: { from: '1.22', to: '1.24' }, curl: { to: '8' } } }],
    ['remove', { state: 'pkg.removed', changes: { nginx: { from: '1.22' } } }],
    ['remove', { state: 'file.directory', changes: { removed: { to: ['/srv/old'] } } }],
    ['change', { state: 'service.running', changes: { running: { from: false, to: true } } }],
    ['run', { state: 'cmd.run', changes: { runs: { from: false, to: true } } }],
    ['run', { state: 'cmd.wait', refreshed: true }],
    ['restart', { state: 'service.running', refreshed: true }],
    ['refresh', { state: 'test.nop', refreshed: true }],
    ['cannot-tell', { result: 'cannot-tell', changes: { exists: { to: true } } }],
    ['fail', { result: 'failed' }],
    [undefined, { result: 'unchanged' }],
    [undefined, { result: 'skipped' }],
  ];
  for (const [action, more] of cases) {
    test(`${action ?? 'nothing'}: ${JSON.stringify(more)}`, () => assert.equal(actionOf(outcome(more)), action));
  }
});

test('a plan is told once for peels that would do the same, and what it comes to', () => {
  const steps = [
    outcome({ id: '/srv/a', changes: { exists: { to: true } }, diff: '--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n' }),
    outcome({ id: 'make', state: 'cmd.run', changes: { runs: { from: false, to: true } }, diff: 'runs: false → true' }),
    outcome({ id: 'nginx', state: 'service.running', refreshed: true, because: ['/srv/a'] }),
    outcome({
      id: '/opt/a',
      result: 'cannot-tell',
      because: ['make'],
      comment: 'Cannot tell until "make" is applied: it may change "/opt/a"',
    }),
  ].map((each) => ({ action: actionOf(each) as Action, outcome: each }));
  const peels: readonly PlannedPeel[] = [
    { peel: 'web-01', steps, kept: 3 },
    { peel: 'web-02', steps, kept: 3 },
    { peel: 'web-03', steps: [], kept: 7 },
    { peel: 'web-04', steps: [], kept: 0, error: { family: 'machine', code: 'X', message: 'Cannot plan' } },
  ];

  const text = showPlan(
    { jid: 'J', target: 'web*', states: 'web', operator: 'alice', created: 0, peels },
    { ...plainStyle, nowMs: 60_000 },
  );

  assert.equal(
    text,
    `Plan J of web*, web, by alice, 1m ago

web-[01-02] (2 peels):
    + add          file.managed     /srv/a
          --- a
          +++ b
          @@ -0,0 +1 @@
          +x
    ! run          cmd.run          make
    * restart      service.running  nginx
          because of: /srv/a
    ? cannot-tell  file.managed     /opt/a
          Cannot tell until "make" is applied: it may change "/opt/a"

web-03:
    Nothing to do: 7 states as they should be

web-04:
    ERROR: Cannot plan [X]

4 peels: 2 to add, 2 to run, 2 to restart, 2 that cannot be told, 13 to stay, 1 peel without a plan
`,
  );
});
