import type { ModuleFunction, Registry } from '#kit/function.ts';
import type { State } from '#kit/state.ts';
import * as cmd from './cmd/index.ts';
import * as disk from './disk.ts';
import * as facts from './facts.ts';
import * as file from './file/index.ts';
import * as group from './group.ts';
import * as job from './job.ts';
import * as match from './match.ts';
import * as module from './module.ts';
import * as network from './network.ts';
import * as pkg from './pkg/index.ts';
import * as service from './service/index.ts';
import * as settings from './settings.ts';
import * as status from './status.ts';
import * as sys from './sys.ts';
import * as test from './test/index.ts';
import * as user from './user/index.ts';

/** Every subject, sorted; what a subject's file exports is registered. */
const subjects: readonly Readonly<Record<string, State | ModuleFunction>>[] = [
  cmd,
  disk,
  facts,
  file,
  group,
  job,
  match,
  module,
  network,
  pkg,
  service,
  settings,
  status,
  sys,
  test,
  user,
];

/** Every state and function there is. */
export const modules: readonly (State | ModuleFunction)[] = subjects.flatMap((subject) => Object.values(subject));

export const registry: Registry = registryOf(modules);

function registryOf(kinds: readonly (State | ModuleFunction)[]): Registry {
  const byName = <T extends State | ModuleFunction>(each: readonly T[]) =>
    new Map(each.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((kind) => [kind.name, kind]));
  return {
    states: byName(kinds.filter((kind) => 'build' in kind)),
    functions: byName(kinds.filter((kind) => 'run' in kind)),
  };
}
