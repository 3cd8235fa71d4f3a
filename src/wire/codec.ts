import { Decoder, Encoder, ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import { ZesterError } from '#base/errors.ts';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { envelopeBytes, returnBytes } from './limits.ts';
import * as z from './schema.ts';

/** How much a message may hold. The defaults fit the largest return, and with it anything that fits a NATS message. */
export interface CodecLimits {
  readonly maxBytes?: number;
  readonly maxDepth?: number;
  /** Elements of one list, or entries of one map. */
  readonly maxItems?: number;
}

const defaults = { maxBytes: returnBytes + envelopeBytes, maxDepth: 64, maxItems: 200_000 } as const;

const numeralType = 1;
const mapType = 2;

// Beside what JSON knows, and bytes: a number that JavaScript's would change, as its text, and a map whose keys are not all
// texts, or one of them `__proto__`, as keys and values in turn. Anything else, a date or a set, would come back as something
// else on the other side.
const plainData: ExtensionCodecType<undefined> = {
  tryToEncode(value) {
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return null;
    const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : null;
    if (typeof value === 'object' && (prototype === null || prototype === Object.prototype)) {
      // As a key of an object the other side could not tell it from its prototype.
      return value !== null && Object.hasOwn(value, '__proto__') ? pairsOf(Object.entries(value)) : null;
    }
    if (value instanceof Numeral || typeof value === 'bigint')
      return new ExtData(numeralType, Buffer.from(String(value), 'latin1'));
    if (value instanceof Map) return pairsOf([...value]);
    throw malformed('it holds an object that is not plain data');
  },
  decode(bytes, type) {
    if (type === numeralType) return numeralOf(Buffer.from(bytes).toString('latin1'));
    return mapOf(decoder.decode(bytes));
  },
};

function pairsOf(pairs: readonly (readonly [unknown, unknown])[]): ExtData {
  return new ExtData(mapType, encoder.encode(pairs.flat(1)));
}

const encoder = new Encoder({ ignoreUndefined: true, maxDepth: defaults.maxDepth, extensionCodec: plainData });
const decoder = new Decoder({
  extensionCodec: plainData,
  maxStrLength: defaults.maxBytes,
  maxBinLength: defaults.maxBytes,
  maxArrayLength: defaults.maxItems,
  maxMapLength: defaults.maxItems,
  maxExtLength: defaults.maxBytes,
});

/** Plain data as MessagePack. Keys whose value is undefined are left out. Throws `MESSAGE_MALFORMED`. */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  try {
    return encoder.encode(value);
  } catch (cause) {
    throw cause instanceof ZesterError ? cause : malformed('it cannot be encoded', cause);
  }
}

/**
 * MessagePack as plain data. Refuses, before anything is allocated for it: what is nested deeper than `maxDepth`, what
 * claims more elements than it has bytes, integers a number cannot hold exactly, extension types that are not ours,
 * `__proto__` keys and trailing bytes. Throws `MESSAGE_MALFORMED`.
 */
export function decode(bytes: Uint8Array, limits: CodecLimits = {}): unknown {
  const { maxBytes, maxDepth, maxItems } = { ...defaults, ...limits };
  if (bytes.length > maxBytes) throw malformed(`it has ${bytes.length} bytes, ${maxBytes} are allowed`);
  inspect(bytes, maxDepth, maxItems);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed('it is not MessagePack of plain data', cause);
  }
}

/** Decodes and checks a message in one step; `what` names it in the error. Throws `MESSAGE_MALFORMED`. */
export function decodeAs<Schema extends z.ZodMiniType>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
  limits?: CodecLimits,
): z.output<Schema> {
  const parsed = z.safeParse(schema, decode(bytes, limits));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(`${issue?.path.join('.') || what} ${issue?.message ?? 'does not fit'}`, undefined, what);
}

/** Walks the bytes once, without making anything of them. */
function inspect(bytes: Uint8Array, maxDepth: number, maxItems: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: number[] = [];
  let at = 0;
  const take = (count: number): number => {
    const start = at;
    at += count;
    if (at > bytes.length) throw malformed('it ends too early');
    return start;
  };
  const enter = (items: number, perItem: number) => {
    if (items > maxItems) throw malformed(`it has ${items} items in one place, ${maxItems} are allowed`);
    if (items * perItem > bytes.length - at) throw malformed('it ends too early');
    if (items === 0) return;
    open.push(items * perItem);
    if (open.length > maxDepth) throw malformed('it is nested deeper than allowed');
  };
  const extension = (length: number) => {
    const type = view.getInt8(take(1));
    const start = take(length);
    if (type !== mapType && (type !== numeralType || length > longestNumeral))
      throw malformed(`it holds the extension type ${type}`);
    if (type !== mapType) return;
    // What it holds is decoded by itself, but must not be deeper for it; a map that holds nothing but a map is as deep as a list.
    const depthLeft = maxDepth - open.length - 1;
    if (depthLeft < 0) throw malformed('it is nested deeper than allowed');
    inspect(bytes.subarray(start, at), depthLeft, maxItems);
  };
  do {
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
    if (open.length > 0) open[open.length - 1] = (open[open.length - 1] ?? 0) - 1;
    const head = view.getUint8(take(1));
    if (head <= 0x7f || head >= 0xe0) continue;
    if (head <= 0x8f) enter(head & 0x0f, 2);
    else if (head <= 0x9f) enter(head & 0x0f, 1);
    else if (head <= 0xbf) take(head & 0x1f);
    else if (head === 0xc4 || head === 0xd9) take(view.getUint8(take(1)));
    else if (head === 0xc5 || head === 0xda) take(view.getUint16(take(2)));
    else if (head === 0xc6 || head === 0xdb) take(view.getUint32(take(4)));
    else if (head === 0xdc) enter(view.getUint16(take(2)), 1);
    else if (head === 0xdd) enter(view.getUint32(take(4)), 1);
    else if (head === 0xde) enter(view.getUint16(take(2)), 2);
    else if (head === 0xdf) enter(view.getUint32(take(4)), 2);
    else if (head === 0xcf) exact(view.getBigUint64(take(8)));
    else if (head === 0xd3) exact(view.getBigInt64(take(8)));
    else if (head === 0xc7) extension(view.getUint8(take(1)));
    else if (head === 0xc8) extension(view.getUint16(take(2)));
    else if (head === 0xc9) extension(view.getUint32(take(4)));
    else if (head >= 0xd4 && head <= 0xd8) extension(2 ** (head - 0xd4));
    else if (head in fixedLengths) take(fixedLengths[head] ?? 0);
    else throw malformed(`it holds the type 0x${head.toString(16)}, which is not allowed`);
  } while (open.some((left) => left > 0));
  if (at < bytes.length) throw malformed('something follows its end');
}

/** nil, false, true, floats and the integers of up to four bytes. */
const fixedLengths: Readonly<Record<number, number>> = {
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  208: 1,
  209: 2,
  210: 4,
};

/** Digits of the longest number that templates make. */
const longestNumeral = 31_000;

function numeralOf(text: string): number | Numeral {
  const numeral = Numeral.parse(text);
  if (numeral === undefined) throw malformed('it holds a number that is none');
  return numeral.isFloat ? numeral : Numeral.whole(BigInt(text));
}

function mapOf(flat: unknown): MixedMap {
  if (!Array.isArray(flat) || flat.length % 2 !== 0) throw malformed('it holds a map with a key that has no value');
  const map = new MixedMap();
  for (let at = 0; at < flat.length; at += 2) map.set(flat[at], flat[at + 1]);
  return map;
}

function exact(integer: bigint): void {
  if (integer > BigInt(Number.MAX_SAFE_INTEGER) || integer < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw malformed('it holds an integer beyond 2^53');
  }
}

function malformed(reason: string, cause?: unknown, what = 'message'): ZesterError {
  return new ZesterError('usage', 'MESSAGE_MALFORMED', `Cannot read "${what}": ${reason}`, { cause });
}
