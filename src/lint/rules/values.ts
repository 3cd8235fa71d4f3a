import type { Place } from '#base/errors.ts';
import { type Node, plainOf } from '#engine/node.ts';
import type { CompiledStep } from '#engine/step.ts';
import { argumentMeta } from '#kit/arguments.ts';
import { coerce } from '#kit/coerce.ts';
import { Float } from '#render/jinja/values.ts';
import { isWritten } from '../compile/written.ts';
import { rule } from '../rule.ts';
import type { Survey } from '../survey.ts';
import { argumentOf, stepsOf, wantedBy } from './steps.ts';

export const valueChanged = rule({
  code: 'VALUE_CHANGED',
  severity: 'warning',
  of: 'states',
  summary: 'A text without quotes that YAML reads as a number or as true or false: `1.10`, `0123`, `22:22`, `no`',
  why: 'The state gets another text than the one that is written: `1.10` arrives as "1.1"',
  bad: { 'web.zy': 'nginx:\n  pkg.installed:\n    - version: 1.10\n' },
  good: { 'web.zy': 'nginx:\n  pkg.installed:\n    - version: "1.10"\n' },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      for (const [written, got, at] of changedIn(step, survey)) {
        yield {
          message: `What is written as ${written} arrives as "${got}"`,
          hint: `Write it in quotes: "${written}"`,
          at,
          profile: machine.profile.name,
        };
      }
    }
  },
});

export const modeOdd = rule({
  code: 'MODE_ODD',
  severity: 'warning',
  of: 'states',
  summary: 'A mode that gives others what the owner has not: `420`, which is 0644 in decimal',
  why: 'Modes are octal digits, quoted or not: a decimal number means other rights than it was meant to',
  bad: { 'web.zy': '/etc/motd:\n  file.managed:\n    - contents: Hello\n    - mode: 420\n' },
  good: { 'web.zy': '/etc/motd:\n  file.managed:\n    - contents: Hello\n    - mode: "0644"\n' },
  *find(survey) {
    for (const [step, key, mode, at, profile] of modesOf(survey)) {
      const [owner, group, others] = [(mode >> 6) & 7, (mode >> 3) & 7, mode & 7];
      if (((group | others) & ~owner) === 0) continue;
      yield {
        message: `"${key}" of "${step.id}" gives others rights that the owner has not: ${octal(mode)}`,
        hint: 'Write octal digits, in quotes: "0644"',
        at,
        profile,
      };
    }
  },
});

export const modeOpen = rule({
  code: 'MODE_OPEN',
  severity: 'warning',
  of: 'states',
  summary: 'A file or folder that everyone may write to',
  why: 'Every user and every program on the machine can change it. A folder for all, like /tmp, has the sticky bit: "1777"',
  bad: { 'web.zy': '/srv/app:\n  file.directory:\n    - mode: "0777"\n' },
  good: {
    'web.zy': '/srv/app:\n  file.directory:\n    - mode: "0775"\n/srv/drop:\n  file.directory:\n    - mode: "1777"\n',
  },
  *find(survey) {
    for (const [step, key, mode, at, profile] of modesOf(survey)) {
      if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) continue;
      yield {
        message: `"${key}" of "${step.id}" lets everyone write: ${octal(mode)}`,
        hint: 'Give the rights to a group, or set the sticky bit of a folder for all: "1777"',
        at,
        profile,
      };
    }
  },
});

type Mode = readonly [step: CompiledStep, key: string, mode: number, at: Place, profile: string];

function* modesOf(survey: Survey): Generator<Mode> {
  for (const { step, machine } of stepsOf(survey)) {
    if (!step.state.startsWith('file.')) continue;
    for (const key of ['mode', 'file_mode', 'dir_mode']) {
      const argument = argumentOf(step, key);
      const mode = wantedBy(step)[key];
      if (argument && typeof mode === 'number') yield [step, key, mode, argument.value.at, machine.profile.name];
    }
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

type Changed = readonly [written: string, got: string, at: Place];

/** Values that the schema wants as text, and that YAML made something else of on the way. */
function* changedIn({ draft, work }: CompiledStep, survey: Survey): Generator<Changed> {
  if (work.kind === 'broken') return;
  const { shape } = work.state.args;
  for (const [name, field] of Object.entries(shape)) {
    const names = [name, ...(argumentMeta(field).aliases ?? [])];
    for (const { value } of names.flatMap((key) => draft.args.get(key) ?? [])) {
      yield* changed(value, coerce(field, plainOf(value)), survey);
    }
  }
}

function* changed(node: Node, got: unknown, survey: Survey): Generator<Changed> {
  if (node.kind === 'list' && Array.isArray(got) && got.length === node.items.length) {
    for (const [index, item] of node.items.entries()) yield* changed(item, got[index], survey);
  } else if (node.kind === 'map' && typeof got === 'object' && got !== null) {
    for (const { key, value } of node.entries) yield* changed(value, Reflect.get(got, String(key.value)), survey);
  } else if (node.kind === 'scalar') {
    const text = Array.isArray(got) && got.length === 1 ? got[0] : got;
    const isLost =
      isNumberOrFlag(node.value) && typeof text === 'string' && isWritten(node.at, 'VALUE_CHANGED', survey);
    const written = isLost ? writtenAt(node.at, survey) : undefined;
    if (written !== undefined && written !== text && typeof text === 'string') yield [written, text, node.at];
  }
}

function isNumberOrFlag(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof Float;
}

/** The word that stands at a place without quotes. */
function writtenAt({ file, line, column }: Place, { textOf }: Survey): string | undefined {
  const rest = (textOf(file).split('\n')[line - 1] ?? '').slice(column - 1);
  return /^([\w.+:-]+)\s*(?:[,\]}].*|#.*)?$/.exec(rest)?.[1];
}
