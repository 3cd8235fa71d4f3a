import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as openTls } from 'node:tls';
import { connect } from '@nats-io/transport-node';
import type { Membership } from '#peel/enroll/enroll.ts';
import { masterClient } from '#peel/enroll/master-client.ts';
import { parseCredentials } from '#trust/jwt.ts';
import { createKey } from '#trust/nkeys.ts';
import { signJoin } from '#trust/proofs.ts';
import { ChallengeReply, CredentialsReply, JoinReply, type JoinRequest } from '#wire/enroll.ts';
import type { TestEnrollment } from './enrollment.ts';

export async function pending(master: TestEnrollment): Promise<void> {
  await until(() => (master.service.list({ state: 'pending' }).enrollments?.length ?? 0) > 0);
}

export async function tokenFor(master: TestEnrollment, wish: Parameters<TestEnrollment['decide']>[0]): Promise<string> {
  const { token } = await master.decide({
    action: 'token-create',
    issuedAt: master.clock.now() + Math.random(),
    ...wish,
  });
  assert.ok(token);
  return token;
}

export async function onBus(master: TestEnrollment, member: Membership) {
  const options = master.nats.options(parseCredentials(member.credentials()));
  return connect({ ...options, servers: [...member.natsUrls], reconnect: false, maxReconnectAttempts: 0 });
}

export async function rootOf({ ca }: TestEnrollment): Promise<string> {
  return readFileSync(`${ca.dir}/root.crt`, 'utf8');
}

export async function challenge(master: TestEnrollment): Promise<string> {
  const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
  return (await client.ask(ChallengeReply, { method: 'POST', path: '/api/v1/enroll/challenge', body: {} })).challenge;
}

export async function joinRequest(
  master: TestEnrollment,
  peel: string,
  key = createKey('user'),
  more: Partial<Record<'caPin' | 'token' | 'hostname', string | undefined>> = {},
): Promise<JoinRequest> {
  const curveKey = createKey('curve').publicKey;
  const request = {
    v: 1,
    peel,
    key: key.publicKey,
    curveKey,
    challenge: await challenge(master),
    caPin: master.ca.pin,
  };
  return signJoin({ ...request, ...(more as { caPin?: string }) }, key.seed);
}

export async function post(master: TestEnrollment, path: string, body: unknown): Promise<JoinReply> {
  return masterClient({ urls: [master.url], ca: await rootOf(master) }).ask(JoinReply, { method: 'POST', path, body });
}

export async function renew(master: TestEnrollment, body: unknown): Promise<CredentialsReply> {
  const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
  return client.ask(CredentialsReply, { method: 'POST', path: '/api/v1/enroll/renew', body });
}

export async function refusedJoin(
  master: TestEnrollment,
  { id, token }: { id: string; token: string },
): Promise<string> {
  return refused(
    joinRequest(master, id, createKey('user'), { token }).then((body) => post(master, '/api/v1/enroll', body)),
  );
}

export async function refused(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'accepted';
}

export async function servedUntil({ url }: TestEnrollment): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = openTls({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }, () => {
    resolve(Date.parse(socket.getPeerCertificate().valid_to));
    socket.destroy();
  });
  // At the very moment of the change a connection may be refused; whoever joins asks again.
  socket.once('error', () => resolve(0));
  return promise;
}

/** Looks again at every turn of the event loop until it is so. */
export async function until(claim: () => boolean | Promise<boolean>, withinMs = 8_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await claim())) {
    assert.ok(Date.now() < end, `not so within ${withinMs} ms: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
