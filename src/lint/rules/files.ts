import { didYouMean } from '#base/errors.ts';
import { readText } from '#engine/tree.ts';
import { pathInTree } from '../compile/managed.ts';
import { refOfPath } from '../compile/ref.ts';
import { isWritten } from '../compile/written.ts';
import type { Found } from '../finding.ts';
import { rule } from '../rule.ts';
import { isStateFile, type Machine, type Survey } from '../survey.ts';
import { isNamedBy, wordsOf } from '../template/words.ts';
import { argumentOf, isUnknown, type PlacedStep, stepsOf, wantedBy } from './steps.ts';

export const fileNameDotted = rule({
  code: 'FILE_NAME_DOTTED',
  severity: 'warning',
  summary: 'A state file with a dot in its name, or below a folder with one',
  why: 'A dot parts the folders of a reference: no reference can name the file',
  bad: { 'web.server.zy': 'nginx:\n  test.nop: []\n' },
  good: { 'web/server.zy': 'nginx:\n  test.nop: []\n' },
  *find({ paths }) {
    for (const path of paths) {
      if (!isStateFile(path) || !path.replace(/\.(zy|sls)$/, '').includes('.')) continue;
      yield {
        message: `No reference can name "${path}": it has a dot before its ending`,
        hint: 'Write "_" or "-" for the dot',
        at: start(path),
      };
    }
  },
});

export const fileShadowed = rule({
  code: 'FILE_SHADOWED',
  severity: 'warning',
  summary: 'A state file that another one of the same reference hides',
  why: 'Of `a.zy`, `a.sls`, `a/init.zy` and `a/init.sls` only the first is ever read',
  bad: { 'web.zy': 'nginx:\n  test.nop: []\n', 'web/init.zy': 'apache:\n  test.nop: []\n' },
  good: { 'web/server.zy': 'nginx:\n  test.nop: []\n', 'web/init.zy': 'apache:\n  test.nop: []\n' },
  *find({ paths }) {
    const byRef = Map.groupBy(paths.filter(isStateFile), (path) => refOfPath(path));
    for (const same of byRef.values()) {
      const [first, ...hidden] = same.toSorted((a, b) => rank(a) - rank(b));
      for (const path of hidden) {
        yield {
          message: `"${path}" is never read: "${first}" has the same reference`,
          hint: 'Rename one of them, or remove it',
          at: start(path),
        };
      }
    }
  },
});

export const stateUnreached = rule({
  code: 'STATE_UNREACHED',
  severity: 'warning',
  of: 'states',
  summary: 'A state file that neither the top file nor an include comes to; said only of trees with a top file',
  why: 'It is applied only by those who name it: perhaps the top file lacks a line, perhaps it is left over',
  bad: { 'top.zy': "base:\n  '*': web\n", 'web.zy': 'nginx:\n  test.nop: []\n', 'old.zy': 'apache:\n  test.nop: []\n' },
  good: { 'top.zy': "base:\n  '*': web\n", 'web.zy': 'nginx:\n  test.nop: []\n' },
  *find(survey) {
    const { paths, machines } = survey;
    if (!machines.some(({ top }) => top.length > 0)) return;
    const reached = new Set(machines.flatMap(pathsReached));
    const words = wordsOf(survey);
    for (const path of paths) {
      const ref = refOfPath(path);
      if (
        !isStateFile(path) ||
        ref === 'top' ||
        reached.has(path) ||
        isNamedBy(
          words.filter((each) => each.path !== path),
          ref,
        )
      )
        continue;
      yield {
        message: `Neither the top file nor an include names "${ref}"`,
        hint: 'Give it to a target in the top file, or remove it',
        at: start(path),
      };
    }
  },
});

export const sourceMissing = rule({
  code: 'SOURCE_MISSING',
  severity: 'error',
  of: 'states',
  summary: 'A `source` that names no file of the tree',
  why: 'The state fails when it runs',
  bad: { 'web.zy': '/etc/motd:\n  file.managed:\n    - source: zester://files/mtod\n', 'files/motd': 'Hello\n' },
  good: { 'web.zy': '/etc/motd:\n  file.managed:\n    - source: zester://files/motd\n', 'files/motd': 'Hello\n' },
  *find(survey) {
    for (const placed of stepsOf(survey)) yield* missingSource(placed, survey);
  },
});

export const templateForgotten = rule({
  code: 'TEMPLATE_FORGOTTEN',
  severity: 'warning',
  of: 'states',
  summary: 'A managed file with expressions in it, installed without `template`',
  why: 'The file arrives with its `{{ … }}` as they are written',
  bad: {
    'web.zy': '/etc/motd:\n  file.managed:\n    - source: zester://files/motd\n',
    'files/motd': 'This is {{ facts.network.fqdn }}\n',
  },
  good: {
    'web.zy': '/etc/motd:\n  file.managed:\n    - source: zester://files/motd\n    - template: jinja\n',
    'files/motd': 'This is {{ facts.network.fqdn }}\n',
  },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      const source = argumentOf(step, 'source');
      if (step.state !== 'file.managed' || source === undefined || step.draft.args.has('template')) continue;
      const path = sourcePaths(wantedBy(step).source).find((each) => survey.tree.read(each) !== undefined);
      const text = path && readText(survey.tree, path);
      if (!path || !text || !ownExpression.test(text)) continue;
      yield {
        message: `"${path}" has expressions in it, and is installed as it is`,
        hint: 'Add "- template: jinja"',
        at: source.at,
        profile: machine.profile.name,
      };
    }
  },
});

/** An expression that only Zester's or Salt's own templates have: other programs' templates have braces, too. */
const ownExpression = /\{\{-?\s*(?:grains|pillar|salt|facts|settings|zester)\s*[.[]/;

function* missingSource({ step, machine }: PlacedStep, survey: Survey): Generator<Found> {
  const argument = argumentOf(step, 'source');
  if (argument === undefined || !sourced.has(step.state) || isUnknown(argument.value)) return;
  const written = [wantedBy(step).source].flat().filter((each) => typeof each === 'string');
  const paths = written.map(pathInTree);
  // One that lies elsewhere may be there.
  if (paths.length === 0 || paths.some((path) => path === undefined)) return;
  const isThere = (path = '') => survey.tree.read(path) !== undefined || survey.tree.list(`${path}/`).length > 0;
  if (paths.some(isThere)) return;
  const isSure =
    machine.watched.doubtsOf(step.draft.entry.source.path).size === 0 ||
    isWritten(argument.value.at, 'SOURCE_MISSING', survey);
  yield {
    message: `Cannot use "${written.join('", "')}": the tree has no such file`,
    hint: didYouMean(paths[0] ?? '', survey.paths) ?? 'Write its path from the root of the tree, behind "zester://"',
    at: argument.value.at,
    profile: machine.profile.name,
    severity: isSure ? undefined : 'note',
  };
}

/** States whose `source` is a file of the tree. */
const sourced = new Set([
  'file.managed',
  'file.recurse',
  'cmd.script',
  'file.append',
  'file.prepend',
  'file.blockreplace',
]);

function sourcePaths(source: unknown): readonly string[] {
  return [source].flat().flatMap((each) => (typeof each === 'string' ? (pathInTree(each) ?? []) : []));
}

function pathsReached({ together, single, given, topRead }: Machine): readonly string[] {
  const runs = [topRead, ...together, ...single.filter(({ wanted }) => given.has(wanted[0]?.ref ?? ''))];
  return runs.flatMap(({ documents }) => documents.map(({ source }) => source.path));
}

/** In the order in which a reference is looked up. */
function rank(path: string): number {
  return (/\/init\.\w+$/.test(path) ? 2 : 0) + (path.endsWith('.sls') ? 1 : 0);
}

function start(file: string) {
  return { file, line: 1, column: 1 };
}
