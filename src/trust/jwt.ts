import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { isPublicKey, keyFromSeed, rawSign, rawVerify } from './nkeys.ts';

/** Claims of a NATS JWT, version 2. Times are seconds since the Unix epoch. */
export const Claims = z.object({
  jti: z.optional(z.string()),
  iat: z.number(),
  exp: z.optional(z.number()),
  nbf: z.optional(z.number()),
  iss: z.string(),
  sub: z.string(),
  name: z.optional(z.string()),
  nats: z.record(z.string(), z.unknown()),
});
export type Claims = z.output<typeof Claims>;

/** What a user is, once its JWT's own signature holds; whether the issuer may say so is the caller's question. */
export interface UserClaims {
  readonly name: string;
  /** The user's public key, `U…`. */
  readonly key: string;
  /** The signing key that vouches for it, `A…`. */
  readonly issuer: string;
  readonly account: string | undefined;
  readonly issuedAtMs: number;
  /** Infinity when it does not expire. */
  readonly expiresAtMs: number;
}

/** A user's JWT and seed, as a credentials file carries them. */
export interface Credentials {
  readonly jwt: string;
  readonly seed: string;
}

export interface NewClaims {
  readonly subject: string;
  readonly name: string;
  readonly nats: Readonly<Record<string, unknown>>;
  readonly issuedAt: number;
  readonly expiresAt?: number | undefined;
}

const header = Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' })).toString('base64url');

/** Signs claims with an nkey seed. */
export function signJwt({ subject, name, nats, issuedAt, expiresAt }: NewClaims, seed: string): string {
  const claims = {
    iat: issuedAt,
    ...(expiresAt === undefined ? {} : { exp: expiresAt }),
    iss: keyFromSeed(seed).publicKey,
    sub: subject,
    name,
    nats,
  };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const body = `${header}.${Buffer.from(JSON.stringify({ jti, ...claims })).toString('base64url')}`;
  return `${body}.${Buffer.from(rawSign(seed, Buffer.from(body))).toString('base64url')}`;
}

/** The claims of a JWT whose signature by its own issuer holds. Throws `JWT_INVALID`. */
export function readJwt(token: string, { maxBytes = 64 * 1024 } = {}): Claims {
  if (token.length > maxBytes) throw invalid('it is too long');
  const [head, body, signature, ...rest] = token.trim().split('.');
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) {
    throw invalid('it does not have three parts');
  }
  if (parseJson(head)?.alg !== 'ed25519-nkey') throw invalid('its algorithm is not ed25519-nkey');
  const claims = z.safeParse(Claims, parseJson(body));
  if (!claims.success) throw invalid('its claims are incomplete');
  const message = Buffer.from(`${head}.${body}`);
  if (!rawVerify(claims.data.iss, message, Buffer.from(signature, 'base64url'))) {
    throw invalid('its signature is not by its issuer');
  }
  return claims.data;
}

/** The user a JWT speaks of. Throws `JWT_INVALID`. */
export function readUserJwt(token: string): UserClaims {
  const { iss, sub, name, iat, exp, nats } = readJwt(token);
  if (nats.type !== 'user' || !isPublicKey(sub, 'user') || !isPublicKey(iss, 'account')) {
    throw invalid('it is not a user JWT');
  }
  return {
    name: name ?? '',
    key: sub,
    issuer: iss,
    account: typeof nats.issuer_account === 'string' ? nats.issuer_account : undefined,
    issuedAtMs: iat * 1_000,
    expiresAtMs: exp === undefined || exp === 0 ? Number.POSITIVE_INFINITY : exp * 1_000,
  };
}

/** A credentials file, as every NATS client reads it. */
export function formatCredentials({ jwt, seed }: Credentials): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    'The seed below is a secret: whoever has it is this user.',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

/** The JWT and seed of a credentials file. Throws `CREDENTIALS_INVALID`. */
export function parseCredentials(text: string): Credentials {
  const [jwt, seed] = [...text.matchAll(/-{3,}BEGIN [^\n]*-{3,}\s+([\w.=-]+)\s+-{3,}END /g)].map((match) => match[1]);
  if (jwt !== undefined && seed !== undefined) return { jwt, seed };
  throw new ZesterError('denied', 'CREDENTIALS_INVALID', 'Cannot read the credentials: they hold no JWT and seed', {
    hint: 'Use a credentials file as "zester nats-auth init" writes it',
  });
}

function parseJson(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function invalid(reason: string): ZesterError {
  return new ZesterError('denied', 'JWT_INVALID', `Cannot accept a JWT: ${reason}`);
}
