import type { RunScope } from '#engine/engine.ts';
import { match, parse, type TargetType } from '#target/index.ts';
import type { RunRequest } from '../shared/run-protocol.ts';

/** Whether targets mean the machine a request is for: its facts, settings and groups. */
export function matchesOf({ peel: id, facts, settings, tree }: RunRequest): NonNullable<RunScope['matches']> {
  const grains = facts.grains as Readonly<Record<string, unknown>> | undefined;
  const subject = { id, facts, grains, settings };
  return (target, kind, { delimiter } = {}) => {
    const dialect = kind === 'native' ? {} : { dialect: 'salt' as const, type: kind as TargetType };
    const groups = tree.options.nodegroups;
    return match(parse(target, { groups, ...dialect, ...(delimiter === undefined ? {} : { delimiter }) }), subject);
  };
}
