/**
 * Who may import whom. One table is the rule, the check and the picture:
 * `layers.ts` checks `src/`, `layers.ts --write` draws `docs/design/layers.md`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { type Finding, report } from './finding.ts';
import { type Import, importsOf, isTest, readSources, repositoryFiles, root, type SourceFile } from './source.ts';

interface Layer {
  readonly name: string;
  readonly holds: string;
  readonly imports: readonly string[];
  /** What to do when another layer seems to be needed. */
  readonly instead: string;
}

const moduleAdvice =
  'ask the machine through a port in machine/, and put what two modules share into kit/ as an ability; the engine and the bus are none of their business';

/** From the top of the stack to its bottom: the order in which things can exist, read upwards. */
export const layers: readonly Layer[] = [
  {
    name: 'bin',
    holds: 'one small entry per program',
    imports: ['cli', 'master', 'peel', 'watchdog', 'base'],
    instead: 'move the work into the layer of that program; an entry only starts it',
  },
  {
    name: 'cli',
    holds: 'the commands of `zester`, and how answers look',
    imports: ['lint', 'migrate', 'bus', 'trust', 'wire', 'base'],
    instead:
      'ask a master over the bus: the CLI knows the fleet only through wire/, and modules only through reference.json',
  },
  {
    name: 'master',
    holds: 'dispatch, enrolment, publishing, memory',
    imports: ['engine', 'render', 'target', 'tree', 'bus', 'trust', 'wire', 'pattern', 'base'],
    instead: 'put what master and peel both need into wire/ (a type), target/ or render/ (a function)',
  },
  {
    name: 'peel',
    holds: 'the agent: boot, inbox, ledger, runner',
    imports: [
      'engine',
      'modules',
      'starlark',
      'facts',
      'kit',
      'machine',
      'render',
      'target',
      'tree',
      'pattern',
      'bus',
      'trust',
      'wire',
      'base',
    ],
    instead: 'put what master and peel both need into wire/ (a type), target/ or render/ (a function)',
  },
  {
    name: 'watchdog',
    holds: 'supervision and the exchange of binaries',
    imports: ['bus', 'trust', 'wire', 'base'],
    instead: 'tell the other program over the bus; the watchdog must outlive it',
  },
  {
    name: 'migrate',
    holds: 'from Salt trees to state files',
    imports: ['lint', 'engine', 'render', 'target', 'tree', 'pattern', 'base'],
    instead: 'work on the text and its places; migration needs no fleet',
  },
  {
    name: 'lint',
    holds: 'what is wrong with a tree, found without a machine',
    imports: ['engine', 'modules', 'facts', 'kit', 'render', 'target', 'tree', 'pattern', 'base'],
    instead: 'take it as an argument: a tree is judged without any fleet or machine',
  },
  {
    name: 'engine',
    holds: 'from state files to outcomes',
    imports: ['kit', 'render', 'tree', 'wire', 'pattern', 'base'],
    instead:
      'take it as an argument: the engine is given the registry, the machine and the sources, and knows their types from kit/',
  },
  {
    name: 'modules',
    holds: 'states and functions by subject',
    imports: ['kit', 'machine', 'pattern', 'base'],
    instead: moduleAdvice,
  },
  {
    name: 'starlark',
    holds: 'modules people write themselves',
    imports: ['kit', 'machine', 'base'],
    instead: moduleAdvice,
  },
  { name: 'facts', holds: 'what a peel is, by collector', imports: ['kit', 'machine', 'base'], instead: moduleAdvice },
  {
    name: 'kit',
    holds: 'what modules are made of',
    imports: ['machine', 'wire', 'pattern', 'base'],
    instead: 'describe what you need as a type in kit/context.ts and let the caller bring it',
  },
  {
    name: 'machine',
    holds: 'the one door to the managed machine',
    imports: ['base'],
    instead: 'take it as an argument: a provider knows its tool and nothing of Zester',
  },
  {
    name: 'target',
    holds: 'one matcher for all targets',
    imports: ['wire', 'pattern', 'base'],
    instead: 'pass facts and ids in as values; matching is pure',
  },
  {
    name: 'render',
    holds: 'templates and YAML, with places',
    imports: ['pattern', 'base'],
    instead: 'pass facts, settings and functions in with the scope; rendering knows none of them',
  },
  {
    name: 'tree',
    holds: 'a folder read as a state tree, links judged',
    imports: ['base'],
    instead: 'take folders and rules as arguments; what a tree means is for engine, lint and master',
  },
  {
    name: 'pattern',
    holds: 'globs and regular expressions, in linear time',
    imports: ['base'],
    instead: 'a pattern and a text come in, a match goes out',
  },
  {
    name: 'bus',
    holds: 'the only calls that touch NATS',
    imports: ['wire', 'base'],
    instead: 'take keys and credentials as values; what a message means belongs to the layer that listens',
  },
  {
    name: 'trust',
    holds: 'keys, signatures, certificates, proofs',
    imports: ['wire', 'base'],
    instead: 'take the bytes as arguments; where they come from and go to is for master, peel and CLI',
  },
  {
    name: 'wire',
    holds: 'the protocol: schemas and channels',
    imports: ['base'],
    instead: 'put the type here and the work into the layer that does it',
  },
  {
    name: 'base',
    holds: 'errors, log, options, time, ids',
    imports: [],
    instead: 'move the file up to the layer it knows, or pass in what it needs',
  },
];

/** Rooms of one layer that keep apart as layers do: a process each, and what may be shared between them. */
const rooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  peel: { resident: ['enroll', 'shared'], enroll: ['shared'], runner: ['shared'], shared: [] },
};

/** Circles that exist through types only, each by one of its files, and why it stands. */
const typeCycles: Readonly<Record<string, string>> = {
  'src/kit/context.ts': 'a module is given the registry of all modules',
  'src/master/doctor/checks.ts': 'a doctor looks at the whole master, which has a doctor',
  'src/render/globals.ts': 'the globals of a renderer render',
  'src/render/jinja/runtime.ts': 'compiled templates run in what compiles templates',
};

interface Door {
  readonly specifiers: readonly string[];
  /** Path prefixes that may import them, each with its reason. */
  readonly open: Readonly<Record<string, string>>;
  readonly instead: string;
}

const doors: readonly Door[] = [
  {
    specifiers: ['node:child_process'],
    open: {
      'src/machine/commands.ts': 'runs the commands of the managed machine',
      'src/peel/resident/runner-child.ts': 'starts the runner, the same program as a child',
      'src/peel/runner/render-call.ts': 'waits for a function that a template calls, the same program as a child',
      'src/watchdog/': 'starts the program it supervises',
      'src/cli/pager.ts': "starts the reader's own pager",
    },
    instead: 'run commands through the `commands` port of machine/',
  },
  {
    specifiers: ['node:fs', 'node:fs/promises'],
    open: {
      'src/machine/': 'files of the managed machine',
      'src/base/options.ts': 'the options file of each program',
      'src/trust/files.ts': 'key, credential and certificate files',
      'src/peel/enroll/identity.ts': "the peel's own key and pinned id",
      'src/base/disk.ts': 'how files of our own are written so that they last',
      'src/peel/resident/journal': 'the ledger and the spool',
      'src/peel/shared/records/': 'files of records with sums: the ledger, what runs changed',
      'src/peel/resident/files.ts': 'the cached state tree',
      'src/peel/runner/kept-runs.ts': 'what the last runs changed',
      'src/peel/resident/data-lock.ts': 'the lock that one peel at a time holds on its data folder',
      'src/peel/runner/outputs.ts': 'the whole of outputs that were too long to be returned',
      'src/peel/runner/compiled-store.ts': 'compiled states, kept for the next process',
      'src/peel/runner/run-lock.ts': 'the lock that one run at a time holds',
      'src/peel/runner/local.ts': 'the settings file of a run without a master',
      'src/bin/release-memory.ts': 'what the kernel says of our own memory',
      'src/tree/': 'state trees, as everybody reads them',
      'src/master/files/': 'watches the trees a master publishes, and knows the folders it never does',
      'src/cli/config.ts': "the operator's configuration",
      'src/cli/files.ts': 'what the offline commands write',
      'src/watchdog/slots.ts': 'the places binaries live in',
      'src/migrate/folder.ts': 'the trees it writes',
    },
    instead:
      "use the `files` port of machine/ for the managed machine; for Zester's own data, use the layer's own file that has this right (tools/layers.ts lists them with reasons)",
  },
];

/** Every package in use, and the layers that may name it, types included; an empty list means all. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@nats-io/nats-core': ['bus'],
  '@nats-io/transport-node': ['bus'],
  '@nats-io/jetstream': ['bus'],
  '@nats-io/kv': ['bus'],
  '@nats-io/nkeys': ['bus', 'trust'],
  '@msgpack/msgpack': ['wire'],
  'smol-toml': ['render'],
  yaml: ['base', 'cli', 'facts'],
  zod: [],
  'zod/mini': [],
};

const entry = 'src/bin/zester-peel.ts';
const cliEntry = 'src/bin/zester.ts';

/** What the resident half of the peel must not load with it: it is on every host for ever. */
const notResident: readonly (readonly [RegExp, string])[] = [
  [/^src\/(engine|modules|starlark|render)\//, 'the runner'],
  [/^(@nats-io\/jetstream|@nats-io\/kv|yaml|zod)$/, 'a heavier library'],
];

/** What every command of the CLI would wait for, if it were loaded with it: `lint` and `migrate` bring it in. */
const notOnStart: readonly (readonly [RegExp, string])[] = [
  [/^src\/(lint|migrate|engine|modules|render)\//, 'what only authors of states need'],
];

const keptEntry = 'src/peel/runner/local.ts';

/** What a run of kept states does without: it would take longer to load than all the rest takes to run. */
const notKept: readonly (readonly [RegExp, string])[] = [
  [/^src\/(render|lint|migrate)\//, 'what renders'],
  [/^src\/engine\/compile/, 'what compiles'],
  [/^src\/modules\/(?!lazy-registry|homes)/, 'every module'],
];

/** What knows every module: the registry, the generated table of where each is, and what loads by it. */
const knowsAll: ReadonlySet<string | undefined> = new Set(['registry', 'homes', 'lazy-registry']);

/** What collectors of facts share: their reading of texts, and what walks their registry. */
const sharedFacts = /^src\/facts\/(text|registry|collect)\.ts$/;

if (import.meta.main) {
  const paths = repositoryFiles().filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
  const picture = draw();
  const pictureFile = join(root, 'docs/design/layers.md');
  if (process.argv.includes('--write')) writeFileSync(pictureFile, picture);
  report(
    [...checkLayers(readSources(paths)), ...checkPicture(pictureFile, picture)],
    `${paths.length} files keep to ${layers.length} layers`,
  );
}

export function checkLayers(sources: readonly SourceFile[]): Finding[] {
  const files = sources
    .filter(({ path }) => !isTest(path))
    .map(({ path, text }) => ({ path, imports: importsOf(text) }));
  return [...files.flatMap((file) => checkFile(file)), ...circles(files).map(cycleFinding), ...checkEntry(files)];
}

/** Circles of values, and those of types that nothing excuses. */
function circles(files: readonly Imports[]): readonly (readonly string[])[] {
  const ofTypes = findCycles(graphOf(files, ['static', 'type'])).filter(
    (cycle) => !cycle.some((path) => Object.hasOwn(typeCycles, path)),
  );
  const told = new Set(ofTypes.flat());
  const ofValues = findCycles(graphOf(files, ['static'])).filter(([first = '']) => !told.has(first));
  return [...ofTypes, ...ofValues];
}

interface Imports {
  readonly path: string;
  readonly imports: readonly Import[];
}

function checkFile({ path, imports }: Imports): Finding[] {
  const layer = layers.find(({ name }) => name === layerOf(path));
  if (layer === undefined) {
    return [
      { file: path, message: `"${layerOf(path)}" is no layer`, instead: 'move it into a layer of tools/layers.ts' },
    ];
  }
  return imports.flatMap(({ specifier }): Finding[] => {
    const finding = (message: string, instead: string) => [{ file: path, message, instead }];
    if (isBuiltin(specifier)) return checkDoors(path, specifier);
    const target = resolve(path, specifier);
    if (target === undefined) return checkPackage(path, specifier);
    const other = layerOf(target);
    if (isTest(target)) return finding(`imports the test "${specifier}"`, 'move what is shared out of the test');
    if (other === layer.name && specifier.startsWith('#')) {
      return finding(`imports its own layer as "${specifier}"`, 'import siblings by a relative path');
    }
    if (other !== layer.name && !specifier.startsWith('#')) {
      return finding(`leaves its layer by the path "${specifier}"`, `write "#${target.slice('src/'.length)}"`);
    }
    if (other !== layer.name && !layer.imports.includes(other)) {
      return finding(`${layer.name} may not import ${other} (${specifier})`, layer.instead);
    }
    return [...checkRoom(path, target), ...checkSubject(path, target)];
  });
}

/** The processes of a peel: what one of them holds is nothing to another, types included. */
function checkRoom(path: string, target: string): Finding[] {
  const layer = layerOf(path);
  const plan = rooms[layer];
  if (plan === undefined || layerOf(target) !== layer) return [];
  const [own, other] = [roomOf(path), roomOf(target)];
  if (own === other || plan[own]?.includes(other)) return [];
  const may = plan[own] === undefined ? `is no room of ${layer}` : `may not import ${layer}/${other} (${target})`;
  return [
    { file: path, message: `${layer}/${own} ${may}`, instead: `move what both need to ${layer}/shared, or pass it in` },
  ];
}

function roomOf(path: string): string {
  return path.split('/').length > 3 ? (path.split('/')[2] ?? '') : '';
}

/** `modules/group.ts` and `modules/user.ts` do not know each other; the files of one folder do. */
function checkSubject(path: string, target: string): Finding[] {
  if (sharedFacts.test(target)) return [];
  const subjects = [path, target].map((each) => /^src\/(?:modules|facts)\/([^/.]+)/.exec(each)?.[1]);
  const [own, other] = subjects;
  const free =
    own === undefined || other === undefined || own === other || knowsAll.has(own) || layerOf(path) !== layerOf(target);
  if (free) return [];
  return [{ file: path, message: `${layerOf(path)} may not import each other (${target})`, instead: moduleAdvice }];
}

function checkDoors(path: string, specifier: string): Finding[] {
  const door = doors.find(({ specifiers }) => specifiers.includes(specifier));
  if (door === undefined || Object.keys(door.open).some((prefix) => path.startsWith(prefix))) return [];
  return [{ file: path, message: `may not import ${specifier}`, instead: door.instead }];
}

function checkPackage(path: string, specifier: string): Finding[] {
  const allowed = packages[specifier];
  if (allowed === undefined) {
    return [
      {
        file: path,
        message: `imports "${specifier}", which no rule knows`,
        instead: 'do without, or name it in tools/layers.ts with the layers that may use it',
      },
    ];
  }
  if (allowed.length === 0 || allowed.includes(layerOf(path))) return [];
  return [
    {
      file: path,
      message: `${layerOf(path)} may not call the package ${specifier}`,
      instead: `go through ${allowed.join(' or ')}, the only place that knows it`,
    },
  ];
}

function cycleFinding(cycle: readonly string[]): Finding {
  return {
    file: cycle[0] ?? '',
    message: `imports itself: ${[...cycle, cycle[0]].join(' → ')}`,
    instead: 'move what both need into a file of its own, below them',
  };
}

/** The peel ships without master and CLI, and its resident half without the runner's libraries. */
function checkEntry(files: readonly Imports[]): Finding[] {
  const shipped = reachable(graphOf(files, ['static', 'dynamic']), entry);
  const foreign = shipped.filter(({ node }) => /^src\/(master|cli)\//.test(node));
  const heavy = loadedWith(files, entry, notResident);
  const slow = loadedWith(files, cliEntry, notOnStart);
  const needless = loadedWith(files, keptEntry, notKept);
  return [
    ...foreign.map(({ trail }) => ({
      file: entry,
      message: `the peel would ship with master or CLI: ${trail.join(' → ')}`,
      instead: 'put what both need into wire/, target/ or render/',
    })),
    ...heavy.map(({ trail, what }) => ({
      file: entry,
      message: `the resident peel would load ${what}: ${trail.join(' → ')}`,
      instead: 'load it with `await import(…)` in the runner, where its memory is given back',
    })),
    ...slow.map(({ trail, what }) => ({
      file: cliEntry,
      message: `every command would load ${what}: ${trail.join(' → ')}`,
      instead: 'load it with `await import(…)` in the command that needs it',
    })),
    ...needless.map(({ trail, what }) => ({
      file: keptEntry,
      message: `a run of kept states would load ${what}: ${trail.join(' → ')}`,
      instead: 'load it when it is asked for, as engine/engine.ts does with the compiler',
    })),
  ];
}

/** What an entry loads at once, against a list of what it must not, each with what it is called. */
function loadedWith(files: readonly Imports[], from: string, banned: readonly (readonly [RegExp, string])[]) {
  const loaded = reachable(graphOf(files, ['static']), from);
  const found = loaded.flatMap((step) => {
    const [, what] = banned.find(([pattern]) => pattern.test(step.node)) ?? [];
    return what === undefined ? [] : [{ ...step, what }];
  });
  return firstOfTrail(found);
}

/** Of steps that lead through one another, the first only: the rest follows from it. */
function firstOfTrail<Step extends Reached>(steps: readonly Step[]): Step[] {
  const nodes = new Set(steps.map(({ node }) => node));
  return steps.filter(({ trail }) => !trail.slice(0, -1).some((node) => nodes.has(node)));
}

type Graph = ReadonlyMap<string, readonly string[]>;

function graphOf(files: readonly Imports[], kinds: readonly Import['kind'][]): Graph {
  return new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ kind }) => kinds.includes(kind)).map(({ specifier }) => resolve(path, specifier) ?? specifier),
    ]),
  );
}

interface Reached {
  readonly node: string;
  readonly trail: readonly string[];
}

function reachable(graph: Graph, start: string): Reached[] {
  const seen = new Map<string, Reached>();
  const queue: Reached[] = graph.has(start) ? [{ node: start, trail: [start] }] : [];
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    if (seen.has(step.node)) continue;
    seen.set(step.node, step);
    for (const node of graph.get(step.node) ?? []) queue.push({ node, trail: [...step.trail, node] });
  }
  return [...seen.values()];
}

/** Tarjan's strongly connected components; those of more than one file are cycles, each in the order of its imports. */
export function findCycles(graph: Graph): string[][] {
  const indexes = new Map<string, number>();
  const lows = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const index = indexes.size;
    indexes.set(node, index);
    stack.push(node);
    let low = index;
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (!indexes.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, lows.get(next) ?? indexes.get(next) ?? low);
    }
    lows.set(node, low);
    if (low === index) {
      const component = stack.splice(stack.indexOf(node));
      const isLoop = component.length > 1 || graph.get(node)?.includes(node) === true;
      if (isLoop) cycles.push(component);
    }
    return low;
  };
  for (const node of graph.keys()) if (!indexes.has(node)) visit(node);
  return cycles;
}

function layerOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Path of the file in the repository, or undefined for a package. */
function resolve(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`;
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  return undefined;
}

function checkPicture(file: string, wanted: string): Finding[] {
  if (readOr(file, '') === wanted) return [];
  const message = 'does not show the table of tools/layers.ts';
  return [{ file: 'docs/design/layers.md', message, instead: 'run "npm run fix"' }];
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}

export function draw(): string {
  const rows = layers.map(
    ({ name, holds, imports }) => `| \`${name}\` | ${holds} | ${imports.join(', ') || 'nothing'} |`,
  );
  const edges = layers.flatMap(({ name }) => directImports(name).map((other) => `  ${name} --> ${other}`));
  const doorRows = doors.flatMap(({ specifiers, open }) =>
    Object.entries(open).map(
      ([path, reason]) => `| ${specifiers.map((each) => `\`${each}\``).join(', ')} | \`${path}\` | ${reason} |`,
    ),
  );
  return `${[
    '# Layers',
    '',
    '<!-- Drawn by tools/layers.ts from the table it checks; "npm run fix" draws it again. -->',
    '',
    'A folder of `src/` is a layer. A file may import its own layer by a relative path, and the layers in its row as `#layer/file.ts`.',
    '',
    '| layer | holds | may import |',
    '|---|---|---|',
    ...rows,
    '',
    'The same as a picture; an arrow that follows from two others is left out:',
    '',
    '```mermaid',
    'graph TD',
    ...edges,
    '```',
    '',
    'Effects have doors. These files may use what the rest may not:',
    '',
    '| what | where | why |',
    '|---|---|---|',
    ...doorRows,
    '',
    'Beside the table: no file imports itself by a detour; modules do not import each other; nothing that ships with `zester-peel` lies in `master/` or `cli/`, nothing its resident half loads belongs to the runner, and no command of `zester` but `lint` and `migrate` loads the engine.',
  ].join('\n')}\n`;
}

function directImports(name: string): string[] {
  const importsOfLayer = (each: string) => layers.find((layer) => layer.name === each)?.imports ?? [];
  const own = importsOfLayer(name);
  const isReached = (other: string) => own.some((via) => via !== other && reaches(via, other, importsOfLayer));
  return own.filter((other) => !isReached(other));
}

function reaches(from: string, to: string, importsOfLayer: (name: string) => readonly string[]): boolean {
  return importsOfLayer(from).some((next) => next === to || reaches(next, to, importsOfLayer));
}
