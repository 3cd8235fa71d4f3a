import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFleetView } from '#cli/report/fleet.ts';
import { type JobReport, showFooter } from '#cli/report/job.ts';
import { type PeelResult, resultOf } from '#cli/report/result.ts';
import { shownValue } from '#cli/report/shown.ts';
import { plainStyle } from '#cli/report/style.ts';
import { Tally } from '#cli/report/tally.ts';
import type { Outcome } from '#wire/outcome.ts';
import { root } from '../tools/source.ts';
import { executables } from './executables.ts';
import type { BenchOptions } from './main.ts';
import { rounded } from './stats.ts';

/** Whether all of a large output reaches a slow reader, and how many lines a person reads of a fleet's state run. */
export async function run({ mb = '50', peels = '400', states = '60' }: BenchOptions) {
  const piped = await throughPipe(Number(mb) * 1_000_000);
  const fleet = { peels: Number(peels), states: Number(states) };
  return {
    ...piped,
    [`lines_${peels}_idle`]: linesOf(fleet, () => undefined),
    [`lines_${peels}_one_failed`]: linesOf(fleet, (peel, state) => (peel === 7 && state === 30 ? failure : undefined)),
  };
}

/** `zester config show --json` of an option with so many bytes, read a piece at a time. */
async function throughPipe(bytes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'zester-bench-'));
  try {
    const value = 'x'.repeat(bytes);
    const config = join(folder, 'config.yaml');
    writeFileSync(config, `creds: ${value}\n`);
    const { zester } = executables(['zester']);
    const child = spawn(zester, ['config', 'show', '--config', config, '--json'], { cwd: root });
    const [code, text] = await Promise.all([ended(child), slowly(child.stdout)]);
    const { options } = JSON.parse(text) as { options: { key: string; value: unknown }[] };
    const came = options.find(({ key }) => key === 'creds')?.value;
    return { mb: rounded(text.length / 1_000_000, 1), whole: code === 0 && sum(String(came)) === sum(value) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
}

const pieceBytes = 256 * 1024;

/** A reader that takes a piece, and turns to something else for a moment. */
async function slowly(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  let unread = 0;
  for await (const part of stream) {
    parts.push(part as Buffer);
    unread += part.length;
    if (unread < pieceBytes) continue;
    unread = 0;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return Buffer.concat(parts).toString();
}

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface Fleet {
  readonly peels: number;
  readonly states: number;
}

const failure: Partial<Outcome> = {
  result: 'failed',
  error: {
    family: 'machine',
    code: 'SERVICE_FAILED',
    message: 'Cannot start "nginx": it exited with 1',
    hint: 'Look at what it says: journalctl -u nginx',
    details: {
      stderr: 'nginx: [emerg] unknown directive "sever" in /etc/nginx/nginx.conf:3\nnginx: configuration test failed\n',
    },
  },
};

/** Lines of the report that `zester '*' state.apply` prints of such a fleet. */
function linesOf(fleet: Fleet, different: (peel: number, state: number) => Partial<Outcome> | undefined): number {
  const tally = new Tally();
  const view = createFleetView(fleet.peels, plainStyle);
  let text = '';
  for (let peel = 0; peel < fleet.peels; peel++) {
    const result = resultOfPeel(peel, fleet, (state) => different(peel, state));
    tally.add(result);
    text += view.add(shownValue(result));
  }
  const report: JobReport = {
    jid: '2xYkQbZ1fGm5n8pR0sT3uVwXyZa',
    function: 'state.apply',
    test: false,
    peels: [],
    tally,
    results: [],
    ms: 3_200,
    ended: 'done',
  };
  text += view.rest() + showFooter(report, plainStyle);
  return text.split('\n').length - 1;
}

const kinds = ['file.managed', 'pkg.installed', 'service.running', 'user.present', 'cmd.run'];

/** A return as peels send them: times differ, some states are held back by their conditions. */
function resultOfPeel(
  peel: number,
  { states }: Fleet,
  different: (state: number) => Partial<Outcome> | undefined,
): PeelResult {
  const outcomes = Array.from({ length: states }, (_, at): Outcome => {
    const state = kinds[at % kinds.length] ?? '';
    const isSkipped = state === 'cmd.run';
    return {
      id: `web ${at}`,
      state,
      name: `/srv/www/${at}`,
      ref: 'web.init',
      at: { file: 'web/init.zy', line: at + 1, column: 1 },
      result: isSkipped ? 'skipped' : 'unchanged',
      ...(isSkipped ? { skipReason: 'onchanges_not_met' } : {}),
      startedAt: 1_750_000_000_000 + at,
      ms: (peel + at) % 50,
      ...different(at),
    };
  });
  const success = outcomes.every(({ result }) => result !== 'failed');
  const name = `web-${String(peel).padStart(3, '0')}_example_com`;
  const report = { test: false, outcomes, counts: {}, ms: 900 + peel };
  return resultOf({ v: 1, jid: 'J', peel: name, status: 'done', success, report, startedAt: 0, ms: 950 + peel });
}
