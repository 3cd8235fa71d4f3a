import { ZesterError } from '#base/errors.ts';
import { toHuman, toWire } from '#base/ids.ts';
import { durationText } from '#base/time.ts';
import { command } from '../command.ts';
import { createSink } from '../files.ts';
import { findJid } from '../job-ids.ts';
import { fetchOutput } from '../output.ts';
import { storedJob } from '../returns.ts';
import type { Session } from '../session.ts';

export const jobOutput = command({
  name: 'job output',
  summary: 'The whole of what a command printed, when it was too long to be returned',
  notes: [
    'It is kept on the peel for a while (outputs_limit, outputs_age in peel.yaml), fetched in parts by jobs of its own, and checked.',
    'A job of several long commands has "stdout.2", "stderr.2" and so on for the later ones: the note in its return says which.',
  ],
  positionals: [
    { name: 'jid', summary: 'Id of the job, its beginning or end, or "last"', required: true, completes: 'job' },
  ],
  flags: [
    { name: 'peel', summary: 'Whose, when the job had several', type: 'string', completes: 'peel' },
    {
      name: 'stream',
      summary: 'Which: stdout, stderr, stdout.2',
      type: 'string',
      default: 'stdout',
      offers: ['stdout', 'stderr'],
    },
    { name: 'out', summary: 'Write it into this new file, not to standard output', type: 'string' },
  ],
  examples: [
    { title: 'What a backup said', line: 'job output 2xYkQbZ1fGm5n8pR0sT3uVwXyZa' },
    { title: 'The errors of one peel', line: 'job output 2xYkQbZ1fGm5n8pR0sT3uVwXyZa --peel web-01 --stream stderr' },
    { title: 'Into a file', line: 'job output 2xYkQbZ1fGm5n8pR0sT3uVwXyZa --out backup.log' },
  ],
  bus: true,
  async run({ jid, peel, stream, out }, session) {
    if (out === undefined && session.format !== 'text') throw needsFile(session.format);
    const job = await findJid(jid, session);
    const from = await peelOf(job, peel, session);
    const started = session.clock.now();
    using sink = out === undefined ? undefined : createSink(out);
    const write = sink === undefined ? session.writeBytes : async (part: Uint8Array) => sink.write(part);
    const { bytes, sha256 } = await fetchOutput({ jid: job, peel: from, stream }, { session, write });
    session.progress();
    return { jid: job, peel: from, stream, bytes, sha256, out, ms: session.clock.now() - started };
  },
  show: ({ out, bytes, sha256, ms }) =>
    out === undefined ? '' : `Wrote ${bytes} bytes to ${out} in ${durationText(ms)}, SHA-256 ${sha256}\n`,
});

/** As people write it: the one peel of the job, or the one of them that is named. */
async function peelOf(jid: string, named: string | undefined, session: Session): Promise<string> {
  if (named !== undefined) return toHuman(toWire(named));
  const { peels } = await storedJob(jid, session);
  const [only, ...others] = peels;
  if (only !== undefined && others.length === 0) return toHuman(only);
  throw new ZesterError('usage', 'PEEL_NOT_NAMED', `Cannot choose whose output: job ${jid} had ${peels.length} peels`, {
    hint: `Name one with --peel: ${peels.slice(0, 5).map(toHuman).join(', ')}${peels.length > 5 ? ', …' : ''}`,
  });
}

function needsFile(format: string): ZesterError {
  return new ZesterError(
    'usage',
    'OUTPUT_NEEDS_FILE',
    `Cannot print an output as ${format}: it is whatever bytes it is`,
    {
      hint: 'Add --out FILE, and its size and sum are printed',
    },
  );
}
