import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ZesterError } from '#base/errors.ts';
import { fakeMachine } from '#machine/fake.ts';
import { finishedOf, outcomesOf, probe, start, told } from '../../test/cases/harness.ts';

beforeEach(() => probe.reset());

test('states of a zy file that are ready run together, and are reported as written', async () => {
  const run = start({ 'web.zy': 'a: {probe.wait: {ms: 30}}\nb: {probe.wait: {ms: 5}}\nc: {probe.wait: {ms: 5}}' });

  const outcomes = await outcomesOf(run);

  assert.equal(probe.most, 3);
  assert.deepEqual(told(outcomes), ['a changed', 'b changed', 'c changed']);
});

test('no more than the limit run at once', async () => {
  const file = Array.from({ length: 12 }, (_, index) => `s${index}: {probe.wait: {ms: 3}}`).join('\n');

  await outcomesOf(start({ 'web.zy': file }, { limit: 4 }));

  assert.equal(probe.most, 4);
});

for (const [title, test_] of [
  ['is told by a plan', true],
  ['happens', false],
] as const) {
  test(`a restart beside another change of the service ${title}`, async () => {
    const file = `
      conf: {file.managed: {name: /srv/conf, contents: v1}}
      nginx: {service.running: {enable: true, watch: [file: conf]}}
    `;
    const machine = fakeMachine({ services: { nginx: { running: true } } });

    const [, outcome] = await outcomesOf(start({ 'web.zy': file }, { machine, test: test_ }));

    assert.deepEqual(outcome?.changes, { enabled: { from: false, to: true } });
    assert.equal(outcome?.refreshed, true);
  });
}

for (const [options, condition] of [
  ['onlyif: ["true", "test -e /none", "false"]', 'test -e /none'],
  ['unless: ["true", "test -e /etc"]', 'true and test -e /etc'],
  ['onlyif: [{fun: file.file_exists, path: /none}]', 'file.file_exists path="/none"'],
  ['onlyif: false', 'false'],
  ['creates: /etc', '/etc'],
] as const) {
  test(`the condition that kept a state from running is told: ${options}`, async () => {
    const [outcome] = await outcomesOf(start({ 'web.zy': `x: {test.nop: {${options}}}` }));

    assert.deepEqual([outcome?.result, outcome?.details], ['skipped', { condition }]);
  });
}

test('two states that hold the same thing never overlap', async () => {
  const file = 'a: {probe.wait: {holds: [pkgs]}}\nb: {probe.wait: {holds: [pkgs]}}\nc: {probe.wait: {holds: [other]}}';

  await outcomesOf(start({ 'web.zy': file }));

  const [a, b] = [probe.log.indexOf('-a'), probe.log.indexOf('+b')];
  assert.ok(a < b, probe.log.join(' '));
  assert.equal(probe.most, 2);
});

test('one sls file in the run makes all of it serial', async () => {
  const files = {
    'web.zy': 'include: [lib]\na: {probe.wait: {ms: 3}}\nb: {probe.wait: {ms: 3}}',
    'lib.sls': 'l: {probe.wait: [{ms: 3}]}',
  };

  await outcomesOf(start(files));

  assert.equal(probe.most, 1);
  assert.deepEqual(probe.log, ['+l', '-l', '+a', '-a', '+b', '-b']);
});

test('a graph waits for what it requires, and skips what depends on a failure, all the way', async () => {
  const file = `
    last: {test.nop: [{require: [probe.wait:middle]}]}
    middle: {probe.wait: {require: ["test.fail_without_changes:first"]}}
    first: test.fail_without_changes
    other: {probe.wait: {ms: 1}}
  `;

  const outcomes = await outcomesOf(start({ 'web.zy': file }));

  assert.deepEqual(told(outcomes), [
    'last skipped require_failed',
    'middle skipped require_failed',
    'first failed',
    'other changed',
  ]);
  assert.deepEqual(outcomes[0]?.because, ['middle']);
});

test('outcomes come as they finish', async () => {
  const run = start({ 'web.zy': 'slow: {probe.wait: {ms: 40}}\nquick: {probe.wait: {ms: 1}}' });

  const order = (await finishedOf(run)).map(({ outcome }) => outcome.id);

  assert.deepEqual(order, ['quick', 'slow']);
});

test('prereq runs before its target in a graph too', async () => {
  const file = 'target: {probe.wait: {ms: 1}}\nbefore: {probe.wait: {prereq: [probe.wait:target], ms: 10}}';

  await outcomesOf(start({ 'web.zy': file }));

  assert.deepEqual(probe.log, ['+before', '-before', '+target', '-target']);
});

test('failhard lets running states finish and skips the rest', async () => {
  const file =
    'bad: {test.fail_without_changes: {failhard: true}}\nafter: {probe.wait: {require_any: [test.nop:fine]}}\nfine: {test.nop: {onlyif: sleep-for-a-while}}';

  const outcomes = await outcomesOf(start({ 'web.zy': file }, { given: { commands: { 'sleep-for-a-while': {} } } }));

  assert.equal(outcomes.find(({ id }) => id === 'after')?.skipReason, 'failhard_abort');
});

test('a run that is stopped ends its running step and skips the rest as canceled', async () => {
  const controller = new AbortController();
  const file = 'a: {probe.wait: {ms: 5000}}\nb: {probe.wait: {require: [probe.wait:a]}}';
  const run = start({ 'web.zy': file }, { signal: controller.signal });

  const why = new ZesterError('machine', 'JOB_EXPIRED', 'Cannot finish the job: the timeout of 1m passed', {
    hint: 'Give more time with --timeout',
  });
  setTimeout(() => controller.abort(why), 20);
  const outcomes = await outcomesOf(run);

  assert.deepEqual(told(outcomes), ['a failed', 'b skipped canceled']);
  const { code, message, hint } = outcomes[0]?.error ?? {};
  assert.equal(code, 'CANCELED');
  assert.equal(message, 'Cannot finish "a": the run was stopped, the timeout of 1m passed');
  assert.equal(hint, 'Give more time with --timeout');
});

test('a state that takes longer than its timeout fails alone', async () => {
  const outcomes = await outcomesOf(start({ 'web.zy': 'a: {probe.wait: {ms: 5000, timeout: 20ms}}\nb: test.nop' }));

  assert.deepEqual(told(outcomes), ['a failed', 'b unchanged']);
  assert.equal(outcomes[0]?.error?.code, 'STATE_TIMEOUT');
});

test('what is no coded error is reported as a bug, and the run goes on', async () => {
  const outcomes = await outcomesOf(start({ 'web.zy': 'a: probe.bug\nb: test.nop' }));

  assert.deepEqual(told(outcomes), ['a failed', 'b unchanged']);
  assert.equal(outcomes[0]?.error?.family, 'bug');
});

test('a plan that refuses for another reason is a failure', async () => {
  const outcomes = await outcomesOf(start({ 'web.zy': 'use: {probe.needs: {name: /nowhere}}' }, { test: true }));

  assert.deepEqual(told(outcomes), ['use failed']);
});

test('a plan predicts the refresh that a watched change will cause', async () => {
  const file = 'page: test.succeed_with_changes\nserver: {test.nop: {watch: [test.succeed_with_changes:page]}}';

  const [, server] = await outcomesOf(start({ 'web.zy': file }, { test: true }));

  assert.equal(server?.result, 'would-change');
  assert.equal(server?.refreshed, true);
  assert.deepEqual(server?.because, ['page']);
});

test('secrets are masked in changes, diff and details, and kept in the journal', async () => {
  const run = start({ 'web.zy': 'root: {probe.secret: {password: hunter22, fire_event: true}}' });

  const [finished] = await finishedOf(run);

  assert.ok(!JSON.stringify(finished?.outcome).includes('hunter22'));
  assert.equal(finished?.outcome.details?.stdout, 'password set to [secret]');
  assert.equal(finished?.journal?.changes.password?.to, 'hunter22');
  assert.equal(finished?.event?.tag, 'root');
});

test('a chain of thousands of requisites is no deeper than a short one', async () => {
  const count = 5_000;
  const file = Array.from({ length: count }, (_, index) =>
    index === count - 1 ? `s${index}: {test.nop: []}` : `s${index}: {test.nop: [{require: [{test: s${index + 1}}]}]}`,
  ).join('\n');

  for (const path of ['web.sls', 'web.zy']) {
    const finished = await finishedOf(start({ [path]: file }));

    assert.equal(finished.length, count);
    assert.equal(finished[0]?.outcome.id, `s${count - 1}`);
  }
});

test('a retry waits its interval, and tells what came before', async () => {
  const file = 'x: {probe.needs: {name: /nowhere, retry: {attempts: 3, interval: 0}}}';

  const [outcome] = await outcomesOf(start({ 'web.zy': file }));

  assert.equal(outcome?.result, 'failed');
  assert.match(outcome?.comment ?? '', /Attempt 1: Returned a result of "False"[\s\S]*Attempt 2:/);
});

test('a slot is filled when its turn comes', async () => {
  const file =
    'x: {test.configurable_test_state: [{changes: false}, {comment: "__slot__:salt:test.echo(\\"late\\") ~ r"}]}';

  const [outcome] = await outcomesOf(start({ 'web.zy': file }));

  assert.equal(outcome?.comment, 'later');
});

test('a plan cannot tell what a slot holds that only a change would give', async () => {
  const file = 'x: {test.nop: [{comment: "__slot__:salt:file.write(/srv/made, contents=x)"}]}';
  const machine = fakeMachine();

  const [planned] = await outcomesOf(start({ 'web.zy': file }, { machine, test: true }));
  const [applied] = await outcomesOf(start({ 'web.zy': file }, { machine: fakeMachine() }));

  assert.equal(planned?.result, 'cannot-tell');
  assert.match(planned?.comment ?? '', /"file\.write" while planning/);
  assert.equal(await machine.files.stat('/srv/made'), undefined);
  assert.equal(applied?.result, 'unchanged');
});

for (const [condition, reason] of [
  ['onlyif', 'onlyif_not_met'],
  ['unless', 'unless_met'],
] as const) {
  test(`in an sls file, a command of "${condition}" that cannot even start keeps the state from running`, async () => {
    const file = `x:\n  cmd.run:\n    - name: "true"\n    - cwd: /srv/app\n    - ${condition}: test -e x`;

    const [outcome] = await outcomesOf(start({ 'web.sls': file }));

    assert.deepEqual([outcome?.result, outcome?.skipReason, outcome?.error], ['skipped', reason, undefined]);
    assert.match(outcome?.details?.condition ?? '', /^test -e x \(Cannot run .* does not exist\)$/);
  });
}

test('a plan supposes the directory that a condition is asked in', async () => {
  const file = `
/srv/app:
  file.directory: []
x:
  cmd.run:
    - name: make
    - cwd: /srv/app
    - unless: test -e /srv/app/x
    - require: [{file: /srv/app}]`;

  const outcomes = await outcomesOf(start({ 'web.sls': file }, { test: true }));

  assert.notEqual(outcomes[1]?.result, 'skipped');
});

test('runas reaches the commands of guards and of the state', async () => {
  const file = 'x: {cmd.run: {command: whoami, runas: nobody-here, onlyif: "true"}}';

  const [outcome] = await outcomesOf(start({ 'web.zy': file }));

  assert.equal(outcome?.result, 'failed');
  assert.match(outcome?.error?.code ?? '', /USER/);
});
