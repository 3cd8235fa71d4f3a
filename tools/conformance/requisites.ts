import * as fs from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { isError, ZesterError } from '#base/errors.ts';
import { CompileErrors, createEngine, type EngineSettings, type Finished, type RunScope } from '#engine/engine.ts';
import { stateFunctions } from '#engine/state-functions.ts';
import type { Tree } from '#engine/tree.ts';
import type { Registry } from '#kit/function.ts';
import { state } from '#kit/state.ts';
import { realMachine } from '#machine/real.ts';
import { registry as modules } from '#modules/registry.ts';
import { match } from '#target/match.ts';
import { parse as parseTarget } from '#target/parse.ts';
import type { ParseOptions } from '#target/syntax.ts';

const word = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** One expected result, as the case files write it. */
const Expected = z.object({
  id: word,
  fun: z.string(),
  name: word.optional(),
  result: z.boolean().nullable(),
  changes: z.boolean(),
});
type Expected = z.output<typeof Expected>;

const Case = z.object({
  name: z.string(),
  sls: z.string().optional(),
  sls_name: z.string().default('case'),
  path: z.string().optional(),
  files: z.record(z.string(), z.string()).default({}),
  test_mode: z.boolean().default(false),
  pillar: z.record(z.string(), z.unknown()).default({}),
  grains: z.record(z.string(), z.unknown()).default({}),
  opts: z.record(z.string(), z.unknown()).default({}),
  highstate: z.boolean().default(false),
  args: z.array(z.unknown()).optional(),
  expect: z.array(Expected).optional(),
  expect_3008: z.array(Expected).optional(),
  expect_error: z.array(z.string()).optional(),
  expect_error_3008: z.array(z.string()).optional(),
  expect_log: z.array(z.string()).optional(),
});
type Case = z.output<typeof Case>;

/** What a run came to. */
type Result = { readonly outcomes: readonly Finished[] } | { readonly errors: readonly string[] };

const scratch = '/tmp/zester-cases';

/**
 * Runs a file of recorded cases. Each is compiled as Zester does by default, and when that is not what was recorded,
 * Salt 3006's way (`late`); it passes when either gives what one of the two recorded engines gave.
 */
export async function run(
  file: string,
  { verbose = false } = {},
): Promise<{ cases: number; passed: number; failed: string[] }> {
  const cases = z.array(Case).parse(parse(fs.readFileSync(file, 'utf8')));
  const failed: string[] = [];
  for (const each of cases) {
    const complaints: string[] = [];
    for (const late of [false, true]) {
      const complaint = await tryCase(each, late);
      if (complaint === undefined) {
        complaints.length = 0;
        break;
      }
      complaints.push(`${late ? 'late' : 'strict'}: ${complaint}`);
    }
    if (complaints.length === 0) continue;
    failed.push(each.name);
    if (verbose) process.stderr.write(`${each.name}\n  ${complaints.join('\n  ')}\n`);
  }
  return { cases: cases.length, passed: cases.length - failed.length, failed };
}

/** What is wrong with the result of a case, if anything. */
async function tryCase(each: Case, late: boolean): Promise<string | undefined> {
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch, { recursive: true });
  const result = await apply(each, late).catch((error: unknown) => ({ errors: [`it threw ${String(error)}`] }));
  const complaint = judge(each, result);
  if (complaint !== undefined || each.expect_log === undefined || 'errors' in result) return complaint;
  const log = fs.existsSync(`${scratch}/log`) ? fs.readFileSync(`${scratch}/log`, 'utf8').trim().split('\n') : [];
  return JSON.stringify(log) === JSON.stringify(each.expect_log) ? undefined : `the log says ${log.join(', ')}`;
}

async function apply(each: Case, late: boolean): Promise<Result> {
  const { base, others } = treesOf(each);
  const engine = createEngine({
    registry: registryFor(),
    tree: base,
    environments: others,
    settings: settingsOf(each, late),
  });
  const scope: RunScope = {
    id: 'case.example.com',
    facts: { id: 'case.example.com', os: 'Debian', os_family: 'Debian', ...each.grains },
    settings: each.pillar,
  };
  const subject = {
    id: scope.id,
    facts: {},
    grains: scope.facts as Readonly<Record<string, unknown>>,
    settings: each.pillar,
  };
  const groups = (each.opts.nodegroups ?? {}) as NonNullable<ParseOptions['groups']>;
  const matches = (target: string, kind: string) =>
    match(parseTarget(target, kind === 'native' ? {} : { dialect: 'salt', type: kind as never, groups }), subject);
  const positional = each.args?.filter((arg) => typeof arg === 'string' && !/^\w+=/.test(arg)) ?? [each.sls_name];
  const named = Object.fromEntries(
    (each.args ?? []).flatMap((arg) =>
      typeof arg === 'string' && /^\w+=/.test(arg) ? [[arg.split('=')[0], arg.replace(/^\w+=/, '')]] : [],
    ),
  );
  const name = each.highstate ? 'state.highstate' : 'state.apply';
  const args = {
    ...(each.highstate || positional.length === 0 ? {} : { mods: positional }),
    ...named,
    test: each.test_mode || each.opts.test === true,
  };
  try {
    const answer = await stateFunctions
      .get(name)
      ?.run(args, { engine, machine: realMachine(), scopeFor: () => scope, matches });
    if (answer === undefined || !('run' in answer)) throw new ZesterError('bug', 'NO_RUN', `${name} did not run`);
    const outcomes: Finished[] = [];
    for await (const finished of answer.run) outcomes.push(finished);
    return { outcomes: outcomes.toSorted((a, b) => a.sequence - b.sequence) };
  } catch (error) {
    if (error instanceof CompileErrors) return { errors: error.errors.map(({ message }) => message) };
    if (isError(error)) return { errors: [error.message] };
    throw error;
  }
}

function judge(each: Case, result: Result): string | undefined {
  if ('errors' in result) {
    const recorded = [each.expect_error, each.expect_error_3008].filter((errors) => errors !== undefined);
    if (recorded.some((errors) => errors.every((text) => result.errors.some((error) => saysSo(error, text)))))
      return undefined;
    return isNothingToDo(each, result.errors) ? undefined : `compile errors: ${result.errors.join(' | ')}`;
  }
  const got = result.outcomes.filter(({ outcome }) => outcome.skipReason !== 'failhard_abort');
  const recorded = [each.expect, each.expect_3008].filter((expected) => expected !== undefined);
  const complaints = recorded.map((expected) => differenceFrom(expected, got, each.test_mode));
  if (complaints.some((complaint) => complaint === undefined)) return undefined;
  return complaints[0] ?? `expected errors, got ${got.map(shown).join('; ')}`;
}

/** Salt reports a highstate without matches as the failure of a state that does not exist. */
function isNothingToDo(each: Case, errors: readonly string[]): boolean {
  const [only] = each.expect ?? [];
  return (
    each.highstate &&
    each.expect?.length === 1 &&
    only?.fun.startsWith('no.') === true &&
    errors.some((error) => /^(No Top file|Cannot apply the highstate)/.test(error))
  );
}

/** Whether a message says what was recorded. Renderers word their own failures, and a cycle has no first member. */
function saysSo(message: string, recorded: string): boolean {
  if (message.includes(recorded) || message.trim() === recorded.trim()) return true;
  const unrendered = unrenderedIn(recorded);
  if (unrendered) return unrenderedIn(message) === unrendered;
  if (/recursive requisite/i.test(recorded)) return /Recursive requisites were found/.test(message);
  const unmatched = /^Referenced state does not exist for requisite \[[^\]]*\]/.exec(recorded)?.[0];
  return unmatched !== undefined && message.startsWith(unmatched);
}

/** The file that a message says cannot be rendered; Salt names its environment only for errors it knows. */
function unrenderedIn(message: string): string | undefined {
  return /^Rendering SLS '?(?:[^':]*:)?([^' ]+)'? failed/.exec(message)?.[1];
}

function differenceFrom(expected: readonly Expected[], got: readonly Finished[], test: boolean): string | undefined {
  for (const [index, each] of expected.entries()) {
    const finished = got[index];
    if (finished === undefined) return `${each.id} is missing`;
    if (!isSame(each, finished, test))
      return `expected ${each.id} ${each.fun} ${each.result} ${each.changes}, got ${shown(finished)}`;
  }
  const surplus = got[expected.length];
  return surplus && `unexpected ${shown(surplus)}`;
}

function isSame(
  { id, fun, name = id.replace(/^listener_/, ''), result, changes }: Expected,
  finished: Finished,
  test: boolean,
): boolean {
  const { outcome } = finished;
  const actual = salted(finished);
  if (outcome.id !== id || outcome.state !== fun || (outcome.name !== name && !id.startsWith('listen'))) return false;
  if (actual.result === result && actual.changes === changes) return true;
  // Salt's own mod_watch of `test` does not know test mode and says it has fired; ours says that it would.
  return test && outcome.refreshed === true && result === true && changes;
}

/** An outcome in Salt's terms: true, false or None, and whether there are changes. */
function salted({ outcome }: Finished): { readonly result: boolean | null; readonly changes: boolean } {
  const changes = outcome.refreshed === true || Object.keys(outcome.changes ?? {}).length > 0;
  const { result, skipReason } = outcome;
  if (result === 'failed') return { result: false, changes };
  if (result === 'would-change' || result === 'cannot-tell') return { result: null, changes };
  return { result: skipReason !== 'require_failed' && skipReason !== 'canceled', changes };
}

function shown(finished: Finished): string {
  const { id, state: fun, name } = finished.outcome;
  const { result, changes } = salted(finished);
  return `${id} ${fun} ${name} ${result} ${changes}`;
}

function treesOf(each: Case): { readonly base: Tree; readonly others: Readonly<Record<string, Tree>> } {
  const files: Record<string, Record<string, string>> = { base: {} };
  const add = (path: string, text: string) => {
    const [, env = 'base', inside = path] = /^@([^/]+)\/(.*)$/s.exec(path) ?? [];
    files[env] = { ...files[env], [inside]: text };
  };
  for (const [path, text] of Object.entries(each.files)) add(path, text);
  if (each.sls !== undefined) add(each.path ?? `${each.sls_name.replaceAll('.', '/')}.sls`, each.sls);
  const { base = {}, ...others } = Object.fromEntries(
    Object.entries(files).map(([env, content]) => [env, treeOf(content)]),
  );
  return { base: base as Tree, others };
}

function treeOf(files: Readonly<Record<string, string>>): Tree {
  return {
    read: (path) => files[path],
    list: (prefix) => Object.keys(files).filter((path) => path.startsWith(prefix)),
  };
}

function settingsOf({ opts }: Case, late: boolean): Partial<EngineSettings> {
  const text = (key: string) => (typeof opts[key] === 'string' ? { value: opts[key] } : undefined);
  const strategy = z.enum(['merge', 'same', 'merge_all']).safeParse(opts.top_file_merging_strategy);
  const envOrder = z.array(z.string()).safeParse(opts.env_order);
  return {
    late,
    failhard: opts.failhard === true,
    autoOrder: opts.state_auto_order !== false,
    ...(strategy.success ? { topStrategy: strategy.data } : {}),
    ...(envOrder.success ? { envOrder: envOrder.data } : {}),
    defaultTop: text('default_top')?.value ?? 'base',
    topEnv: text('state_top_saltenv')?.value,
  };
}

/** The project's own modules, and for the cases a state without a refresh that always changes something. */
function registryFor(): Registry {
  if (modules.states.has('environ.setenv')) return modules;
  const setenv = state({
    name: 'environ.setenv',
    summary: 'Stands in for a module without a refresh',
    args: z.object({ name: z.string(), value: z.string() }),
    check: async ({ value }) => ({ value: { from: undefined, to: value } }),
    apply: async () => undefined,
    examples: [],
  });
  return { ...modules, states: new Map([...modules.states, [setenv.name, setenv]]) };
}
