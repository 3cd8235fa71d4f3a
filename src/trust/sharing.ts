import type { Channel } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { returnsStream } from '#wire/stores.ts';
import { bucketsThat, directGet, keySubject, streamOf, subjectFor } from './grants.ts';

/**
 * The two accounts of an environment. Masters, operators and all stores are in `control`; peels are in `peels`, where
 * nothing is stored. A server delivers a reply within the account of whoever asked, so no reply that a peel names can
 * lead to a store, to another role's inbox, or to what another peel says.
 */
export type Side = 'control' | 'peels';

/** What one account gives the other: messages that flow across, or a question that is answered. */
export interface Shared {
  readonly subject: string;
  readonly type: 'stream' | 'service';
}

/** What an account exports, and the other one imports under the same subject. */
export function sharedBy(side: Side): readonly Shared[] {
  return side === 'peels' ? saidByPeels() : saidToPeels();
}

// As streams, not as services: a server never passes an answer on as a stream of another account. So what is heard as a
// peel's word was published by it, and is not an answer that somebody had delivered there.
function saidByPeels(): readonly Shared[] {
  const all: readonly Channel[] = Object.values(channels);
  const said = all.filter(({ from }) => from.includes('peel')).map(({ pattern }) => subjectFor('master', pattern));
  const written = bucketsThat('peelWrites').map((bucket) => keySubject('master', bucket));
  return [...said, ...written].toSorted().map((subject) => ({ subject, type: 'stream' }));
}

function saidToPeels(): readonly Shared[] {
  const all: readonly Channel[] = Object.values(channels);
  const heard = all.filter(({ to }) => to.includes('peel')).map(({ pattern }) => subjectFor('master', pattern));
  const watched = bucketsThat('peelReads').map((bucket) => keySubject('master', bucket));
  const read = [
    ...bucketsThat('peelReads').map((bucket) => directGet(streamOf(bucket), keySubject('master', bucket))),
    ...[channels.return, channels.chunk].map(({ pattern }) =>
      directGet(returnsStream.name, subjectFor('master', pattern)),
    ),
  ];
  return [
    ...[...heard, ...watched].toSorted().map((subject): Shared => ({ subject, type: 'stream' })),
    ...read.toSorted().map((subject): Shared => ({ subject, type: 'service' })),
  ];
}
