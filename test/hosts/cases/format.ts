import { readFileSync } from 'node:fs';
import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import * as z from 'zod';

/**
 * A file of machine cases: a YAML list, one throw-away machine for each entry. Its states are laid into the machine, planned
 * and applied twice there; what each state answered and what a probe prints afterwards is compared.
 *
 * - `name`; `source` and `kind`, for people
 * - `root`: `plain` is a machine with a shell and coreutils, `systemd` a Debian with a booted systemd and apt
 * - `setup`: bash as root, in the empty folder /srv/t; `$TREE` is the folder of the state tree
 * - `tree`: path → text (or `!!binary`); `case.sls` is applied. `pillar`: its settings
 * - `tool`: a command instead of a run; `TREE` in it is the folder, and its exit code does not matter
 * - `plan`: id → what a dry run before must say, where it matters
 * - `expect`: id → what the run must say. `expect_error`: part of the refusal, where nothing may run
 * - `expect_any`: alternatives to what stands beside it, each with keys of this list
 * - `probe`: bash in /srv/t, after the first and after the second run; `output`: what it prints both times
 * - `again`: of the second run: `unchanged` (no state changes or fails, but for those expected to fail), or that at least one
 *   state is `changed` or `failed`
 */
const expectation = {
  plan: z.record(z.string(), z.enum(['unchanged', 'would-change', 'failed', 'cannot-tell'])).optional(),
  expect: z.record(z.string(), z.enum(['unchanged', 'changed', 'failed', 'skipped'])).optional(),
  expect_error: z.string().optional(),
  probe: z.string().optional(),
  output: z.string().optional(),
  again: z.enum(['unchanged', 'changed', 'failed']).optional(),
};

const Expectation = z.strictObject(expectation);
export type Expectation = z.output<typeof Expectation>;

const Content = z.union([z.string(), z.instanceof(Uint8Array)]);

const MachineCase = z.strictObject({
  name: z.string(),
  source: z.string().optional(),
  kind: z.string().optional(),
  root: z.enum(['plain', 'systemd']),
  setup: z.string().optional(),
  tree: z.record(z.string(), Content).default({}),
  /** As YAML that Zester reads itself: this file's reader has other ideas of what `0644` and `yes` are. */
  pillar: z.string().optional(),
  tool: z.string().optional(),
  ...expectation,
  expect_any: z.array(Expectation).nonempty().optional(),
});
export type MachineCase = z.output<typeof MachineCase>;

/** The cases of a file; throws with file, line and case where one is not in the format. */
export function readMachineCases(path: string): readonly MachineCase[] {
  const text = readFileSync(path, 'utf8');
  const lines = new LineCounter();
  const document = parseDocument(text, { customTags: ['binary'], stringKeys: true, lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) throw new Error(`Cannot read "${path}": ${problem.message}`, { cause: problem });
  if (!isSeq(document.contents)) throw new Error(`Cannot read "${path}": it holds no list of cases`);
  const cases = document.contents.items.map((node) => {
    const place = `${path}:${lines.linePos((node as Node).range?.[0] ?? 0).line}`;
    return caseOf(node as Node, { document, text, place });
  });
  const names = cases.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Cannot read "${path}": two cases are named "${twice}"`);
  return cases;
}

/** What may be right of a case: its own expectation, or each alternative laid over it. */
export function alternatives({ expect_any: others, ...own }: MachineCase): readonly Expectation[] {
  const base = Expectation.parse(Object.fromEntries(Object.keys(expectation).map((key) => [key, own[key as never]])));
  if (others === undefined) return [base];
  const { expect, expect_error, ...rest } = base;
  const says = ({ expect: id, expect_error: error }: Expectation) => id !== undefined || error !== undefined;
  return others.map((each) => ({ ...rest, ...(says(each) ? {} : { expect, expect_error }), ...each }));
}

interface Origin {
  readonly document: Document;
  readonly text: string;
  readonly place: string;
}

function caseOf(node: Node, { document, text, place }: Origin): MachineCase {
  if (!isMap(node)) throw new Error(`Cannot read the case at ${place}: it is no map`);
  const pillar = node.items.find(
    (each): each is Pair<unknown, Node> => isPair(each) && keyOf(each) === 'pillar',
  )?.value;
  const parsed = MachineCase.safeParse({
    ...node.toJS(document),
    ...(pillar && { pillar: sourceOf(pillar, text) }),
  });
  if (parsed.success) return parsed.data;
  throw new Error(`Cannot read the case at ${place}: ${z.prettifyError(parsed.error)}`);
}

function keyOf({ key }: Pair): unknown {
  return isScalar(key) ? key.value : key;
}

/** A value as it is written, with its own first column as the margin. */
function sourceOf({ range }: Node, text: string): string {
  const [start, , end] = range ?? [0, 0, 0];
  const margin = start - (text.lastIndexOf('\n', start - 1) + 1);
  const [first = '', ...others] = text.slice(start, end).split('\n');
  return [first, ...others.map((line) => line.replace(new RegExp(`^ {0,${margin}}`), ''))].join('\n');
}
