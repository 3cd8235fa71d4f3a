import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import type { Operator } from '#trust/requests.ts';
import type { ErrorBody } from '#wire/error.ts';
import { ChangeBody, type Outcome, OutcomeResult } from '#wire/outcome.ts';
import { exists, readText, writePrivate } from './files.ts';
import type { JobDraft } from './parse.ts';
import { type JobReport, plainResult } from './report/job.ts';
import type { Session } from './session.ts';

const Refusal = z.looseObject({ code: z.string(), message: z.string(), hint: z.optional(z.string()) });

/** A step of a plan, as `--json` shows it. */
const PlannedOutcome = z.looseObject({
  id: z.string(),
  state: z.string(),
  name: z.string(),
  result: OutcomeResult,
  changes: z.optional(z.record(z.string(), ChangeBody)),
  diff: z.optional(z.string()),
  comment: z.optional(z.string()),
  refreshed: z.optional(z.boolean()),
  because: z.optional(z.array(z.string())),
  error: z.optional(Refusal),
});

const PlannedPeel = z.looseObject({
  peel_id: z.string(),
  status: z.enum(['success', 'failed', 'unreachable', 'pending']),
  results: z.optional(z.nullable(z.array(PlannedOutcome))),
  error: z.optional(Refusal),
});

/** What every peel would do, for people to read and to be applied later: `zester … state.plan … --out FILE`. */
export const PlanFile = z.object({
  zester_plan: z.literal(1),
  /** The job that planned: each peel keeps its own part of it under this id. */
  jid: z.string(),
  /** ISO 8601. */
  created: z.string(),
  target: z.string(),
  mods: z.optional(z.string()),
  args: z.record(z.string(), z.unknown()),
  /** As `--json` shows the returns of a job. */
  peels: z.array(PlannedPeel),
  /** The operator's signature over all else, so that what was reviewed is what was planned. */
  seal: z.object({ jwt: z.string(), signature: z.string() }),
});
export type PlanFile = z.output<typeof PlanFile>;

/** The outcomes of a peel's plan, as its report had them; times and places are not kept. */
export function outcomesOf({ results }: PlanFile['peels'][number]): readonly Outcome[] {
  return (results ?? []).map(({ id, state, name, result, changes, diff, comment, refreshed, because, error }) => ({
    id,
    state,
    name: name === id ? '' : name,
    result,
    ...(changes && { changes }),
    ...(diff !== undefined && { diff }),
    ...(comment !== undefined && { comment }),
    ...(refreshed && { refreshed }),
    ...(because && { because }),
    ...(error && { error: refusalOf(error) }),
    startedAt: 0,
    ms: 0,
  }));
}

export function refusalOf({ code, message, hint }: z.output<typeof Refusal>): ErrorBody {
  return { family: 'machine', code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Refuses a file that is there, before anybody is asked for a plan: `PLAN_FILE_EXISTS`. */
export function refuseExisting(path: string): void {
  if (!exists(path)) return;
  throw new ZesterError('usage', 'PLAN_FILE_EXISTS', `Cannot save the plan in "${path}": there is a file`, {
    hint: 'Name another one, or add --overwrite',
  });
}

export async function savePlan(
  path: string,
  { target, id, args }: JobDraft,
  { jid, results }: JobReport,
  session: Session,
): Promise<void> {
  const { Answer } = await import('#wire/json/answer.ts');
  const { published } = await import('#wire/json/shape.ts');
  const plan = {
    zester_plan: 1,
    jid,
    created: new Date(session.clock.now()).toISOString(),
    target,
    ...(id === undefined ? {} : { mods: id }),
    args,
    peels: results.map((each) => published(Answer, plainResult(jid, each))),
  };
  const { sealPlan } = await import('#trust/requests.ts');
  const seal = sealPlan(bytesOf(plan), await session.credentials());
  writePrivate(path, `${JSON.stringify({ ...plan, seal }, null, 2)}\n`);
}

/**
 * A plan as it was saved, and who made it. Throws `PLAN_FILE_INVALID` for what is none, `PLAN_FILE_ALTERED` when a word of
 * it was changed since.
 */
export async function readPlan(path: string, session: Session): Promise<{ plan: PlanFile; operator: Operator }> {
  const written = parsed(path, readText(path, { hint: 'Save one with: zester <target> state.plan … --out FILE' }));
  const checked = z.safeParse(PlanFile, written);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(path, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'does not fit'}`);
  }
  const { seal, ...plan } = written as Record<string, unknown> & Pick<PlanFile, 'seal'>;
  const { readSeal } = await import('#trust/requests.ts');
  const operator = readSeal(bytesOf(plan), seal, await session.credentials());
  if (operator) return { plan: checked.data, operator };
  throw new ZesterError(
    'denied',
    'PLAN_FILE_ALTERED',
    `Cannot use "${path}" as a plan: it was changed since it was saved`,
    {
      hint: 'What would be applied is what the peels planned, not what the file says now: plan again',
    },
  );
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
}

function invalid(path: string, reason: string): ZesterError {
  return new ZesterError('usage', 'PLAN_FILE_INVALID', `Cannot read "${path}" as a plan: ${reason}`, {
    hint: 'Save one with: zester <target> state.plan … --out FILE',
  });
}

/** The same bytes whether it was just made or read from its file: the order of keys is kept. */
function bytesOf(plan: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(plan));
}
