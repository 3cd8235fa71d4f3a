import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enroll } from '#peel/enroll/enroll.ts';
import { signDecision } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import { type TestEnrollment, testEnrollment } from '../../test/harness/enrollment.ts';
import { enrollApprove } from './commands/enroll-approve.ts';
import { enrollList } from './commands/enroll-list.ts';
import { enrollRevoke } from './commands/enroll-revoke.ts';
import { enrollShow } from './commands/enroll-show.ts';
import { enrollTokenCreate } from './commands/enroll-token-create.ts';
import { enrollTokenRevoke } from './commands/enroll-token-revoke.ts';
import { plainStyle } from './report/style.ts';
import type { Session } from './session.ts';

test('an operator lists, compares, approves and revokes', async () => {
  await using master = await testEnrollment();
  const session = sessionWith(master);
  const peel = master.peel('web-01.example.com');
  const joining = enroll(peel);
  while (master.service.list({}).enrollments?.length !== 1) await new Promise((resolve) => setTimeout(resolve, 5));

  const list = enrollList.show(await enrollList.run({ state: 'pending' }, session), plainStyle);
  const approved = await enrollApprove.run({ peel: 'web-01.example.com' }, session);
  await joining;
  const revoked = await enrollRevoke.run({ peel: 'web-01.example.com', reason: 'stolen' }, session);
  const [row] = (await enrollList.run({ state: 'all' }, session)) as { id: string }[];
  const shown = enrollShow.show(await enrollShow.run({ id: row?.id }, session), plainStyle);

  assert.match(
    list,
    new RegExp(`web-01\\.example\\.com +${peel.fingerprint} +web-01\\.example\\.com +127\\.0\\.0\\.1 +pending +ok`),
  );
  assert.match(
    enrollApprove.show(approved, plainStyle),
    /^Enrollment enr-\w+ approved \(peel: web-01\.example\.com\)\n$/,
  );
  assert.match(enrollRevoke.show(revoked, plainStyle), /revoked/);
  assert.equal(enrollRevoke.exit(revoked), 0);
  assert.match(shown, /state +revoked/);
  assert.match(shown, /reason +stolen/);
});

test('a join token is shown once, and can be ended', async () => {
  await using master = await testEnrollment();
  const session = sessionWith(master);

  const made = await enrollTokenCreate.run({ peels: 'web-*', uses: 2, ttl: 60_000 }, session);
  const [token = ''] = enrollTokenCreate.show(made, plainStyle).split('\n');
  await enroll(master.peel('web-01', { token }));
  await enrollTokenRevoke.run({ id: token }, session);

  await assert.rejects(enrollTokenRevoke.run({ id: token }, session), { code: 'TOKEN_UNKNOWN' });
  assert.equal(master.service.holder('web-01')?.decidedBy, 'admin');
});

test('nothing to approve is said so, and a mistake is explained', async () => {
  await using master = await testEnrollment();
  const session = sessionWith(master);

  const none = await enrollApprove.run({ allPending: true }, session);

  assert.equal(enrollApprove.show(none, plainStyle), 'Nobody waits\n');
  await assert.rejects(enrollApprove.run({ id: 'enr-x', peel: 'web-01' }, session), { code: 'ENROLL_CHOICE' });
  await assert.rejects(enrollShow.run({ id: 'enr-x' }, session), { code: 'ENROLLMENT_NOT_FOUND' });
});

/** What a session does over the bus, done directly. */
function sessionWith({ service, nats, clock }: TestEnrollment): Session {
  const session = {
    clock,
    style: plainStyle,
    write: () => {},
    sign: async (_: string, decision: Parameters<typeof signDecision>[0]) =>
      signDecision(decision, nats.credentials.operator()),
    ask: async (channel: unknown, body: never) =>
      channel === channels.enrollments ? service.list(body) : service.decide(body),
  };
  return session as unknown as Session;
}
