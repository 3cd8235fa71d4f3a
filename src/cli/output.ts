import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { ZesterError } from '#base/errors.ts';
import { errorFrom } from '#wire/error.ts';
import { runJob } from './run.ts';
import type { Session } from './session.ts';

interface Wanted {
  readonly jid: string;
  readonly peel: string;
  readonly stream: string;
}

interface Fetching {
  readonly session: Session;
  readonly write: (part: Uint8Array) => Promise<void>;
}

const partBytes = 4 * 1024 * 1024;
const partTimeoutMs = 60_000;

/** Fetches a kept output, part by part, holding one at a time. Throws `OUTPUT_DAMAGED`, and what the peel refuses. */
export async function fetchOutput(
  wanted: Wanted,
  { session, write }: Fetching,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  for (let offset = 0; ; ) {
    const { total, part, sha256 } = await fetchPart(wanted, offset, session);
    hash.update(part);
    await write(part);
    offset += part.length;
    session.progress(`${offset} of ${total} bytes`);
    if (offset < total && part.length > 0) continue;
    const arrived = hash.digest('hex');
    if (offset !== total || arrived !== sha256)
      throw damaged(wanted, `${offset} of ${total} bytes arrived, and not as they were`);
    return { bytes: total, sha256 };
  }
}

async function fetchPart({ jid, peel, stream }: Wanted, offset: number, session: Session) {
  const draft = {
    target: peel,
    function: 'job.output',
    id: jid,
    args: { stream, offset, length: partBytes, deflate: true },
    test: false,
    timeoutMs: partTimeoutMs,
  };
  const { results } = await runJob(draft, silent(session), { detach: false, keep: true });
  const { return: returned, reason = 'no return' } = results[0] ?? {};
  if (returned === undefined) {
    throw new ZesterError(
      'unreachable',
      'PEEL_SILENT',
      `Cannot fetch the output of job ${jid} from "${peel}": ${reason}`,
    );
  }
  if (returned.error) throw errorFrom(returned.error);
  const { total, bytes, data, sha256 } = returned.value as Readonly<Record<string, unknown>>;
  const isSound = Number.isSafeInteger(total) && Number.isSafeInteger(bytes) && data instanceof Uint8Array;
  if (!isSound || Number(bytes) > partBytes)
    throw damaged({ jid, peel, stream }, 'the answer is not what was asked for');
  return { total: Number(total), part: inflated(data, Number(bytes), { jid, peel, stream }), sha256: String(sha256) };
}

/** No more than was said, whatever the peel sent. */
function inflated(data: Uint8Array, bytes: number, wanted: Wanted): Buffer {
  try {
    const part = bytes === 0 ? Buffer.alloc(0) : inflateSync(data, { maxOutputLength: bytes });
    if (part.length === bytes) return part;
  } catch {
    // Told below.
  }
  throw damaged(wanted, 'a part cannot be unpacked');
}

/** The jobs that fetch are nobody's report. */
function silent(session: Session): Session {
  return { ...session, terminal: false, write: () => {}, note: () => {}, progress: () => {} };
}

function damaged({ jid, peel }: Wanted, reason: string): ZesterError {
  return new ZesterError(
    'machine',
    'OUTPUT_DAMAGED',
    `Cannot fetch the output of job ${jid} from "${peel}": ${reason}`,
    {
      hint: 'Ask again; if it stays so, look at the file below outputs/ in the peel’s data folder',
    },
  );
}
