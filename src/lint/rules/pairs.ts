import { placeText } from '#base/errors.ts';
import type { CompiledStep } from '#engine/step.ts';
import { unknownText } from '../compile/unknown.ts';
import type { Found } from '../finding.ts';
import { rule } from '../rule.ts';
import type { Survey } from '../survey.ts';
import { wantedBy } from './steps.ts';

export const idCase = rule({
  code: 'ID_CASE',
  severity: 'warning',
  of: 'states',
  summary: 'Ids that differ only in capital and small letters',
  why: 'A requisite means one of them, and a reader cannot tell which',
  bad: { 'web.zy': 'nginx:\n  test.nop: []\nNginx:\n  test.nop: []\n' },
  good: { 'web.zy': 'nginx:\n  test.nop: []\nnginx-reload:\n  test.nop: []\n' },
  *find(survey) {
    for (const [steps, profile] of runsOf(survey)) {
      const seen = new Map<string, CompiledStep>();
      for (const step of steps) {
        const key = step.id.toLowerCase();
        const earlier = seen.get(key);
        if (earlier === undefined) seen.set(key, step);
        else if (earlier.id !== step.id && !isPath(step.id)) {
          yield {
            message: `"${step.id}" and "${earlier.id}" differ in capital letters only`,
            hint: `Rename one of them; the other is at ${placeText(earlier.draft.entry.at)}`,
            at: step.draft.entry.at,
            profile,
          };
        }
      }
    }
  },
});

export const fileTwice = rule({
  code: 'FILE_TWICE',
  severity: 'warning',
  of: 'states',
  summary: 'One file that two states of a run give its content',
  why: 'Each run writes it twice, and both report a change every time',
  bad: {
    'web.zy':
      'motd:\n  file.managed:\n    - name: /etc/motd\n    - contents: Hello\nwelcome:\n  file.managed:\n    - name: /etc/motd\n    - contents: Welcome\n',
  },
  good: {
    'web.zy': 'motd:\n  file.managed:\n    - name: /etc/motd\n    - contents: |\n        Hello\n        Welcome\n',
  },
  *find(survey) {
    for (const [steps, profile] of runsOf(survey)) {
      const writers = steps.filter((step) => step.state === 'file.managed' && hasContent(step) && isFree(step));
      yield* clashes(writers, profile, (step, earlier) => ({
        message: `"${nameOf(step)}" gets its content here and in "${earlier.id}"`,
        hint: `Write it in one place; the other is at ${placeText(earlier.at)}`,
      }));
    }
  },
});

export const stateContradicted = rule({
  code: 'STATE_CONTRADICTED',
  severity: 'warning',
  of: 'states',
  summary: 'Two states of a run that want the opposite of the same thing',
  why: 'Each run undoes and does it again',
  bad: { 'web.zy': 'web:\n  service.running:\n    - name: nginx\nno web:\n  service.dead:\n    - name: nginx\n' },
  good: { 'web.zy': 'web:\n  service.running:\n    - name: nginx\nno mail:\n  service.dead:\n    - name: postfix\n' },
  *find(survey) {
    for (const [steps, profile] of runsOf(survey)) {
      for (const [wish, opposites] of Object.entries(opposite)) {
        const some = steps.filter((step) => (step.state === wish || opposites.includes(step.state)) && isFree(step));
        yield* clashes(some, profile, (step, earlier) =>
          (step.state === wish) === (earlier.state === wish)
            ? undefined
            : {
                message: `"${nameOf(step)}" is to be ${step.state} here and ${earlier.state} in "${earlier.id}"`,
                hint: `Keep one of them, or say when each is meant; the other is at ${placeText(earlier.at)}`,
              },
        );
      }
    }
  },
});

const opposite: Readonly<Record<string, readonly string[]>> = {
  'service.running': ['service.dead', 'service.masked'],
  'service.enabled': ['service.disabled', 'service.masked'],
  'pkg.installed': ['pkg.removed', 'pkg.purged'],
  'pkg.latest': ['pkg.removed', 'pkg.purged'],
  'user.present': ['user.absent'],
  'group.present': ['group.absent'],
  'file.managed': ['file.absent', 'file.directory', 'file.symlink'],
  'file.directory': ['file.absent'],
  'file.symlink': ['file.absent', 'file.directory'],
};

/** What is applied at once, on each machine: what the top file gives, and each reference by itself. */
function* runsOf({ machines }: Survey): Generator<readonly [steps: readonly CompiledStep[], profile: string]> {
  for (const { single, together, profile } of machines) {
    for (const { graph } of [...single, ...together]) yield [graph.steps, profile.name];
  }
}

type Told = Pick<Found, 'message' | 'hint'>;

/** Steps of different ids about the same thing, each with the first one. */
function* clashes(
  steps: readonly CompiledStep[],
  profile: string,
  tell: (step: CompiledStep, earlier: CompiledStep) => Told | undefined,
): Generator<Found> {
  const seen = new Map<string, CompiledStep[]>();
  for (const step of steps) {
    const name = nameOf(step);
    const earlier = seen.get(name) ?? [];
    seen.set(name, [...earlier, step]);
    for (const each of earlier) {
      const told = each.id === step.id || isLinked(step, each) ? undefined : tell(step, each);
      if (told) yield { ...told, at: step.at, profile };
    }
  }
}

/** What it is about, as the state itself has it: a path without a slash at its end. */
function nameOf(step: CompiledStep): string {
  const { name } = wantedBy(step);
  return typeof name === 'string' ? name : step.name;
}

/** A state that always runs, about something that is known. */
function isFree(step: CompiledStep): boolean {
  const { onlyif, unless, creates } = step.options;
  const conditional = ['onchanges', 'onchanges_any', 'onfail', 'onfail_any', 'onfail_all', 'prereq'];
  if (onlyif || unless || creates.length > 0 || conditional.some((key) => step.draft.args.has(key))) return false;
  return step.work.kind === 'ready' && !nameOf(step).includes(unknownText);
}

/** One after the other on purpose. */
function isLinked(step: CompiledStep, other: CompiledStep): boolean {
  const names = (each: CompiledStep) => [...each.requisites.values()].flat().map(({ pattern }) => pattern);
  return (
    names(step).some((name) => name === other.id || name === other.name) ||
    names(other).some((name) => name === step.id || name === step.name)
  );
}

function hasContent(step: CompiledStep): boolean {
  const { source, contents, contents_pillar: setting, contents_grains: fact, replace } = wantedBy(step);
  return replace !== false && [source, contents, setting, fact].some((each) => each !== undefined);
}

function isPath(id: string): boolean {
  return id.startsWith('/');
}
