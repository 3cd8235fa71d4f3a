import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { createKey } from '#trust/nkeys.ts';
import { signReturn } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { Outcome } from '#wire/outcome.ts';
import { explainOutcome, showExplained } from './explain-outcome.ts';
import { plainStyle } from './report/style.ts';
import type { Session } from './session.ts';

const jid = '2xYkQbZ1fGm5n8pR0sT3uVwXyZa';

function outcome(id: string, more: Partial<Outcome>): Outcome {
  return { id, state: 'test.nop', name: '', result: 'unchanged', startedAt: 0, ms: 3, ...more };
}

/** A session whose master knows one job with one return. */
function sessionWith(outcomes: readonly Outcome[]): Session {
  const report = { test: false, outcomes, counts: {}, ms: 1 };
  const returned = { v: 1, jid, peel: 'web-01', status: 'done', success: true, report, startedAt: 0, ms: 1 };
  const key = createKey('user');
  const payload = encode(signReturn(encode(returned), returned, key.seed));
  const replies = new Map<unknown, unknown>([
    [channels.jobReturns, { job: {}, peels: ['web-01'], returns: [{ peel: 'web-01', payload }] }],
    [channels.peelKeys, { keys: [[key.publicKey]] }],
  ]);
  return { ask: async (channel: unknown) => replies.get(channel) } as unknown as Session;
}

const outcomes = [
  outcome('conf', {
    state: 'file.managed',
    result: 'changed',
    diff: 'mode: 0644 → 0600',
    at: { file: 'web.zy', line: 3, column: 1 },
  }),
  outcome('nginx', { state: 'service.running', result: 'changed', refreshed: true, because: ['conf'] }),
  outcome('broken', {
    result: 'failed',
    error: { family: 'machine', code: 'X', message: 'Cannot do it: no disk', hint: 'Buy one' },
  }),
  outcome('after', { result: 'skipped', skipReason: 'require_failed', because: ['broken'] }),
];

test('a refresh is explained by what it watches, and that by its own change', async () => {
  const [found] = await explainOutcome(jid, 'nginx', sessionWith(outcomes));

  assert.match(found?.why ?? '', /refreshed because what it watches changed: "conf"/);
  assert.deepEqual(
    found?.because.map(({ id, declared }) => [id, declared]),
    [['conf', 'web.zy:3:1']],
  );
});

test('a condition that kept a state from running is named', async () => {
  const held = outcome('index', {
    result: 'skipped',
    skipReason: 'unless_met',
    details: { condition: 'test -e /srv/index' },
  });

  const [found] = await explainOutcome(jid, 'index', sessionWith([held]));

  assert.equal(found?.why, 'Its "unless" said that there is nothing to do: test -e /srv/index');
});

test('a skipped state leads to what failed before it, and a cause names what it decided', async () => {
  const session = sessionWith(outcomes);
  const skipped = showExplained(await explainOutcome(jid, 'after', session), plainStyle);
  const [cause] = await explainOutcome(jid, 'broken', session);

  assert.match(skipped, /what it requires failed.*test\.nop broken: failed.*Cannot do it: no disk/s);
  assert.deepEqual(cause?.causes, ['after']);
});

test('an id the job did not have is refused with the nearest', async () => {
  await assert.rejects(explainOutcome(jid, 'ngixn', sessionWith(outcomes)), (error) => {
    assert.ok(isError(error, 'STATE_ID_UNKNOWN'));
    assert.equal(error.hint, 'Did you mean "nginx"?');
    return true;
  });
});
