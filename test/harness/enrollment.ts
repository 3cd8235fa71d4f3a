import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { createLog, type Log, silentLog } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { type KvBucket, openBucket } from '#bus/bucket.ts';
import { systemAccount } from '#bus/system-account.ts';
import { embeddedCertificate } from '#master/enroll/certificate.ts';
import { createEnrollment, type EnrollmentParts, type EnrollmentService } from '#master/enroll/enrollment.ts';
import { type EnrollServer, type EnrollServerParts, startEnrollServer } from '#master/enroll/server.ts';
import type { EnrollOptions } from '#peel/enroll/enroll.ts';
import { resolveIdentity } from '#peel/enroll/identity.ts';
import { followAuthDir } from '#trust/auth-dir.ts';
import { type CaSummary, initCa, openCa } from '#trust/ca-dir.ts';
import type { Credentials } from '#trust/jwt.ts';
import { signDecision } from '#trust/orders.ts';
import { fingerprint } from '#trust/proofs.ts';
import type { EnrollDecision, EnrollDecisionReply } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import { type TestNats, testNats } from './nats.ts';

/** The enrolment of a real master: a real nats-server behind it, a real HTTPS service before it. */
export interface TestEnrollment extends AsyncDisposable {
  readonly nats: TestNats;
  readonly service: EnrollmentService;
  readonly server: EnrollServer;
  readonly ca: CaSummary;
  /** The bucket its records are in. */
  readonly kv: KvBucket;
  /** `https://localhost:<port>` */
  readonly url: string;
  /** Real time, plus what a test adds. */
  readonly clock: Clock & { advance(ms: number): void };
  /** Peels whose facts were deleted. */
  readonly forgotten: readonly string[];
  /** A decision signed by an operator, `admin` unless another one is given. */
  decide(decision: Partial<EnrollDecision>, by?: Credentials): Promise<EnrollDecisionReply>;
  /** A second master over the same store. */
  another(): Promise<EnrollmentService & AsyncDisposable>;
  /** Opens its door again after `server` was disposed. */
  reopen(port: number): Promise<EnrollServer>;
  /** Options of a peel that would join here, with a folder of its own. */
  peel(id: string, options?: Partial<EnrollOptions>): TestJoiner;
}

export type TestJoiner = EnrollOptions & {
  /** Lines it logged. */
  readonly lines: string[];
  readonly fingerprint: string;
};

export async function testEnrollment(
  settings: Partial<EnrollmentParts> & Pick<Partial<EnrollServerParts>, 'pace' | 'waitMs' | 'crowd'> = {},
): Promise<TestEnrollment> {
  const nats = await testNats();
  const dir = mkdtempSync(join(tmpdir(), 'zester-enroll-'));
  const caDir = join(dir, 'ca');
  const ca = initCa({ dir: caDir });
  const connections = await Promise.all([
    connect({ ...nats.options(nats.credentials.master), maxReconnectAttempts: -1, reconnectTimeWait: 50 }),
    connect({ ...nats.options(nats.credentials.sys), maxReconnectAttempts: -1, reconnectTimeWait: 50 }),
  ]);
  const [master, sys] = connections;
  const { name, history } = buckets.enrollments;
  const kv = openBucket(await new Kvm(jetstream(master)).create(name, { history }));
  const clock = testClock();
  const forgotten: string[] = [];
  const auth = followAuthDir(nats.auth.path);
  const parts: EnrollmentParts = {
    store: kv,
    auth,
    servers: systemAccount(sys),
    forget: async (peel) => void forgotten.push(peel),
    pin: ca.pin,
    natsUrls: () => [nats.url],
    natsCa: () => nats.ca,
    clock,
    log: silentLog,
    ...settings,
  };
  const service = await createEnrollment(parts);
  const names = ['localhost', '127.0.0.1'];
  const open = (port: number) =>
    startEnrollServer({
      enrollment: service,
      host: '127.0.0.1',
      port,
      certificate: embeddedCertificate({ caDir, names, clock, log: silentLog, everyMs: 10 }),
      caDocument: () => ({ v: 1, ca: openCa(caDir).root, pin: ca.pin }),
      clock,
      log: silentLog,
      pace: { join: { burst: 1_000, perSecond: 1 }, ask: { burst: 1_000, perSecond: 1 } },
      ...settings,
    });
  const server = await open(0);
  const url = `https://localhost:${server.port}`;
  const stopping = new AbortController();

  return {
    nats,
    service,
    server,
    ca,
    kv,
    url,
    clock,
    forgotten,
    async decide(decision, by = nats.credentials.operator()) {
      const whole = { v: 1, action: 'approve', issuedAt: clock.now(), ...decision } as EnrollDecision;
      return service.decide(signDecision(whole, by));
    },
    another: () => createEnrollment(parts),
    reopen: open,
    peel(id, options = {}) {
      const authDir = join(dir, `peel-${id}-${Math.random().toString(36).slice(2)}`);
      const identity = options.identity ?? resolveIdentity({ authDir, id });
      const lines: string[] = [];
      const log: Log = createLog({ write: (line) => void lines.push(line) });
      return {
        identity,
        authDir,
        masterUrls: [url],
        pins: [ca.pin],
        tofu: false,
        hostname: id,
        clock,
        log,
        signal: stopping.signal,
        wait: () => new Promise((resolve) => setTimeout(resolve, 5)),
        lines,
        fingerprint: fingerprint(identity.key.publicKey),
        ...options,
      };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await server[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await Promise.all(connections.map((each) => each.close()));
      await nats[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function testClock(): Clock & { advance(ms: number): void } {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    advance: (ms) => {
      ahead += ms;
    },
  };
}
