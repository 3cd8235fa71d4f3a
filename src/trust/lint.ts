import { parseCredentials, readJwt, readUserJwt } from './jwt.ts';
import { keyFromSeed } from './nkeys.ts';

/** What is wrong with credentials, and what may become so. */
export interface Lint {
  readonly name: string;
  readonly key: string;
  /** Milliseconds since the Unix epoch; undefined when they do not expire. */
  readonly expiresAt: number | undefined;
  readonly problems: readonly { readonly level: 'error' | 'warning'; readonly text: string }[];
}

const soonMs = 14 * 86_400_000;
/** A server refuses a longer CONNECT line before it reads it. */
const maxControlLine = 4_096;

/** Examines a credentials file offline. Throws when it cannot be read as one. */
export function lintCredentials(text: string, now: number): Lint {
  const { jwt, seed } = parseCredentials(text);
  const { name, key, account, expiresAtMs } = readUserJwt(jwt);
  const { nats } = readJwt(jwt);
  const problems: { level: 'error' | 'warning'; text: string }[] = [];
  const say = (level: 'error' | 'warning', each: string) => problems.push({ level, text: each });
  if (keyFromSeed(seed).publicKey !== key) say('error', 'the seed is not that of the user in the JWT');
  if (expiresAtMs <= now) say('error', `expired on ${new Date(expiresAtMs).toISOString()}`);
  else if (expiresAtMs - now < soonMs) say('warning', `expires on ${new Date(expiresAtMs).toISOString()}`);
  if (account === undefined) say('error', 'not signed by a scoped signing key: it names no account');
  if ('pub' in nats || 'sub' in nats) say('error', 'carries grants of its own: servers refuse that of a scoped key');
  if (jwt.length + 400 > maxControlLine)
    say('error', `the JWT has ${jwt.length} bytes: servers refuse the CONNECT line`);
  return { name, key, expiresAt: Number.isFinite(expiresAtMs) ? expiresAtMs : undefined, problems };
}
