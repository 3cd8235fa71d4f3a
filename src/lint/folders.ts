import { didYouMean, ZesterError } from '#base/errors.ts';
import { type SurveyedTree, surveyedFolder } from '#tree/folder.ts';
import { linkEmpty } from '#tree/problems.ts';
import { ownFiles } from '#tree/walk.ts';
import type { Finding } from './finding.ts';
import { type Profile, profileOf, profiles as samples } from './profiles.ts';
import { isStateFile } from './survey.ts';
import { lintTrees } from './trees.ts';

export interface LintRequest {
  /** The state tree. */
  readonly folder: string;
  /** The tree of settings. */
  readonly settings?: string | undefined;
  /** Folders of further environments, which are not judged themselves. */
  readonly environments?: Readonly<Record<string, string>>;
  /** Facts by the name of their file: a whole machine, or what an administrator adds to every machine. */
  readonly facts?: readonly GivenFacts[];
  /** Names of the machines to judge for; all samples when there are none. */
  readonly machines?: readonly string[];
  /** Folders that links of the trees may lead into, as the master's "link_dirs" says. */
  readonly linkDirs?: readonly string[];
}

export interface GivenFacts {
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface LintReport {
  /** Places begin with the folder as it was given. */
  readonly findings: readonly Finding[];
  readonly files: number;
  readonly machines: readonly string[];
}

/** Judges the trees of some folders. Throws `TREE_UNREADABLE` and `MACHINE_UNKNOWN`. */
export function lintFolders(request: LintRequest): LintReport {
  const { folder, settings: settingsFolder, environments = {}, linkDirs = [] } = request;
  const profiles = profilesFor(request);
  const states = surveyedFolder(folder, { linkDirs });
  const settings = settingsFolder === undefined ? undefined : surveyedFolder(settingsFolder, { linkDirs });
  const others = Object.entries(environments).map(
    ([name, each]) => [name, surveyedFolder(each, { linkDirs })] as const,
  );
  const found = lintTrees({ states, settings, environments: Object.fromEntries(others) }, profiles);
  const files = [states, settings].flatMap((each) => each?.list('').filter(isStateFile) ?? []);
  return {
    findings: [
      ...placed([...unfit(states), ...found.states], folder),
      ...placed([...(settings ? unfit(settings) : []), ...found.settings], settingsFolder ?? ''),
    ],
    files: files.length,
    machines: profiles.map(({ name }) => name),
  };
}

/** What a master would refuse to publish, in the same words: no comment silences it. */
function unfit({ problems, leftOut }: SurveyedTree): readonly Finding[] {
  const at = (path: string) => ({ file: path, line: 1, column: 1 });
  const told = (severity: Finding['severity'], path: string, { code, message, hint }: ZesterError): Finding => {
    return { code, severity, message, hint, at: at(path) };
  };
  const empty = leftOut.filter(({ why }) => why !== ownFiles);
  return [
    ...problems.map(({ path, error }) => told('error', path, error)),
    ...empty.map(({ path, why }) => told('warning', path, linkEmpty(path, why))),
  ];
}

function profilesFor({ facts = [], machines = [] }: LintRequest): readonly Profile[] {
  const whole = facts.filter((each) => isMachine(each)).map((each) => profileOf(each.name, each.facts));
  const added = Object.assign({}, ...facts.filter((each) => !isMachine(each)).map((each) => each.facts));
  const all = [...samples.map((each) => profileOf(each.name, { ...each.facts, ...added }, each)), ...whole];
  const unknown = machines.find((name) => !all.some((each) => each.name === name));
  if (unknown === undefined) return machines.length === 0 ? all : all.filter(({ name }) => machines.includes(name));
  const names = all.map(({ name }) => name);
  throw new ZesterError('usage', 'MACHINE_UNKNOWN', `Cannot judge for "${unknown}": there is no such machine`, {
    hint: didYouMean(unknown, names) ?? `There are ${names.join(', ')}`,
  });
}

/** Facts of an operating system are those of a whole machine. */
function isMachine({ facts }: GivenFacts): boolean {
  return typeof facts.os === 'object' && facts.os !== null;
}

function placed(findings: readonly Finding[], folder: string): readonly Finding[] {
  const prefix = folder === '.' || folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`;
  return findings.map((each) => ({ ...each, at: { ...each.at, file: `${prefix}${each.at.file}` } }));
}
