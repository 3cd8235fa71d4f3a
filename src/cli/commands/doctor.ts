import { asError, isError } from '#base/errors.ts';
import { visibleLine } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import type { DoctorCheck } from '#wire/doctor.ts';
import { command } from '../command.ts';
import { checkWay } from '../diagnose-way.ts';
import { paint, type Style } from '../report/style.ts';
import { count } from '../report/table.ts';
import type { Session } from '../session.ts';

export const doctor = command({
  name: 'doctor',
  summary: 'Look at everything that may be wrong, from here to the stores, and say what to do',
  notes: ['Ends with 1 when there is a problem; a warning deserves a look, and is none.'],
  examples: [
    { title: 'Is anything wrong', line: 'doctor' },
    { title: 'For monitoring', line: 'doctor --json' },
  ],
  bus: false,
  paged: true,
  async run(_input, session) {
    const way = await checkWay(session);
    const checks: DoctorCheck[] = way.map(({ name, ok, warn, detail, hint }) => ({
      name,
      status: ok ? (warn ? 'warning' : 'ok') : 'problem',
      detail,
      ...(hint === undefined ? {} : { hint }),
    }));
    // What cannot be reached cannot be asked.
    if (way.every(({ ok }) => ok)) checks.push(...(await askMaster(session)));
    const problems = checks.filter(({ status }) => status === 'problem').length;
    const warnings = checks.filter(({ status }) => status === 'warning').length;
    return { ok: problems === 0, problems, warnings, checks };
  },
  show: ({ checks, problems, warnings }, style) =>
    `${checks.map((each) => shown(each, style)).join('')}${ending({ problems, warnings }, checks, style)}`,
  exit: ({ ok }) => (ok ? 0 : 1),
});

async function askMaster(session: Session): Promise<readonly DoctorCheck[]> {
  try {
    return (await session.ask(channels.doctor, {}, 30_000)).checks ?? [];
  } catch (error) {
    if (!isError(error)) throw error;
    const { message, hint } = asError(error);
    return [{ name: 'master', status: 'problem', detail: message, ...(hint === undefined ? {} : { hint }) }];
  }
}

const marks = { ok: ['green', 'ok  '], warning: ['yellow', 'WARN'], problem: ['red', 'FAIL'] } as const;

function shown({ name, status, detail, lines = [] }: DoctorCheck, style: Style): string {
  const [colour, mark] = marks[status];
  return [
    `${paint(style, colour, mark)}  ${visibleLine(name).padEnd(12)} ${visibleLine(detail)}\n`,
    ...lines.map((line) => `                   ${visibleLine(line)}\n`),
  ].join('');
}

/** What to do comes last: that is what is read. */
function ending(
  { problems, warnings }: { readonly problems: number; readonly warnings: number },
  checks: readonly DoctorCheck[],
  style: Style,
): string {
  if (problems + warnings === 0) return '\nEverything is well\n';
  const said = [
    ...(problems > 0 ? [count(problems, 'problem')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ].join(', ');
  const todo = checks
    .filter(({ status, hint }) => status !== 'ok' && hint !== undefined)
    .map(({ name, hint = '' }) => `  ${paint(style, 'cyan', visibleLine(name))}: ${visibleLine(hint)}\n`);
  return `\n${said}${todo.length > 0 ? '. What to do:' : ''}\n${todo.join('')}`;
}
