import { createHash } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import type { Bus } from '#bus/bus.ts';
import { signReturn } from '#trust/peel-signatures.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { decode, encode } from '#wire/codec.ts';
import type { Return, ReturnRest } from '#wire/job.ts';
import { returnsStream } from '#wire/stores.ts';

/** The stream of returns, as one peel sees it: a place of its own for each job. */
export interface ReturnStore extends Disposable {
  /** Signs an encoded `Return`, and resolves when the stream said that it has it. Throws `RETURN_UNCONFIRMED`. */
  put(jid: string, body: Uint8Array): Promise<void>;
  /** Whether this peel's return to a job is stored. */
  has(jid: string): Promise<boolean>;
}

/** Beyond this a return travels in chunks: a message may hold a megabyte. */
const chunkBytes = 512_000;
/** Storing takes milliseconds; a store that is full or away says nothing at all. */
const confirmMs = 3_000;

/**
 * The stream acknowledges to nobody, since an acknowledgement goes wherever a sender names. What is stored is
 * republished instead, and a peel hears of its own.
 */
export function createReturnStore({ bus, peel, seed }: { bus: Bus; peel: string; seed: string }): ReturnStore {
  const expected = new Map<string, (stored: Uint8Array) => void>();
  const listening = [
    bus.subscribe(channels.returned, { peel }, ({ jid }, stored) => expected.get(jid)?.(stored)),
    bus.subscribe(channels.returnedChunk, { peel }, ({ jid, index }, stored) =>
      expected.get(`${jid}.${index}`)?.(stored),
    ),
  ];

  const publish = async (key: string, subject: string, payload: Uint8Array): Promise<void> => {
    const { promise: stored, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(unconfirmed(subject)), confirmMs);
    // Another peel may have an answer of the server's delivered here: only what we sent confirms that it is stored.
    expected.set(key, (told) => {
      if (Buffer.compare(told, payload) === 0) resolve();
    });
    bus.publishBytes(subject, payload);
    try {
      await stored;
    } finally {
      clearTimeout(timer);
      expected.delete(key);
    }
  };

  const isThere = async (subject: string) => (await bus.readStored(returnsStream.name, subject)) !== undefined;

  const putChunk = async (jid: string, index: string, chunk: Uint8Array) => {
    const subject = subjectOf(channels.chunk, { jid, peel, index });
    try {
      await publish(`${jid}.${index}`, subject, chunk);
    } catch (error) {
      // An earlier try may have got this far: the same bytes are not stored, nor told, twice.
      if (!(await isThere(subject))) throw error;
    }
  };

  return {
    async put(jid, body) {
      const head = body.length <= chunkBytes ? body : await putRest(jid, decode(body, whole(body)) as Return, putChunk);
      await publish(jid, subjectOf(channels.return, { jid, peel }), encode(signReturn(head, { jid, peel }, seed)));
    },
    has: (jid) => isThere(subjectOf(channels.return, { jid, peel })),
    [Symbol.dispose]() {
      for (const each of listening) each.close();
    },
  };
}

/** Stores the chunks first: whoever reads the head finds them all. Gives the head, which names what they hold. */
async function putRest(
  jid: string,
  { value, report, ...head }: Return,
  putChunk: (jid: string, index: string, chunk: Uint8Array) => Promise<void>,
): Promise<Uint8Array> {
  const rest = encode({ value, report } satisfies ReturnRest);
  const chunks = Math.ceil(rest.length / chunkBytes);
  for (let index = 0; index < chunks; index++) {
    await putChunk(jid, String(index), rest.subarray(index * chunkBytes, (index + 1) * chunkBytes));
  }
  const sha256 = createHash('sha256').update(rest).digest();
  return encode({ ...head, rest: { chunks, bytes: rest.length, sha256 } });
}

/** It was made here, and within the limits: its length is no reason to refuse it. */
function whole(body: Uint8Array): { readonly maxBytes: number } {
  return { maxBytes: body.length };
}

function unconfirmed(subject: string): ZesterError {
  return new ZesterError('unreachable', 'RETURN_UNCONFIRMED', `Cannot tell whether "${subject}" is stored yet`, {
    hint: 'It is kept on this machine and sent again',
  });
}
