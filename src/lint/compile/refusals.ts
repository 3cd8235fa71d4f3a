import { type Place, ZesterError } from '#base/errors.ts';
import type { Found, Severity } from '../finding.ts';
import { isStateFile, type Machine, type Survey } from '../survey.ts';
import type { Compiled } from './compiler.ts';
import { missingAt } from './missing.ts';
import { unknownText } from './unknown.ts';
import { isWritten } from './written.ts';

/** What compiling refused, told as far as it is sure. */
export type Refusal = Found & { readonly code: string; readonly severity: Severity };

interface Met {
  readonly error: ZesterError;
  readonly at: Place;
  readonly machine: Machine;
  readonly compiled: Compiled;
}

/**
 * Errors of all machines. One is an error of the tree when every machine that comes by its place meets it, and when
 * nothing unknown had a part in it; otherwise it is a note. Where files are applied together, what one of them misses
 * is not missing.
 */
export function refusals(survey: Survey): readonly Refusal[] {
  const met = survey.machines.flatMap((machine) =>
    machine.compiled.flatMap((compiled) => compiled.errors.flatMap((error) => metBy(error, machine, compiled))),
  );
  const places = Map.groupBy(met, ({ error, at }) => `${at.file}:${at.line}:${at.column}:${error.code}`);
  return [...places.values()].flatMap((same) => refusalsAt(same, survey));
}

function metBy(error: ZesterError, machine: Machine, compiled: Compiled): readonly Met[] {
  const cause = error.cause instanceof ZesterError && error.message.startsWith('Rendering SLS') ? error.cause : error;
  const at = cause.at ?? error.at;
  return at === undefined ? [] : [{ error: cause, at, machine, compiled }];
}

function refusalsAt(same: readonly Met[], survey: Survey): readonly Refusal[] {
  const [first] = same;
  if (first === undefined) return [];
  if (missing.has(first.error.code)) return same.flatMap((each) => missingRefusal(each, survey));
  const spared = machinesWithout(same, first.at, survey);
  return same.map((met) => {
    const reason = spared.length > 0 ? 'data' : isDoubtful(met, survey) ? 'doubt' : undefined;
    return refusal(met, reason);
  });
}

/** Ids and files that were looked for in what a run has. */
const missing = new Set(['REQUISITE_UNKNOWN', 'EXTEND_UNKNOWN']);

function missingRefusal(met: Met, survey: Survey): readonly Refusal[] {
  const { error, at, machine, compiled } = met;
  const found = missingAt({ at, compiled, machine, survey });
  if (found === 'elsewhere, and met there') return [];
  if (found === 'perhaps') return [refusal(met, 'doubt')];
  if (found === undefined) return [refusal(met, isWritten(at, error.code, survey) ? undefined : 'doubt')];
  return [
    {
      code: 'INCLUDE_MISSING',
      severity: 'warning',
      message: `${found.what} is declared in "${found.ref}", which this file does not include`,
      hint: `Add "${found.ref}" to "include": applied by itself, this file is refused`,
      at,
      profile: machine.profile.name,
    },
  ];
}

function refusal({ error, at, machine }: Met, reason: 'data' | 'doubt' | undefined): Refusal {
  const { code, hint } = error;
  const severity = reason === undefined ? 'error' : 'note';
  const message = (error.message.split('\n')[0] ?? '').replace(/\.$/, '');
  const doubted = reason === 'doubt' ? `${message}, unless a setting or a fact says otherwise` : message;
  return { code, severity, message: doubted, hint, at, profile: machine.profile.name };
}

/** Machines that come by the place and go on: the error is then about their data. */
function machinesWithout(same: readonly Met[], at: Place, survey: Survey): readonly Machine[] {
  const failing = new Set(same.map(({ machine }) => machine));
  const body = survey.templateAt(at.file)?.bodyAt(at);
  return survey.machines.filter((machine) => {
    if (failing.has(machine) || !loads(machine, at.file)) return false;
    if (body !== undefined && !machine.watched.hasEntered(at.file, body)) return false;
    // A template that failed before it came to the place says nothing of it; a state file that failed is not loaded.
    return (
      isStateFile(at.file) || !machine.compiled.some(({ errors }) => errors.some((error) => failsIn(at.file, error)))
    );
  });
}

function failsIn(file: string, error: ZesterError): boolean {
  return error.code.startsWith('TEMPLATE_') && placeOf(error)?.file === file;
}

function loads({ compiled }: Machine, file: string): boolean {
  return !isStateFile(file) || compiled.some(({ documents }) => documents.some(({ source }) => source.path === file));
}

function placeOf(error: ZesterError): Place | undefined {
  return error.cause instanceof ZesterError ? (error.cause.at ?? error.at) : error.at;
}

/** What only running a template can tell, and what therefore depends on all it read. */
const dynamic = new Set([
  'TEMPLATE_UNDEFINED',
  'TEMPLATE_TYPE',
  'TEMPLATE_VALUE',
  'TEMPLATE_LOAD',
  'TEMPLATE_NOT_FOUND',
  'TEMPLATE_FUNCTION_FAILED',
  'TEMPLATE_LIMIT',
]);

function isDoubtful({ error, at, machine, compiled }: Met, survey: Survey): boolean {
  if (error.message.includes(unknownText) || speaksOf(error, machine)) return true;
  if (!doubtsAbout(at.file, machine, compiled)) return false;
  return dynamic.has(error.code) || !isWritten(at, error.code, survey);
}

/** Whether what a file came to depends on something unknown; of an imported template, whether that of its users does. */
function doubtsAbout(file: string, { watched }: Machine, { documents, wanted }: Compiled): boolean {
  if (isStateFile(file) && watched.doubtsOf(file).size > 0) return true;
  if (isStateFile(file) && documents.some(({ source }) => source.path === file)) return false;
  const files = documents.map(({ source }) => source.path);
  const refs = wanted.flatMap(({ ref }) =>
    ['.zy', '.sls', '/init.zy', '/init.sls'].map((end) => ref.replaceAll('.', '/') + end),
  );
  return [...files, ...refs].some((each) => watched.doubtsOf(each).size > 0);
}

/** Nothing is under a key that is one of this machine's own facts: another machine has another. */
function speaksOf({ code, message }: ZesterError, { profile }: Machine): boolean {
  if (code !== 'TEMPLATE_UNDEFINED') return false;
  const known = factValues(profile.grains);
  return [...message.matchAll(/['"]([^'"]+)['"]/g)].some(([, name = '']) => known.has(name));
}

const valuesByFacts = new WeakMap<object, ReadonlySet<string>>();

function factValues(facts: object): ReadonlySet<string> {
  const known = valuesByFacts.get(facts);
  if (known) return known;
  const values = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) collect(each);
    else if (typeof value === 'string') values.add(value);
  };
  collect(facts);
  if ('osmajorrelease' in facts) values.add(String(facts.osmajorrelease));
  valuesByFacts.set(facts, values);
  return values;
}
