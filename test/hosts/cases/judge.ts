import * as z from 'zod';
import type { Expectation } from './format.ts';

interface StateAnswer {
  readonly id: string;
  readonly state: string;
  readonly name?: string | undefined;
  readonly result: string;
  readonly skipReason?: string | undefined;
}

/** What a run answered: state by state, or that it was refused, or neither (`text` then says what came instead). */
export interface Run {
  readonly code: number;
  readonly results?: readonly StateAnswer[];
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

const Answer = z.looseObject({
  success: z.boolean(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  report: z
    .looseObject({
      outcomes: z.array(
        z.looseObject({
          id: z.string(),
          state: z.string(),
          name: z.string().optional(),
          skipReason: z.string().optional(),
          result: z.string(),
          error: z.looseObject({ message: z.string() }).optional(),
          comment: z.string().optional(),
        }),
      ),
    })
    .optional(),
});

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
  const { error, report } = answer;
  if (report === undefined) {
    const words = JSON.stringify(error ?? answer);
    return { code, ...(error && { refusal: words }), text: words };
  }
  const lines = report.outcomes.map(({ id, state, result, error: failure, comment }) =>
    [`  ${result} ${state} ${id}`, failure?.message, comment].filter(Boolean).join(': '),
  );
  return { code, results: report.outcomes, text: `${lines.join('\n')}\n` };
}

/** How what was seen differs from what is right, in texts for people; nothing when it does not. */
export function differencesFrom(
  right: Expectation,
  { plan, touched = [], runs = [], outputs }: Observed,
): readonly string[] {
  const [first, second] = runs;
  return [
    ...touched.map((each) => `plan: changed the machine: ${each}`),
    ...(plan === undefined ? [] : planDifferences(right, plan)),
    ...(first === undefined ? [] : runDifferences('first run', right, first)),
    ...(second === undefined ? [] : againDifferences(right, second)),
    ...outputs.flatMap((seen, index) => outputDifferences(right, seen, index === 0 ? 'first' : 'second')),
  ];
}

function planDifferences({ plan = {}, expect_error: error }: Expectation, run: Run): readonly string[] {
  if (error !== undefined) return refusalDifferences('plan', error, run);
  return [...resultDifferences('plan', plan, run), ...codeDifferences('plan', run)];
}

function runDifferences(what: string, { expect = {}, expect_error: error }: Expectation, run: Run): readonly string[] {
  if (error !== undefined) return refusalDifferences(what, error, run);
  return [...resultDifferences(what, expect, run), ...codeDifferences(what, run)];
}

function refusalDifferences(what: string, error: string, { code, refusal, text }: Run): readonly string[] {
  if (refusal === undefined) return [`${what}: expected a refusal that says "${error}", got (exit ${code})\n${text}`];
  const wrong = refusal.includes(error) ? [] : [`${what}: expected a refusal that says "${error}", got ${refusal}`];
  return code === 0 ? [...wrong, `${what}: was refused and exits 0`] : wrong;
}

function resultDifferences(what: string, right: Readonly<Record<string, string>>, run: Run): readonly string[] {
  const { results, text } = run;
  if (results === undefined) return [`${what}: expected a report, got (exit ${run.code})\n${text}`];
  return Object.entries(right).flatMap(([id, expected]) => {
    const found = results.filter((each) => each.id === id);
    const got = together(found.map(({ result }) => result));
    return got === expected ? [] : [`${what}: ${id}: expected ${expected}, got ${got}${reasonOf(id, run)}`];
  });
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
function codeDifferences(what: string, { code, results }: Run): readonly string[] {
  if (results === undefined) return [];
  const right = results.some(({ result }) => result === 'failed') ? 2 : 0;
  return code === right ? [] : [`${what}: expected exit code ${right}, got ${code}`];
}

function againDifferences(
  { expect = {}, expect_error: error, again = 'unchanged' }: Expectation,
  run: Run,
): readonly string[] {
  const what = 'second run';
  if (error !== undefined) return refusalDifferences(what, error, run);
  const { results, text, code } = run;
  if (results === undefined) return [`${what}: expected a report, got (exit ${code})\n${text}`];
  const wrong = results.flatMap(({ id, result }) => {
    const mayFail = expect[id] === 'failed' || again === 'failed';
    const mayChange = again !== 'unchanged';
    if (result === 'failed' && !mayFail) return [`${what}: ${id}: failed${reasonOf(id, run)}`];
    return result === 'changed' && !mayChange
      ? [`${what}: ${id}: expected unchanged, got changed${reasonOf(id, run)}`]
      : [];
  });
  const missing =
    again === 'unchanged' || results.some(({ result }) => result === again)
      ? []
      : [`${what}: expected some state to be ${again}, none is`];
  return [...wrong, ...missing, ...codeDifferences(what, run)];
}

function outputDifferences(
  { probe, output }: Expectation,
  seen: ReadonlyMap<string, string>,
  run: string,
): readonly string[] {
  if (probe === undefined || output === undefined) return [];
  const got = seen.get(probe) ?? '';
  if (got === output) return [];
  return [`output after the ${run} run: expected\n${quoted(output)}\ngot\n${quoted(got)}`];
}

/** Lines between bars: what is empty, and where a last line has no end, is seen. */
function quoted(text: string): string {
  const lines = text.split('\n').map((line) => `  |${line}|`);
  return lines.at(-1) === '  ||' ? lines.slice(0, -1).join('\n') : `${lines.join('\n')} without an end of line`;
}
