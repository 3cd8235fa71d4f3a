/**
 * Compiles public formulas and compares the low state with what Salt made of them, chunk by chunk:
 * `npm run conformance -- lowstate --golden GOLDEN.jsonl.gz --formulas FOLDER [--profiles FILE] [--only nginx] [--verbose]`.
 * FOLDER holds a checkout `<formula>-formula` of each formula; those that are missing are left out. The machines are those
 * of `grain-profiles.yaml` beside GOLDEN, or else beside this file.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import * as z from 'zod';
import { isError } from '#base/errors.ts';
import { textKeyed } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { createEngine, type Engine, type RunScope } from '#engine/engine.ts';
import { plainOf } from '#engine/node.ts';
import { refsOf, type Tree } from '#engine/tree.ts';
import { createRenderer } from '#render/render.ts';

export interface LowstateOptions {
  readonly formulas?: string | true;
  readonly profiles?: string | true;
  /** One formula alone. */
  readonly only?: string | true;
  /** Tell, for each difference, the first chunk that differs. */
  readonly verbose?: string | boolean;
}

const Golden = z.object({
  formula: z.string(),
  path: z.string(),
  sls: z.string(),
  profile: z.string(),
  pillar: z.string(),
  /** SHA-256 of the canonical chunks, or how it begins. */
  sha: z.string(),
  /** What is known of each chunk; nothing, in a table of formulas. */
  chunks: z.array(z.string()),
});
type Golden = z.output<typeof Golden>;

const Profiles = z.object({
  base: z.record(z.string(), z.unknown()),
  profiles: z.record(z.string(), z.record(z.string(), z.unknown())),
  stubbed_results: z.record(z.string(), z.unknown()),
});
type Profiles = z.output<typeof Profiles>;

type Data = Readonly<Record<string, unknown>>;

export async function run(
  file: string,
  options: LowstateOptions,
): Promise<{ cases: number; passed: number; failed: string[] }> {
  const folder = typeof options.formulas === 'string' ? options.formulas : path.dirname(file);
  const profiles = Profiles.parse(parse(fs.readFileSync(profilesFor(file, options), 'utf8')));
  const failed: string[] = [];
  let cases = 0;
  for (const [formula, lines] of byFormula(readGolden(file))) {
    const root = checkoutOf(folder, formula);
    if (root === undefined || (typeof options.only === 'string' && options.only !== formula)) continue;
    const world = openFormula(root, profiles);
    for (const golden of lines) {
      cases++;
      const difference = differenceFrom(golden, world);
      if (difference === undefined) continue;
      const name = `${golden.formula}: ${golden.sls} on ${golden.profile} with ${golden.pillar}`;
      failed.push(options.verbose ? `${name}: ${difference}` : name);
    }
  }
  return { cases, passed: cases - failed.length, failed };
}

function profilesFor(golden: string, { profiles }: LowstateOptions): string {
  if (typeof profiles === 'string') return profiles;
  const beside = path.join(path.dirname(golden), 'grain-profiles.yaml');
  return fs.existsSync(beside) ? beside : path.join(import.meta.dirname, 'grain-profiles.yaml');
}

function readGolden(file: string): readonly Golden[] {
  if (file.endsWith('.tsv')) return readTable(fs.readFileSync(file, 'utf8'));
  const bytes = fs.readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => Golden.parse(JSON.parse(line)));
}

/** The reference run of each file of `formulas.tsv` that has one. */
function readTable(text: string): readonly Golden[] {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const columns = header.split('\t');
  return lines.flatMap((line) => {
    const cells = line.split('\t');
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '-';
    const [profile = '', pillar] = cell('reference_run').split('+');
    if (pillar === undefined) return [];
    const file = cell('sls_path');
    const sls = file.replace(/(\/init)?\.sls$/, '').replaceAll('/', '.');
    return [{ formula: cell('formula'), path: file, sls, profile, pillar, sha: cell('reference_sha16'), chunks: [] }];
  });
}

function byFormula(lines: readonly Golden[]): ReadonlyMap<string, readonly Golden[]> {
  return Map.groupBy(lines, ({ formula }) => formula);
}

function checkoutOf(folder: string, formula: string): string | undefined {
  return [`${formula}-formula`, formula].map((name) => path.join(folder, name)).find((each) => fs.existsSync(each));
}

interface World {
  readonly engine: Engine;
  scopeFor(profile: string, pillar: string): RunScope;
}

/** One formula, compiled for as many machines as are asked for. */
function openFormula(root: string, profiles: Profiles): World {
  const tree = diskTree(root);
  const engine = createEngine({ registry: { states: new Map(), functions: new Map() }, tree });
  const scopes = new Map<string, RunScope>();
  return {
    engine,
    scopeFor(profile, pillar) {
      const key = `${profile} ${pillar}`;
      const known = scopes.get(key);
      if (known) return known;
      const grains = { ...profiles.base, ...profiles.profiles[profile] };
      const bare = scopeOf(grains, {}, profiles, tree);
      const scope = scopeOf(grains, { ...pillarOf(root, pillar, tree, bare), _x: 1 }, profiles, tree);
      scopes.set(key, scope);
      return scope;
    },
  };
}

function differenceFrom(
  { sls, profile, pillar, sha, chunks }: Golden,
  { engine, scopeFor }: World,
): string | undefined {
  let canonical: readonly { readonly name: string; readonly line: string }[];
  try {
    canonical = engine.showLow([sls], { scope: scopeFor(profile, pillar) }).map((chunk) => ({
      name: `${chunk.state}.${chunk.fun}`,
      line: canonicalJson(chunk),
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (hashOf(canonical.map(({ line }) => line).join('\n')).startsWith(sha)) return undefined;
  const own = canonical.map(({ name, line }) => `${name}:${hashOf(line).slice(0, 8)}`);
  const index = own.findIndex((each, position) => each !== chunks[position]);
  if (index < 0) return `${chunks.length - own.length} chunks are missing at the end`;
  return `chunk ${index + 1} should be ${chunks[index] ?? 'nothing'}, is ${canonical[index]?.line}`;
}

/** Sorted keys, no spaces; whole floats are integers already. What only orders or places a chunk is left out. */
function canonicalJson(chunk: Data): string {
  const { __env__, order, name_order, ...rest } = chunk;
  return JSON.stringify(sorted(rest));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value instanceof Numeral) return value.valueOf();
  if (value instanceof Map) return sorted(textKeyed(value));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function scopeOf(grains: Data, pillar: Data, { stubbed_results: stubs }: Profiles, tree: Tree): RunScope {
  const options = { id: 'web01.example.com', saltenv: 'base', file_client: 'local', test: false };
  return {
    id: options.id,
    facts: grains,
    grains,
    settings: pillar,
    options,
    has: () => true,
    call: (name, args) => (real(name, args, tree) ?? { value: stubs[name] ?? '' }).value,
  };
}

/** The execution functions that were not stubbed when the golden file was made. */
function real(name: string, args: readonly unknown[], tree: Tree): { readonly value: unknown } | undefined {
  const [first = ''] = args.map(String);
  switch (name) {
    case 'cp.list_states':
      return { value: refsOf(tree) };
    case 'cp.list_master':
      return { value: tree.list('').toSorted() };
    case 'cp.cache_file':
      return { value: tree.read(first.replace(/^salt:\/\//, '')) === undefined ? false : first };
    case 'file.file_exists':
      return { value: fs.statSync(first, { throwIfNoEntry: false })?.isFile() ?? false };
    case 'file.directory_exists':
      return { value: fs.statSync(first, { throwIfNoEntry: false })?.isDirectory() ?? false };
    case 'cmd.which':
      return { value: which(first) ?? null };
    case 'cmd.has_exec':
      return { value: which(first) !== undefined };
    case 'pkg.version_cmp':
      return { value: compareVersions(first, String(args[1] ?? '')) };
    case 'environ.get':
      return { value: process.env[first] ?? '' };
    default:
      return undefined;
  }
}

/** Numbers by their value, anything else as text. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.match(/\d+|[a-z]+/gi) ?? []);
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const [one = '', other = ''] = [left?.[index], right?.[index]];
    if (one === other) continue;
    const difference = Number(one) - Number(other);
    return Math.sign(Number.isNaN(difference) ? one.localeCompare(other) : difference) || -1;
  }
  return 0;
}

function which(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.map((folder) => path.join(folder, program)).find((each) => fs.existsSync(each));
}

/** The pillar set by its name: nothing, the formula's example, or what a test suite of it uses. */
function pillarOf(root: string, pillar: string, tree: Tree, scope: RunScope): Data {
  if (pillar === 'empty') return {};
  // An example that does not load was an empty pillar when the golden file was made.
  if (pillar === 'example') return loaded(() => renderData('pillar.example', tree, scope)) ?? {};
  const suite = pillar.replace(/^kitchen:/, '');
  return suiteFiles(root, suite, tree, scope).reduce<Data>(
    (merged, each) => deepMerge(merged, renderData(each, tree, scope)),
    {},
  );
}

function loaded<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

const Kitchen = z.object({
  suites: z.array(
    z.object({
      name: z.string(),
      provisioner: z
        .object({
          pillars_from_files: z
            .union([z.record(z.string(), z.string()), z.array(z.record(z.string(), z.string()))])
            .optional(),
        })
        .optional(),
    }),
  ),
});

function suiteFiles(root: string, suite: string, tree: Tree, scope: RunScope): readonly string[] {
  const file = ['kitchen.yml', '.kitchen.yml'].find((name) => fs.existsSync(path.join(root, name))) ?? 'kitchen.yml';
  const { suites } = Kitchen.parse(renderData(file, tree, scope, '#!yaml\n'));
  const listed = suites.find(({ name }) => name === suite)?.provisioner?.pillars_from_files ?? {};
  return (Array.isArray(listed) ? listed : [listed]).flatMap((each) => Object.values(each));
}

function renderData(file: string, tree: Tree, scope: RunScope, shebang = ''): Data {
  const text = tree.read(file);
  if (typeof text !== 'string') throw new Error(`Cannot read "${file}": the formula has no such file`);
  const renderer = createRenderer({ read: (each) => textAt(tree, each) });
  const sls = file.replace(/\.sls$/, '').replaceAll('/', '.');
  return plainOf(renderer.renderDocument({ path: file, text: shebang + text, sls, scope })) as Data;
}

function textAt(tree: Tree, file: string): string | undefined {
  const content = tree.read(file);
  return typeof content === 'string' ? content : undefined;
}

/** Maps are merged, anything else of the later one wins. */
function deepMerge(base: Data, over: Data): Data {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const earlier = merged[key];
    merged[key] = isMap(earlier) && isMap(value) ? deepMerge(earlier, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A checkout as a state tree; files are read once. */
function diskTree(root: string): Tree {
  const texts = new Map<string, string | undefined>();
  const list = fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.parentPath.includes(`${path.sep}.git`))
    .map((entry) => path.join(entry.parentPath, entry.name))
    // Links are followed, as Salt's file server does.
    .filter((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile())
    .map((file) => path.relative(root, file).replaceAll(path.sep, '/'));
  const known = new Set(list);
  return {
    read(file) {
      if (!known.has(file)) return undefined;
      if (!texts.has(file)) texts.set(file, fs.readFileSync(path.join(root, file), 'utf8'));
      return texts.get(file);
    },
    list: (prefix) => list.filter((each) => each.startsWith(prefix)),
  };
}
