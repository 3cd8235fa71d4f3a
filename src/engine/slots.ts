import { withPlace, ZesterError } from '#base/errors.ts';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { readJson } from '#base/written.ts';
import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/data-lookup.ts';
import { functionUnknown, type Registry } from '#kit/function.ts';
import type { Node } from './node.ts';
import type { Problems } from './problems.ts';

const prefix = '__slot__:salt:';

/** A slot is an argument whose value a function gives when the state's turn has come: `__slot__:salt:test.echo("x")`. */
export function hasSlot(value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith(prefix);
  if (value instanceof Map) return [...value.values()].some(hasSlot);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasSlot);
}

/**
 * The value with every slot in it filled. Throws `SLOT_INVALID`, `SLOT_CALL_CHANGES` for a function that a plan must not
 * call, and what the function throws.
 */
export async function fillSlots(value: unknown, context: Context, test: boolean): Promise<unknown> {
  if (typeof value === 'string') return value.startsWith(prefix) ? fill(value, context, test) : value;
  if (Array.isArray(value)) return Promise.all(value.map((each) => fillSlots(each, context, test)));
  if (value instanceof Map) {
    const pairs = [...value].map(async ([key, each]) => [key, await fillSlots(each, context, test)] as const);
    return new MixedMap(await Promise.all(pairs));
  }
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(async ([key, each]) => [key, await fillSlots(each, context, test)]);
  return Object.fromEntries(await Promise.all(entries));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(value instanceof Numeral || value instanceof Uint8Array);
}

/** What is wrong with the slots of a value, as far as it can be told before their turn: `SLOT_INVALID`, `FUNCTION_UNKNOWN`. */
export function verifySlots(node: Node, registry: Registry, problems: Problems): void {
  if (node.kind === 'list') for (const item of node.items) verifySlots(item, registry, problems);
  if (node.kind === 'map') for (const { value } of node.entries) verifySlots(value, registry, problems);
  const text = node.kind === 'scalar' ? node.value : undefined;
  if (typeof text !== 'string' || !text.startsWith(prefix)) return;
  const slot = parse(text);
  if (slot === undefined) problems.addError(withPlace(invalid(text), node.at));
  else if (!registry.functions.has(slot.name))
    problems.addError(withPlace(functionUnknown(slot.name, registry), node.at));
}

async function fill(text: string, context: Context, test: boolean): Promise<unknown> {
  const slot = parse(text);
  if (slot === undefined) throw invalid(text);
  const { name, args, path, tail } = slot;
  if (test && context.registry.functions.get(name)?.changes) throw callChanges(name);
  const positional: unknown[] = [];
  const named: Record<string, unknown> = {};
  for (const part of splitArguments(args)) {
    const [, key, value = part] = /^([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(part) ?? [];
    if (key === undefined) positional.push(literal(part));
    else named[key] = literal(value);
  }
  const result = await context.call(name, named, positional);
  const found = path === '' ? result : lookup(result, path.slice(1), '.');
  return tail === undefined ? found : `${found}${tail}`;
}

/** `mod.fun(1, "x", key=value)`, then `.a.b` into the result, then ` ~ text` behind it. */
function parse(text: string): { name: string; args: string; path: string; tail: string | undefined } | undefined {
  const [, name, args = '', path = '', tail] =
    /^([\w.]+)\((.*)\)((?:\.[\w-]+)*)(?:\s*~\s*(.*))?$/s.exec(text.slice(prefix.length)) ?? [];
  return name === undefined ? undefined : { name, args, path, tail };
}

function callChanges(name: string): ZesterError {
  return new ZesterError(
    'source',
    'SLOT_CALL_CHANGES',
    `Cannot fill a slot with "${name}" while planning: it may change the machine`,
    { hint: 'Use a function that only reads; an apply calls it' },
  );
}

function invalid(text: string): ZesterError {
  return new ZesterError('source', 'SLOT_INVALID', `Cannot fill the slot "${text}": it is not a call`, {
    hint: 'Write __slot__:salt:module.function(arguments)',
  });
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
      return readJson(text);
    } catch {
      return text;
    }
  }
  return /^-?\d+(\.\d+)?$/.test(text) ? Numeral.read(text) : text;
}
