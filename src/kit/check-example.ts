import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isError, ZesterError } from '#base/errors.ts';
import type { Given } from '#machine/given.ts';
import type { Machine } from '#machine/machine.ts';
import { rawArguments } from './arguments.ts';
import type { Changes } from './changes.ts';
import type { Context, Formats, Outputs, Sources, Templates } from './context.ts';
import { lookup } from './data-lookup.ts';
import { type FunctionExample, functionUnknown, type ModuleFunction, type Registry } from './function.ts';
import type { State } from './state.ts';

/** Where an example is walked. */
export interface World {
  readonly context: Context;
  /** All that could change, as plain data; left out where the whole machine cannot be captured. */
  readonly snapshot?: () => unknown;
}

type AnyStateExample = State['examples'][number];
type AnyFunctionExample = FunctionExample<Readonly<Record<string, unknown>>>;

/**
 * Asserts what an example promises: the plan shows its changes and touches nothing, applying makes a second plan
 * empty, reverting brings the first plan back. The machine must be as the example gives it.
 */
export async function checkExample(
  state: State,
  example: AnyStateExample,
  { context, snapshot }: World,
): Promise<void> {
  if (isRefusal(example.expect)) return walkRefusal(state, example, { context, ...(snapshot && { snapshot }) });
  const built = state.build(rawArguments(state.args, example.args));

  const before = snapshot?.();
  const plan = await built.plan(context);
  assert.deepEqual(comparable(plan.changes), comparable(example.expect), 'the plan shows the expected changes');
  assert.deepEqual(snapshot?.(), before, 'a plan changes nothing');
  if (isEmpty(plan.changes)) return;

  await plan.apply();
  const again = await built.plan(context);
  if (example.again === 'changes') assert.ok(!isEmpty(again.changes), 'a second plan shows changes again');
  else assert.deepEqual(again.changes, {}, 'a second plan shows nothing');
  if (built.revert === undefined || example.again === 'changes') return;

  const kept = JSON.parse(JSON.stringify(plan.changes)) as Changes;
  if (example.reverts === false) {
    await assert.rejects(built.revert(kept, context), (error) => isError(error, 'REVERT_LOST'));
    return;
  }
  await built.revert(kept, context);
  const planned = await built.plan(context);
  assert.deepEqual(comparable(planned.changes), comparable(plan.changes), 'reverting brings the first plan back');
}

async function walkRefusal(state: State, example: AnyStateExample, { context, snapshot }: World): Promise<void> {
  const { refusal } = example.expect as { refusal: string };
  const before = snapshot?.();
  const refuses = (error: unknown) => isError(error, refusal) || assert.fail(`refused otherwise: ${error}`);
  const attempt = async () => {
    const plan = await state.build(rawArguments(state.args, example.args)).plan(context);
    assert.deepEqual(snapshot?.(), before, 'a plan changes nothing');
    await plan.apply();
  };
  await assert.rejects(attempt, refuses, `refuses with ${refusal}`);
}

/** Asserts what a function's example promises: its value, and that one without effects has none. */
export async function checkFunctionExample(
  called: ModuleFunction,
  example: AnyFunctionExample,
  { context, snapshot }: World,
): Promise<void> {
  const before = snapshot?.();
  const run = async () => called.run(rawArguments(called.args, example.args), context);
  if (isRefusal(example.expect)) {
    const { refusal } = example.expect;
    await assert.rejects(run, (error) => isError(error, refusal) || assert.fail(`refused otherwise: ${error}`));
  } else {
    assert.deepEqual(comparable(await run()), comparable(example.expect));
  }
  if (!called.changes) assert.deepEqual(snapshot?.(), before, 'a function without effects changes nothing');
}

export interface WorldOptions {
  readonly given?: Given | undefined;
  readonly registry?: Registry;
  /** Renders for real; by default `{{ name }}` and `{{ a.b }}` are filled in, and nothing else is known. */
  readonly templates?: Templates;
  readonly signal?: AbortSignal;
  /** Nothing matches unless given. */
  readonly matches?: Context['matches'];
}

/** A context around a machine, with the tree, facts and settings that an example gives. */
export function contextOn(machine: Machine, options: WorldOptions = {}): Context {
  const { given = {}, registry = { states: new Map(), functions: new Map() }, signal } = options;
  const { facts = {}, settings = {} } = given;
  const context: Context = {
    ...machine,
    facts,
    grains: {},
    settings,
    sources: givenSources(machine, given.tree ?? {}),
    formats: plainFormats,
    templates: options.templates ?? plainTemplates({ facts, grains: facts, settings, pillar: settings }),
    registry,
    async call(name, args, positional) {
      const called = registry.functions.get(name);
      if (called !== undefined) return called.run(rawArguments(called.args, args, positional), context);
      throw functionUnknown(name, registry);
    },
    matches: options.matches ?? (() => false),
    signal: signal ?? new AbortController().signal,
    outputs: givenOutputs(given.outputs ?? {}),
  };
  return context;
}

function givenOutputs(jobs: NonNullable<Given['outputs']>): Outputs {
  const bytesOf = (jid: string, stream: string) => {
    const text = jobs[jid]?.[stream];
    return text === undefined ? undefined : Buffer.from(text);
  };
  return {
    list: async (jid) =>
      new Map(Object.keys(jobs[jid] ?? {}).map((stream) => [stream, bytesOf(jid, stream)?.length ?? 0])),
    read: async (jid, stream, offset, length) => bytesOf(jid, stream)?.subarray(offset, offset + length),
    async digest(jid, stream, bytes) {
      const all = bytesOf(jid, stream);
      return all && createHash('sha256').update(all.subarray(0, bytes)).digest('hex');
    },
  };
}

/** Makes a real machine as an example gives it, through its own ports. */
export async function arrange(machine: Machine, given: Given = {}): Promise<void> {
  const { groups, users, files } = machine;
  for (const [name, { gid }] of Object.entries(given.groups ?? {})) {
    if ((await groups.find(name)) === undefined) await groups.add(name, { gid });
  }
  for (const [name, user] of Object.entries(given.users ?? {})) {
    if ((await users.find(name)) !== undefined) continue;
    await users.add(name, { ...user, createHome: user.hasHome !== false });
    if (user.passwordHash !== undefined) await users.setPasswordHash(name, user.passwordHash);
    if (user.ages !== undefined) await users.setPasswordAges(name, user.ages);
  }
  for (const [name, { members = [] }] of Object.entries(given.groups ?? {})) await groups.setMembers(name, members);
  for (const [path, written] of Object.entries(given.files ?? {})) {
    const file = typeof written === 'string' ? { content: written } : written;
    await files.makeDirectory(path.slice(0, path.lastIndexOf('/')) || '/', { parents: true });
    await files.remove(path);
    if (file.link !== undefined) await files.link(path, file.link);
    else if (file.directory) await files.makeDirectory(path);
    else await files.write(path, new TextEncoder().encode(file.content ?? ''));
    const [owner, group] = [await users.find(file.user ?? 'root'), await groups.find(file.group ?? 'root')];
    await files.setOwner(path, { uid: owner?.uid ?? 0, gid: group?.gid ?? 0 });
    if (file.mode !== undefined) await files.setMode(path, file.mode);
  }
}

function givenSources({ files }: Machine, tree: Readonly<Record<string, string>>): Sources {
  const inTree = (source: string) => source.replace(/^(zester|salt):\/\//, '');
  return {
    async read(source) {
      if (source.startsWith('/')) return files.read(source);
      const text = tree[inTree(source)];
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
    async list(folder) {
      const prefix = `${inTree(folder).replace(/\/$/, '')}/`;
      return Object.keys(tree)
        .filter((path) => path.startsWith(prefix))
        .toSorted();
    },
    shape: async () => ({ folders: [], links: new Map() }),
    mode: async (source) => (source.startsWith('/') ? (await files.stat(source))?.mode : undefined),
  };
}

/** JSON, and in other formats what examples need: a map of scalars. */
const plainFormats: Formats = {
  read(format, text, path) {
    try {
      return format === 'json' ? JSON.parse(text) : flatMapOf(text);
    } catch (cause) {
      throw new ZesterError('source', `${format.toUpperCase()}_SYNTAX`, `Cannot read "${path}" as ${format}`, {
        cause,
      });
    }
  },
  write(format, data) {
    const sorted = Object.entries(data as Readonly<Record<string, unknown>>).toSorted(([a], [b]) => (a < b ? -1 : 1));
    if (format === 'json') return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
    return sorted.map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');
  },
};

function flatMapOf(text: string): Readonly<Record<string, unknown>> {
  const pairs = text
    .trim()
    .split('\n')
    .map((line) => line.split(': '));
  return Object.fromEntries(pairs.map(([key, value]) => [key, JSON.parse(value ?? '')]));
}

function plainTemplates(names: Readonly<Record<string, unknown>>): Templates {
  return {
    render: (text, { context = {} }) =>
      text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, path: string) =>
        String(lookup({ ...names, ...context }, path, '.') ?? ''),
      ),
  };
}

/** Without the difference between a field that is undefined and one that is not there: JSON knows none. */
function comparable(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function isEmpty(changes: Changes): boolean {
  return Object.keys(changes).length === 0;
}

function isRefusal(expect: unknown): expect is { readonly refusal: string } {
  return typeof expect === 'object' && expect !== null && typeof (expect as { refusal?: unknown }).refusal === 'string';
}
