import { createKey, type KeyPair } from '#trust/nkeys.ts';
import { signJoin } from '#trust/proofs.ts';
import type { JoinRequest } from '#wire/enroll.ts';
import type { Arena } from './arena.ts';
import { knock } from './door.ts';

/** A challenge of the arena's first master. */
export async function challengeOf(arena: Arena, from?: string): Promise<string> {
  const { body } = await knock(urlOf(arena), '/api/v1/enroll/challenge', {
    ca: arena.ca,
    body: {},
    ...(from && { from }),
  });
  return String(body.challenge);
}

/** A request to join as a peel makes it, but for what is wished: the signature is over all of that. */
export async function joinRequest(
  arena: Arena,
  peel: string,
  wish: Partial<JoinRequest> & { as?: KeyPair } = {},
): Promise<JoinRequest> {
  const { as = createKey('user'), ...more } = wish;
  const request = {
    v: 1,
    peel,
    key: as.publicKey,
    curveKey: createKey('curve').publicKey,
    challenge: more.challenge ?? (await challengeOf(arena)),
    caPin: arena.pin,
    ...more,
  };
  return signJoin(request, as.seed);
}

export function urlOf(arena: Arena): string {
  const [master] = arena.masters;
  if (master === undefined) throw new Error('The arena has no master');
  return master.url;
}
