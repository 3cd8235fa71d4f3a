import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { placeText, ZesterError } from '#base/errors.ts';
import { excerptOf } from '#base/excerpt.ts';
import { newJid } from '#base/ids.ts';
import { type Flag, flagValues, readFlags } from '#base/options.ts';
import { type Outlet, standardError, standardOutput } from '#base/outlet.ts';
import { durationText, startWatch, systemClock } from '#base/time.ts';
import { jsonText, visible, visibleLine } from '#base/visible.ts';
import { quoted } from '#engine/quote.ts';
import { refsOf } from '#engine/tree.ts';
import { collectFacts } from '#facts/collect.ts';
import { saltGrains } from '#facts/grains.ts';
import { realMachine } from '#machine/real.ts';
import type { Scope } from '#render/render.ts';
import { baseEnvironment, readFolders } from '#wire/environments.ts';
import { type ErrorBody, errorBody } from '#wire/error.ts';
import type { Return } from '#wire/job.ts';
import { isCalm, type Outcome, type Report } from '#wire/outcome.ts';
import { expired } from '../shared/expired.ts';
import type { RunRequest } from '../shared/run-protocol.ts';
import { environmentsOf, type LocalTree, localTree } from '../shared/tree.ts';
import { ownProgram } from './compiled-store.ts';
import { localWorker } from './main.ts';

export const localFlags = [
  {
    name: 'states',
    type: 'string',
    summary: 'Folder of the state tree: of its environment "base"',
    default: '/var/lib/zester/states',
  },
  {
    name: 'env',
    type: 'map',
    summary: 'Folder of a further environment, dev=/srv/dev; given again, another environment or another folder for it',
    default: {},
  },
  { name: 'saltenv', type: 'string', summary: 'Environment to take states from, and the only one of a highstate' },
  { name: 'link-dirs', type: 'list', summary: 'Folders outside of the state tree that its links may lead into' },
  { name: 'settings', type: 'string', summary: 'YAML file of settings' },
  { name: 'root', type: 'string', summary: 'Folder that is managed instead of /', default: '/' },
  {
    name: 'data',
    type: 'string',
    summary: 'Folder of what runs leave, for state.revert; that of a peel on this machine when left out',
  },
  { name: 'id', type: 'string', summary: 'Id to act under', default: 'local' },
  { name: 'local', type: 'bool', summary: 'Apply on this machine, without any master' },
  { name: 'test', type: 'bool', summary: 'Plan only' },
  { name: 'json', type: 'bool', summary: 'Print one JSON object, errors too' },
  { name: 'verbose', type: 'bool', short: 'v', summary: 'Show states that are as they should be, too' },
  { name: 'timeout', type: 'duration', summary: 'End the run after this long', default: 3_600_000 },
] as const satisfies readonly Flag[];

const usage = [
  'Usage: zester-peel check [ref…] --states DIR      compile state files, touch nothing',
  '       zester-peel apply --local [ref…] [--test]  apply them here, without any master (the top file when no ref is given)',
  ...localFlags.map(({ name, summary }) => `  --${name.padEnd(10)} ${summary}`),
].join('\n');

/** Work without a master: `check` compiles, `apply --local` applies. Exit codes: 0, 2 when a state failed, 64 for usage and source errors. */
export async function runLocal(verb: 'check' | 'apply', argv: readonly string[]): Promise<number> {
  try {
    if (argv.includes('--help')) return say(usage, 0);
    const { flags: given, words } = readFlags(argv, localFlags);
    const options = flagValues(localFlags, given) as unknown as LocalOptions;
    if (verb === 'apply' && !options.local) {
      throw new ZesterError('usage', 'LOCAL_MISSING', 'Cannot apply: a master sends states to this peel', {
        hint: 'Add --local to apply files of this machine',
      });
    }
    return await run(verb, words, options);
  } catch (error) {
    if (argv.includes('--json')) await printJson(standardError, { error: errorBody(error) });
    else void standardError.write(`${visible(errorText(error))}\n`);
    return 64;
  }
}

interface LocalOptions {
  readonly states: string;
  readonly env: Readonly<Record<string, unknown>>;
  readonly saltenv: string | undefined;
  readonly linkDirs: readonly string[];
  readonly settings: string | undefined;
  readonly root: string;
  readonly data: string | undefined;
  readonly id: string;
  readonly local: boolean;
  readonly test: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly timeout: number;
}

async function run(verb: 'check' | 'apply', refs: readonly string[], options: LocalOptions): Promise<number> {
  const { root, id, test, json, verbose, timeout } = options;
  const worker = localWorker({
    root,
    runs: join(options.data ?? dataFolder(root), 'runs'),
    program: ownProgram(),
    immutable: false,
  });
  const { facts } = await collectFacts(realMachine(root === '/' ? {} : { root }), ['identity']);
  const named = { ...facts, id };
  const grains = saltGrains(named, { master: 'salt' });
  const scope = { id, facts: named, grains, settings: {} };
  const request: RunRequest = {
    jid: newJid(),
    function: refs.length === 0 ? 'state.highstate' : 'state.apply',
    args: refs.length === 0 ? {} : { mods: [...refs] },
    test: test || verb === 'check',
    dueAt: systemClock.monotonic() + timeout,
    timeoutMs: timeout,
    peel: id,
    facts: { ...named, grains },
    settings: options.settings === undefined ? {} : await readSettings(options.settings, scope),
    tree: treeOf(options),
  };
  if (verb === 'check') return check(worker, request, refs, json);

  const watch = startWatch();
  const result = await worker.run(request, {
    signal: AbortSignal.any([over(timeout), interrupted()]),
    onOutcome(outcome) {
      if (!json && (verbose || !isCalm(outcome))) say(outcomeText(outcome), 0);
    },
  });
  const code = result.error ? 64 : result.success ? 0 : 2;
  if (json) {
    const head = { v: 1, jid: request.jid, peel: id, status: 'done', startedAt: watch.startedAt } as const;
    return printAnswer({ ...head, ms: watch.elapsed(), ...result }, code);
  }
  if (result.error) void standardError.write(`${visible(bodyText(result.error))}\n`);
  if (result.report) say(summaryText(result.report), 0);
  return code;
}

/** The same that `zester --json` prints of a peel. */
async function printAnswer(returned: Return, code: number): Promise<number> {
  // What describes it is loaded for those only who read it.
  const [{ Answer }, { answerOf }, { published }] = await Promise.all([
    import('#wire/json/answer.ts'),
    import('#wire/json/answer-of.ts'),
    import('#wire/json/shape.ts'),
  ]);
  await printJson(standardOutput, published(Answer, answerOf(returned)));
  return code;
}

function printJson(to: Outlet, value: unknown): Promise<void> {
  return to.write(`${jsonText(value, 2)}\n`);
}

/** Aborts after `timeout`, and says so to what is stopped by it. */
function over(timeout: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(expired(timeout)), timeout).unref();
  return controller.signal;
}

/** Aborts at the first Ctrl-C, so that what runs is ended and told; a second one ends this process at once. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

/** Where a peel of this machine would keep its runs: so one lock is for both, and either can take a run back. */
function dataFolder(root: string): string {
  if (root !== '/') return join(root, 'var/lib/zester');
  return process.getuid?.() === 0 ? '/var/lib/zester' : join(homedir(), '.local/state/zester');
}

/** Everything findable without a machine: nothing is planned, nothing is read of it. */
function check(
  worker: ReturnType<typeof localWorker>,
  request: RunRequest,
  refs: readonly string[],
  json: boolean,
): number | Promise<number> {
  const scope = worker.scopeOf(request);
  const engine = worker.engineOf(request.tree);
  const targets = refs.length > 0 ? refs.map((ref) => ({ ref, env: request.tree.env })) : allRefs(request.tree);
  const environments = environmentsOf(request.tree, { immutable: false });
  const problems: ErrorBody[] = [];
  let steps = 0;
  for (const { ref, env } of targets) {
    try {
      steps += engine.compile([ref], { scope, env }).graph.steps.length;
    } catch (error) {
      problems.push(quoted(errorBody(error), environments));
    }
  }
  const code = problems.length === 0 ? 0 : 64;
  if (json) return printJson(standardOutput, { files: targets.length, steps, problems }).then(() => code);
  for (const problem of problems) void standardError.write(`${visible(bodyText(problem))}\n`);
  return say(`${targets.length} state files, ${steps} steps, ${problems.length} with errors`, code);
}

function allRefs(tree: LocalTree): readonly { readonly ref: string; readonly env: string }[] {
  const environments = [...environmentsOf(tree, { immutable: false })];
  const chosen = environments.filter(([env]) => tree.env === undefined || env === tree.env);
  return chosen.flatMap(([env, each]) => refsOf(each).map((ref) => ({ ref, env })));
}

function treeOf({ states, env, saltenv, linkDirs }: LocalOptions): LocalTree {
  const tree = { ...localTree(states, readFolders(env), saltenv), linkDirs };
  for (const [name, folders] of Object.entries(tree.folders)) {
    const missing = folders.find((folder) => !statSync(folder, { throwIfNoEntry: false })?.isDirectory());
    if (missing === undefined) continue;
    const flag = name === baseEnvironment ? '--states DIR' : `--env ${name}=DIR`;
    throw new ZesterError(
      'usage',
      'STATES_MISSING',
      `Cannot read the environment "${name}": "${missing}" is no folder`,
      {
        hint: `Name one with ${flag}`,
      },
    );
  }
  return tree;
}

/** A settings file is a template like any other. */
async function readSettings(path: string, scope: Scope): Promise<Readonly<Record<string, unknown>>> {
  const { createRenderer, plain, toValue } = await import('#render/render.ts');
  const renderer = createRenderer({ read: () => undefined });
  const document = renderer.renderDocument({ path, text: readFileSync(path, 'utf8'), scope });
  const value: unknown = plain(toValue(document));
  if (value instanceof Map) return Object.fromEntries(value) as Record<string, unknown>;
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new ZesterError(
    'source',
    'SETTINGS_NOT_A_MAP',
    `Cannot use the settings of "${path}": the file does not hold a map`,
  );
}

function outcomeText({ result, state, id, name, diff, error, because, skipReason, ms }: Outcome): string {
  const what = `${result.padEnd(12)} ${visibleLine(`${state} ${id}${name && name !== id ? ` (${name})` : ''}`)}  ${durationText(ms)}`;
  const why = because ? ` because of ${because.join(', ')}` : '';
  const notes = [diff, skipReason && `${skipReason}${why}`, error && bodyText(error)].filter((each) => each);
  return [
    what,
    ...notes.flatMap((note) =>
      visible(String(note))
        .split('\n')
        .map((line) => `    ${line}`),
    ),
  ].join('\n');
}

function summaryText({ counts, ms }: Report): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return `${parts.map(([result, count]) => `${count} ${result}`).join(', ') || 'nothing to do'} in ${durationText(ms)}`;
}

function errorText(thrown: unknown): string {
  return bodyText(errorBody(thrown));
}

function bodyText({ at, message, code, hint, details = {} }: Omit<ErrorBody, 'family'>): string {
  const excerpt = at && excerptOf(at);
  const lines = [
    `${at ? `${placeText(at)}: ` : ''}${message} [${code}]`,
    ...(excerpt ? excerpt.split('\n').map((line) => `  ${line}`) : []),
    ...(hint ? [`  ${hint}`] : []),
  ];
  for (const [key, value] of Object.entries(details)) lines.push(`  ${key}: ${value}`);
  return lines.join('\n');
}

function say(text: string, code: number): number {
  void standardOutput.write(`${text}\n`);
  return code;
}
