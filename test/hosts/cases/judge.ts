import type * as z from 'zod/mini';
import { placeText } from '#base/errors.ts';
import type { ErrorBody } from '#wire/error.ts';
import { Answer, type Step } from '#wire/json/answer.ts';
import type { Expectation } from './format.ts';

/** What a run answered: state by state, or that it was refused, or neither (`text` then says what came instead). */
export interface Run {
  readonly code: number;
  readonly results?: readonly z.output<typeof Step>[];
  readonly refusal?: string;
  readonly text: string;
}

/** All that was seen of a case. */
export interface Observed {
  readonly plan?: Run;
  /** What the plan changed in the machine. */
  readonly touched?: readonly string[];
  /** The first and the second run. */
  readonly runs?: readonly Run[];
  /** Script → what it printed, after each run. */
  readonly outputs: readonly ReadonlyMap<string, string>[];
}

/** Reads what `zester-peel apply --json` printed. */
export function runOf({ code, output, errors }: { code: number; output: string; errors: string }): Run {
  const said = `${output.slice(-4_000)}${errors.slice(-4_000)}`;
  let answer: z.output<typeof Answer>;
  try {
    answer = Answer.parse(JSON.parse(output));
  } catch {
    // Refusals of the command line and of the settings are told in words.
    return code === 64 ? { code, refusal: said, text: said } : { code, text: said };
  }
  const { error, results } = answer;
  if (results === null) {
    const words = error === undefined ? output : refusalText(error);
    return { code, ...(error && { refusal: words }), text: words };
  }
  const lines = results.map(({ id, state, result, error: failure, comment }) =>
    [`  ${result} ${state} ${id}`, failure?.message, comment].filter(Boolean).join(': '),
  );
  return { code, results, text: `${lines.join('\n')}\n` };
}

/** All that a refusal says: one line, and its details below. */
function refusalText({ at, code, message, hint = '', details = {} }: z.output<typeof ErrorBody>): string {
  const place = at === undefined ? '' : `${placeText(at)}: `;
  const lines = Object.entries(details).map(([key, value]) => `\n    ${key}: ${value}`);
  return `  ${place}${message} [${code}] ${hint}${lines.join('')}`;
}

/** How what was seen differs from what is right, in texts for people; nothing when it does not. What is the same every time is said once. */
export function differencesFrom(right: Expectation, seen: Observed): readonly string[] {
  const { plan, touched = [], runs = [], outputs } = seen;
  const [first, second] = runs;
  const differences = [
    ...touched.map((text) => ({ when: 'plan', text: `changed the machine: ${text}` })),
    ...(plan === undefined ? [] : planDifferences(right, plan)),
    ...(first === undefined ? [] : runDifferences('first run', right, first)),
    ...(second === undefined ? [] : againDifferences(right, second)),
    ...outputs.flatMap((output, index) => outputDifferences(right, output, `${index === 0 ? 'first' : 'second'} run`)),
  ];
  const byText = Map.groupBy(differences, ({ text }) => text);
  return [...byText].map(([text, all]) => `${[...new Set(all.map(({ when }) => when))].join(', ')}: ${text}`);
}

interface Told {
  readonly when: string;
  readonly text: string;
}

function planDifferences({ plan = {}, expect_error: error }: Expectation, run: Run): readonly Told[] {
  if (error !== undefined) return refusalDifferences('plan', error, run);
  return [...resultDifferences('plan', plan, run), ...codeDifferences('plan', run)];
}

function runDifferences(when: string, { expect = {}, expect_error: error }: Expectation, run: Run): readonly Told[] {
  if (error !== undefined) return refusalDifferences(when, error, run);
  return [...resultDifferences(when, expect, run), ...codeDifferences(when, run)];
}

function refusalDifferences(when: string, error: string, { code, refusal, text }: Run): readonly Told[] {
  const expected = `expected a refusal that says "${error}", got`;
  if (refusal === undefined) return [{ when, text: `${expected} (exit ${code})\n${text}` }];
  const wrong = refusal.includes(error) ? [] : [{ when, text: `${expected}\n${refusal}` }];
  return code === 0 ? [...wrong, { when, text: 'was refused and exits 0' }] : wrong;
}

function resultDifferences(when: string, right: Readonly<Record<string, string>>, run: Run): readonly Told[] {
  const { results } = run;
  if (results === undefined) return [noReport(when, run)];
  return Object.entries(right).flatMap(([id, expected]) => {
    const got = together(results.filter((each) => each.id === id).map(({ result }) => result));
    return got === expected ? [] : [{ when, text: `${id}: expected ${expected}, got ${got}${reasonOf(id, run)}` }];
  });
}

function noReport(when: string, { code, text }: Run): Told {
  return { when, text: `expected a report, got (exit ${code})\n${text}` };
}

/** Several states may share an id: what is most telling speaks for all. */
function together(results: readonly string[]): string {
  const telling = ['failed', 'changed', 'cannot-tell', 'would-change', 'unchanged', 'skipped'];
  return telling.find((each) => results.includes(each)) ?? results[0] ?? 'no such state';
}

/** The lines of the report about an id. */
function reasonOf(id: string, { text }: Run): string {
  const lines = text.split('\n').filter((line) => line.split(' ')[4]?.replace(/:$/, '') === id && line.includes(': '));
  return lines.length === 0 ? '' : ` (${lines.map((line) => line.trim()).join('; ')})`;
}

/** 0 when all went well, 2 when some state failed: what scripts go by. */
function codeDifferences(when: string, { code, results }: Run): readonly Told[] {
  if (results === undefined) return [];
  const right = results.some(({ result }) => result === 'failed') ? 2 : 0;
  return code === right ? [] : [{ when, text: `expected exit code ${right}, got ${code}` }];
}

function againDifferences(right: Expectation, run: Run): readonly Told[] {
  const { expect = {}, expect_error: error, again = 'unchanged' } = right;
  const when = 'second run';
  if (error !== undefined) return refusalDifferences(when, error, run);
  const { results } = run;
  if (results === undefined) return [noReport(when, run)];
  const wrong = results.flatMap(({ id, result }) => {
    const mayFail = expect[id] === 'failed' || again === 'failed';
    if (result === 'failed' && !mayFail) return [{ when, text: `${id}: failed${reasonOf(id, run)}` }];
    if (result !== 'changed' || again !== 'unchanged') return [];
    return [{ when, text: `${id}: expected unchanged, got changed${reasonOf(id, run)}` }];
  });
  const isMet = again === 'unchanged' || results.some(({ result }) => result === again);
  const missing = isMet ? [] : [{ when, text: `expected some state to be ${again}, none is` }];
  return [...wrong, ...missing, ...codeDifferences(when, run)];
}

function outputDifferences(
  { probe, output }: Expectation,
  seen: ReadonlyMap<string, string>,
  when: string,
): readonly Told[] {
  if (probe === undefined || output === undefined) return [];
  const got = seen.get(probe) ?? '';
  return got === output
    ? []
    : [{ when, text: `the probe was to print\n${quoted(output)}\nand prints\n${quoted(got)}` }];
}

/** Lines between bars: what is empty, and where a last line has no end, is seen. */
function quoted(text: string): string {
  if (text === '') return '  nothing';
  const lines = text.split('\n').map((line) => `  |${line}|`);
  return lines.at(-1) === '  ||' ? lines.slice(0, -1).join('\n') : `${lines.join('\n')} without an end of line`;
}
