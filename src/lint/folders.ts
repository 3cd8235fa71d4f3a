import { didYouMean, ZesterError } from '#base/errors.ts';
import type { Finding } from './finding.ts';
import { folderTree } from './folder.ts';
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
  const { folder, settings: settingsFolder, environments = {} } = request;
  const profiles = profilesFor(request);
  const states = folderTree(folder);
  const settings = settingsFolder === undefined ? undefined : folderTree(settingsFolder);
  const others = Object.entries(environments).map(([name, each]) => [name, folderTree(each)] as const);
  const found = lintTrees({ states, settings, environments: Object.fromEntries(others) }, profiles);
  const files = [states, settings].flatMap((each) => each?.list('').filter(isStateFile) ?? []);
  return {
    findings: [...placed(found.states, folder), ...placed(found.settings, settingsFolder ?? '')],
    files: files.length,
    machines: profiles.map(({ name }) => name),
  };
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
