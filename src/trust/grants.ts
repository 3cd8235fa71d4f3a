import type { Channel, Role } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { type Bucket, buckets, returnsStream } from '#wire/stores.ts';

/** What one role may do on the bus; `{{name()}}` and `{{subject()}}` are filled in by the server from the user's JWT. */
export interface Grants {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May answer requests it was delivered, once each, to wherever they ask. */
  readonly responds: boolean;
}

/** The inbox of a user; nobody else may listen there. Give it to the client as `inboxPrefix`. */
export function inboxPrefix(publicKey: string): string {
  return `_INBOX_${publicKey}`;
}

/** The grants of a role, computed from what `wire/` says about channels and stores. */
export function grantsOf(role: Role): Grants {
  const all: readonly Channel[] = Object.values(channels);
  const sends = all.filter(({ from }) => from.includes(role));
  const hears = all.filter(({ to }) => to.includes(role));
  const stores = role === 'peel' ? peelStores() : role === 'master' ? masterStores() : { publish: [], subscribe: [] };
  return {
    publish: [...sends.map(({ pattern }) => subjectFor(role, pattern)), ...stores.publish].toSorted(),
    subscribe: [
      `${inboxPrefix('{{subject()}}')}.>`,
      ...hears.map(({ pattern }) => subjectFor(role, pattern)),
      ...stores.subscribe,
    ].toSorted(),
    responds: hears.some(({ reply }) => reply !== undefined),
  };
}

/** The stream behind a bucket. */
export function streamOf({ name }: Pick<Bucket, 'name'>): string {
  return `KV_${name}`;
}

/** A peel's own token is its JWT's name: NATS itself keeps it from using another's. */
export function subjectFor(role: Role, pattern: string): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, part: string) =>
    role === 'peel' && part === 'peel' ? '{{name()}}' : '*',
  );
}

// No consumer, stream-info or message-get right for peels. A consumer delivers to any subject its maker names
// (nats-server #8274), and a message-get reads any key: both would undo every other line here.
function peelStores(): Pick<Grants, 'publish' | 'subscribe'> {
  const read = bucketsThat('peelReads').map((bucket) => ({ bucket, key: keySubject('peel', bucket) }));
  const written = bucketsThat('peelWrites').map((bucket) => keySubject('peel', bucket));
  const own = [channels.return, channels.chunk].map(({ pattern }) => subjectFor('peel', pattern));
  return {
    publish: [
      ...read.map(({ bucket, key }) => directGet(streamOf(bucket), key)),
      ...own.map((subject) => directGet(returnsStream.name, subject)),
      ...written,
    ],
    subscribe: read.map(({ key }) => key),
  };
}

export function directGet(stream: string, subject: string): string {
  return `$JS.API.DIRECT.GET.${stream}.${subject}`;
}

export function bucketsThat(trait: 'peelReads' | 'peelWrites'): readonly Bucket[] {
  return (Object.values(buckets) as readonly Bucket[]).filter((bucket) => bucket[trait]);
}

/** Masters make and run the stores we list, and no others. */
function masterStores(): Pick<Grants, 'publish' | 'subscribe'> {
  const all: readonly Bucket[] = Object.values(buckets);
  return {
    publish: [
      '$JS.API.INFO',
      '$JS.API.STREAM.NAMES',
      ...[...all.map(streamOf), returnsStream.name].flatMap(streamSubjects),
      ...all.map((bucket) => keySubject('master', bucket)),
    ],
    subscribe: all.map((bucket) => keySubject('master', bucket)),
  };
}

function streamSubjects(stream: string): string[] {
  return [
    ...['CREATE', 'UPDATE', 'INFO', 'PURGE', 'MSG.GET', 'MSG.DELETE'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    ...['INFO', 'DELETE', 'MSG.NEXT'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.*`),
    ...['NAMES', 'LIST'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}`),
    `$JS.ACK.${stream}.>`,
    `$JS.FC.${stream}.>`,
  ];
}

export function keySubject(role: Role, { name, key }: Pick<Bucket, 'name' | 'key'>): string {
  return `$KV.${name}.${subjectFor(role, key)}`;
}
