import type * as z from 'zod/mini';

/** Who is on the bus. Each has one scoped signing key, whose grants are generated from the channels. */
export type Role = 'master' | 'operator' | 'peel';

type Parts<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Parts<Rest>
  : never;

/** The variable parts of a channel's subject: `{ jid, peel }`. */
export type Address<Pattern extends string = string> = { readonly [Name in Parts<Pattern>]: string };

/**
 * A typed message path. `{peel}` in the pattern is the sender's or the listener's own id when that is a peel: NATS
 * enforces it, so the subject token identifies the sender, whatever the body says.
 */
export interface Channel<Pattern extends string = string, Body extends z.ZodMiniType = z.ZodMiniType> {
  readonly pattern: Pattern;
  readonly body: Body;
  readonly from: readonly Role[];
  readonly to: readonly Role[];
  /** The reply's schema; a channel with one is a request, and its listeners may answer. */
  readonly reply?: z.ZodMiniType | undefined;
  readonly summary: string;
}

export interface RequestChannel<
  Pattern extends string = string,
  Body extends z.ZodMiniType = z.ZodMiniType,
  Reply extends z.ZodMiniType = z.ZodMiniType,
> extends Channel<Pattern, Body> {
  readonly reply: Reply;
}

type ChannelTraits = { readonly from: readonly Role[]; readonly to: readonly Role[]; readonly summary: string };

export function channel<const Pattern extends string, Body extends z.ZodMiniType>(
  pattern: Pattern,
  body: Body,
  traits: ChannelTraits,
): Channel<Pattern, Body> {
  return { pattern, body, ...traits };
}

export function request<const Pattern extends string, Body extends z.ZodMiniType, Reply extends z.ZodMiniType>(
  pattern: Pattern,
  body: Body,
  reply: Reply,
  traits: ChannelTraits,
): RequestChannel<Pattern, Body, Reply> {
  return { pattern, body, reply, ...traits };
}

/** The NATS subject of an address; parts left out become wildcards. */
export function subjectOf<Pattern extends string>(
  { pattern }: { readonly pattern: Pattern },
  address: Partial<Address<Pattern>> = {},
): string {
  const parts = address as Readonly<Record<string, string | undefined>>;
  let subject = '';
  for (const { text, isPart } of tokensOf(pattern)) {
    const token = isPart ? (parts[text] ?? '*') : text;
    subject = subject === '' ? token : `${subject}.${token}`;
  }
  return subject;
}

/** The variable parts of a subject that matched the pattern. */
export function addressOf<Pattern extends string>(
  { pattern }: { readonly pattern: Pattern },
  subject: string,
): Address<Pattern> {
  const given = subject.split('.');
  const parts: Record<string, string> = {};
  for (const [index, { text, isPart }] of tokensOf(pattern).entries()) {
    if (isPart) parts[text] = given[index] ?? '';
  }
  return parts as Address<Pattern>;
}

interface Token {
  /** As it stands, or the name of a part. */
  readonly text: string;
  readonly isPart: boolean;
}

// Every message has its subject made or read: the few patterns there are taken apart once.
const patterns = new Map<string, readonly Token[]>();

function tokensOf(pattern: string): readonly Token[] {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const tokens = pattern.split('.').map((token): Token => {
    const isPart = token.startsWith('{');
    return { text: isPart ? token.slice(1, -1) : token, isPart };
  });
  patterns.set(pattern, tokens);
  return tokens;
}
