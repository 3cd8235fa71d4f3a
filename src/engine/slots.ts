import { ZesterError } from '#base/errors.ts';
import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/lookup.ts';

const prefix = '__slot__:salt:';

/** A slot is an argument whose value a function gives when the state's turn has come: `__slot__:salt:test.echo("x")`. */
export function hasSlot(value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith(prefix);
  if (Array.isArray(value)) return value.some(hasSlot);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasSlot);
}

/** The value with every slot in it filled. Throws `SLOT_INVALID`, and what the function throws. */
export async function fillSlots(value: unknown, context: Context): Promise<unknown> {
  if (typeof value === 'string') return value.startsWith(prefix) ? fill(value, context) : value;
  if (Array.isArray(value)) return Promise.all(value.map((each) => fillSlots(each, context)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, each]) => [key, await fillSlots(each, context)]);
  return Object.fromEntries(await Promise.all(entries));
}

/** `mod.fun(1, "x", key=value)`, then `.a.b` into the result, then ` ~ text` behind it. */
async function fill(slot: string, context: Context): Promise<unknown> {
  const [, name, args = '', path = '', tail] =
    /^([\w.]+)\((.*)\)((?:\.[\w-]+)*)(?:\s*~\s*(.*))?$/s.exec(slot.slice(prefix.length)) ?? [];
  if (name === undefined) {
    throw new ZesterError('source', 'SLOT_INVALID', `Cannot fill the slot "${slot}": it is not a call`, {
      hint: 'Write __slot__:salt:module.function(arguments)',
    });
  }
  const positional: unknown[] = [];
  const named: Record<string, unknown> = {};
  for (const part of splitArguments(args)) {
    const [, key, text = part] = /^([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(part) ?? [];
    if (key === undefined) positional.push(literal(part));
    else named[key] = literal(text);
  }
  const result = await context.call(name, named, positional);
  const value = path === '' ? result : lookup(result, path.slice(1), '.');
  return tail === undefined ? value : `${value}${tail}`;
}

function splitArguments(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|\{[^}]*\}|[^,"'[{])+/gs) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function literal(text: string): unknown {
  const quoted = /^(["'])(.*)\1$/s.exec(text)?.[2];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gs, '$1');
  const words: Readonly<Record<string, unknown>> = {
    True: true,
    true: true,
    False: false,
    false: false,
    None: null,
    none: null,
  };
  if (Object.hasOwn(words, text)) return words[text];
  if (/^[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
