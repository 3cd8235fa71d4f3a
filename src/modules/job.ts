import { deflateSync } from 'node:zlib';
import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { parseJid } from '#base/ids.ts';
import { moduleFunction } from '#kit/function.ts';

/** What one call gives at most, before it is compressed: so that it fits a return however it compresses. */
const partBytes = 4 * 1024 * 1024;

const jid = '2xYkQbZ1fGm5n8pR0sT3uVwXyZa';
const given = { outputs: { [jid]: { stdout: 'first line\nlast line\n' } } };

export const output = moduleFunction({
  name: 'job.output',
  summary: 'A part of what a command of an earlier job printed, when that was too long to be returned',
  args: z.object({
    jid: z.string().describe('Id of the job').meta({ primary: true }),
    stream: z
      .string()
      .default('stdout')
      .describe('Which one: "stdout", "stderr", "stdout.2" of its second long command'),
    offset: z.int().min(0).default(0).describe('First byte'),
    length: z.int().min(1).max(partBytes).default(65_536).describe('Bytes at most'),
    deflate: z.boolean().default(false).describe('As compressed bytes, for programs; else as text'),
  }),
  returns:
    'Map of `total` (bytes of the stream), `offset`, `bytes` (how many of them this part holds), `data`, and with the last part `sha256` of the whole',
  changes: false,
  async run(wanted, { outputs }) {
    const { stream, offset, length, deflate } = wanted;
    const job = parseJid(wanted.jid);
    const kept = (await outputs?.list(job)) ?? new Map<string, number>();
    const total = kept.get(stream);
    const part =
      total === undefined ? undefined : await outputs?.read(job, stream, offset, Math.min(length, partBytes));
    if (total === undefined || part === undefined) throw notKept(job, stream, [...kept.keys()]);
    const data = deflate ? new Uint8Array(deflateSync(part, { level: 1 })) : Buffer.from(part).toString('utf8');
    const isLast = offset + part.length >= total;
    return {
      total,
      offset,
      bytes: part.length,
      data,
      ...(isLast ? { sha256: await outputs?.digest(job, stream, total) } : {}),
    };
  },
  examples: [
    {
      title: 'The beginning',
      args: { jid, length: 10 },
      given,
      expect: { total: 21, offset: 0, bytes: 10, data: 'first line' },
    },
    {
      title: 'The rest, with the sum of the whole',
      args: { jid, offset: 11 },
      given,
      expect: {
        total: 21,
        offset: 11,
        bytes: 10,
        data: 'last line\n',
        sha256: '619199bcd8ad8f7086d8d0720b62a7fea2b83a45880572e0d3b0193077c2187b',
      },
    },
    {
      title: 'A job whose output fitted into its return',
      args: { jid, stream: 'stderr' },
      given,
      expect: { refusal: 'OUTPUT_NOT_KEPT' },
    },
    { title: 'What is no job id', args: { jid: '../auth/seed' }, expect: { refusal: 'JID_INVALID' } },
  ],
  notes: [
    'Kept are outputs of commands that people read (`cmd.*`), from a mebibyte on, each stream by itself.',
    '`zester job output` fetches the whole, part by part, and checks it.',
  ],
});

function notKept(job: string, stream: string, streams: readonly string[]): ZesterError {
  return new ZesterError('machine', 'OUTPUT_NOT_KEPT', `Cannot give "${stream}" of job ${job}: it is not kept here`, {
    hint:
      streams.length > 0
        ? `Kept are ${streams.join(', ')}`
        : `What fitted is in: zester job show ${job}. Long outputs are kept for a while: see outputs_limit and outputs_age`,
  });
}
