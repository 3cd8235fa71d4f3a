import { typeError, valueError } from './errors.ts';
import { isInt } from './numbers.ts';
import { native } from './signature.ts';
import { textArgument } from './text.ts';
import { Host, isText, type Key, typeName, Undefined, type Value } from './values.ts';

/** What `encode` and the filters about bytes make: Python's `bytes`. */
export class Bytes extends Host {
  readonly typeName = 'bytes';
  readonly data: Buffer;

  constructor(data: Buffer) {
    super();
    this.data = data;
  }

  override attribute(name: string): Value | undefined {
    if (name === 'decode')
      return native(name, "encoding='utf-8', errors='strict'", (encoding = 'utf-8', errors = 'strict') =>
        decodeBytes(this.data, textArgument(encoding), textArgument(errors)),
      );
    if (name === 'hex') return native(name, '', () => this.data.toString('hex'));
    return undefined;
  }

  override attributes(): Iterable<string> {
    return ['decode', 'hex'];
  }

  override item(key: Value): Value | undefined {
    return isInt(key) ? this.data.at(Number(key)) : undefined;
  }

  override contains(item: Value): boolean {
    if (item instanceof Bytes) return this.data.includes(item.data);
    if (isInt(item)) return this.data.includes(Number(item));
    return super.contains(item);
  }

  override iterate(): Iterable<Value> {
    return this.data;
  }

  override size(): number {
    return this.data.length;
  }

  override truthy(): boolean {
    return this.data.length > 0;
  }

  override equals(other: Value): boolean {
    return other instanceof Bytes && this.data.equals(other.data);
  }

  override hashKey(): Key {
    return `\0b${this.data.toString('latin1')}`;
  }

  override print(): string {
    const text = Array.from(this.data, byteText).join('');
    const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
    return `b${quote}${quote === "'" ? text.replaceAll("'", "\\'") : text}${quote}`;
  }
}

const shortEscapes: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' };

function byteText(byte: number): string {
  const short = shortEscapes[byte];
  if (short !== undefined) return short;
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}

type Encoding = 'utf8' | 'latin1' | 'ascii';

const encodings: Readonly<Record<string, Encoding>> = {
  utf8: 'utf8',
  u8: 'utf8',
  ascii: 'ascii',
  usascii: 'ascii',
  latin1: 'latin1',
  l1: 'latin1',
  iso88591: 'latin1',
};

function encodingOf(name: string): Encoding {
  const encoding = encodings[name.toLowerCase().replace(/[-_ ]/g, '')];
  if (encoding === undefined) throw valueError(`unknown encoding: ${name}`, 'Use "utf-8", "ascii" or "latin-1"');
  return encoding;
}

const largest: Readonly<Record<Encoding, number>> = { utf8: 0x10ffff, latin1: 0xff, ascii: 0x7f };

/** A text as bytes; `errors` says what becomes of characters the encoding does not have. Throws TEMPLATE_VALUE. */
export function encodeText(text: string, name = 'utf-8', errors = 'strict'): Bytes {
  const encoding = encodingOf(name);
  const written = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (code <= largest[encoding] && !isSurrogate) return character;
    if (errors === 'ignore') return '';
    if (errors === 'replace') return '?';
    if (errors === 'backslashreplace') return escape(code);
    if (errors === 'xmlcharrefreplace') return `&#${code};`;
    throw valueError(`'${name}' codec can't encode character '${escape(code)}'`);
  });
  return new Bytes(Buffer.from(written.join(''), encoding === 'utf8' ? 'utf8' : 'latin1'));
}

function escape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Bytes as text. Throws TEMPLATE_VALUE where they are none in that encoding, unless `errors` says otherwise. */
export function decodeBytes(data: Buffer, name = 'utf-8', errors = 'strict'): string {
  const encoding = encodingOf(name);
  if (encoding === 'latin1') return data.toString('latin1');
  const bad = encoding === 'ascii' ? data.some((byte) => byte > 0x7f) : !isUtf8(data);
  if (!bad) return data.toString('utf8');
  const text = encoding === 'ascii' ? data.toString('latin1').replace(/[^\0-\x7f]/g, '\ufffd') : data.toString('utf8');
  if (errors === 'replace') return text;
  if (errors === 'ignore') return text.replaceAll('\ufffd', '');
  throw valueError(`'${name}' codec can't decode the bytes`);
}

export function isUtf8(data: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
    return true;
  } catch {
    return false;
  }
}

/** An argument that is text, or bytes already. Throws TEMPLATE_TYPE. */
export function bytesArgument(value: Value): Buffer {
  if (value instanceof Bytes) return value.data;
  if (isText(value)) return encodeText(textArgument(value)).data;
  if (value instanceof Undefined) throw value.error();
  throw typeError(`expected str, bytes, or bytearray not ${typeName(value)}`);
}
