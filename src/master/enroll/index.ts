import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { Bus, Listening } from '#bus/bus.ts';
import { connectBus } from '#bus/connect.ts';
import type { Stores } from '#bus/stores.ts';
import { systemAccount } from '#bus/system-account.ts';
import { type AuthDir, authFiles } from '#trust/auth-dir.ts';
import { openCa } from '#trust/ca-dir.ts';
import { findText } from '#trust/files.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { channels } from '#wire/channels.ts';
import type { CaDocument } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import type { Master } from '../master.ts';
import type { MasterOptions } from '../options.ts';
import { certificateFromFiles, embeddedCertificate } from './certificate.ts';
import { type Crowd, watchCrowd } from './crowd.ts';
import { createEnrollment, type EnrollmentService } from './enrollment.ts';
import { createEnrollmentPages } from './replies.ts';
import { startEnrollServer } from './server.ts';

export interface EnrollParts {
  readonly options: MasterOptions;
  readonly auth: () => AuthDir;
  readonly bus: Bus;
  readonly stores: Stores;
  /** The master that this is part of, once it is there. */
  readonly master: () => Pick<Master, 'fleet' | 'presence'>;
  /** Where records that cannot be believed are remembered. */
  readonly bad: BadRecords;
  readonly clock: Clock;
  readonly log: Log;
}

const sweepMs = 300_000;

/** Enrolment on one master: who is a peel, and decisions about it over the bus. */
export interface EnrollmentOffice extends AsyncDisposable {
  readonly service: EnrollmentService;
  readonly crowd: Crowd;
  /** Opens the door for machines, when it has an address. */
  openDoor(): Promise<AsyncDisposable>;
}

export async function openEnrollmentOffice({
  options,
  auth,
  bus,
  stores,
  master,
  bad,
  clock,
  log,
}: EnrollParts): Promise<EnrollmentOffice> {
  const stack = new AsyncDisposableStack();
  const caFile = options.nats_ca ?? join(options.auth_dir, authFiles.natsCa);
  const systemBus = stack.use(
    await connectBus({
      servers: options.nats_url,
      caFile,
      credentials: () => formatCredentials(auth().credentials('sys')),
      name: 'zester-master-sys',
      retry: true,
    }),
  );
  const system = systemAccount(systemBus.connection);
  const { accounts } = auth().index;
  const crowd = watchCrowd({
    system,
    accounts: [accounts.peels],
    most: options.peel_connections,
    log,
  });
  stack.use(crowd);
  const caDir = options.ca_dir ?? join(options.auth_dir, 'ca');
  const embedded = findText(join(caDir, 'root.crt')) !== undefined;
  const natsUrls = () => (options.nats_advertise_urls.length > 0 ? options.nats_advertise_urls : options.nats_url);
  const service = stack.use(
    await createEnrollment({
      store: stores.kv(buckets.enrollments),
      auth,
      servers: system,
      forget: async (peel) => {
        await Promise.all([master().fleet.forget(peel), master().presence.forget(peel)]);
      },
      pin: embedded ? openCa(caDir).pin : undefined,
      natsUrls,
      natsCa: () => findText(caFile) ?? '',
      bad,
      clock,
      log,
    }),
  );

  const listed = createEnrollmentPages((filter) => service.list(filter), clock);
  const serving: readonly Listening[] = [
    bus.serve(channels.enrollments, async (query) => listed(query)),
    bus.serve(channels.enrollDecide, async (signed) => service.decide(signed)),
  ];
  for (const each of serving) stack.use(each);
  const sweeper = setInterval(
    () => void service.sweep().catch((error) => log.warn('Old enrolments not forgotten', { error })),
    sweepMs,
  );
  stack.defer(() => clearInterval(sweeper));

  const openDoor = async (): Promise<AsyncDisposable> => {
    if (options.enroll_addr === '') return new AsyncDisposableStack();
    const colon = options.enroll_addr.lastIndexOf(':');
    const names = [...new Set([hostname(), 'localhost', '127.0.0.1', ...options.enroll_sans])];
    return startEnrollServer({
      enrollment: service,
      caDocument: embedded ? caDocumentOf(caDir, clock) : () => undefined,
      host: options.enroll_addr.slice(0, colon) || '0.0.0.0',
      port: Number(options.enroll_addr.slice(colon + 1)),
      certificate: embedded
        ? embeddedCertificate({ caDir, names, clock, log })
        : certificateFromFiles({
            certificate: join(options.auth_dir, 'enroll.crt'),
            key: join(options.auth_dir, 'enroll.key'),
          }),
      clock,
      log,
    });
  };
  return { service, crowd, openDoor, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const rereadMs = 10_000;

/** Strangers may ask for it as often as they like: it is not read anew each time. */
function caDocumentOf(caDir: string, clock: Clock): () => CaDocument {
  const read = () => {
    const { root: ca, pin } = openCa(caDir);
    return { v: 1, ca, pin };
  };
  let [document, at] = [read(), clock.now()];
  return () => {
    if (Math.abs(clock.now() - at) > rereadMs) [document, at] = [read(), clock.now()];
    return document;
  };
}
