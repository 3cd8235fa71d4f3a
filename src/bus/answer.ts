import type { Msg } from '@nats-io/nats-core';
import { asError, isError, ZesterError } from '#base/errors.ts';
import { encode } from '#wire/codec.ts';
import { errorBody } from '#wire/error.ts';
import { cutText, letters } from '#wire/limits.ts';
import { outsideError } from './outside.ts';

/** What went wrong at the door of a request, for a log: a bug of ours, or an asker that is no honest one. */
export type Trouble = (error: ZesterError, subject: string) => void;

interface Door {
  /** Bytes the server takes in one message. */
  readonly maxBytes: number;
  readonly tell: Trouble;
}

/** Whoever asks honestly listens on an inbox; `_R_` is one that was mapped from another account. */
const inbox = /^_(INBOX|R)_/;

/**
 * The one door of all requests: whatever the handler throws or returns, nothing leaves this function but an answer.
 * Nothing is done for an asker whose reply subject is no inbox: the answer would be written wherever it points, with
 * the rights of whoever answers.
 */
export async function answer(message: Msg, handle: () => Promise<unknown>, door: Door): Promise<void> {
  const { subject, reply: to = '' } = message;
  try {
    if (!inbox.test(to))
      throw new ZesterError('denied', 'REPLY_REFUSED', `Cannot answer "${subject}": ${notInbox(to)}`);
    message.respond(await answerOf(handle, subject, door));
  } catch (error) {
    tell(door, error, subject);
  }
}

async function answerOf(handle: () => Promise<unknown>, subject: string, door: Door): Promise<Uint8Array> {
  try {
    const bytes = encode(await handle());
    if (bytes.length <= door.maxBytes) return bytes;
    throw new ZesterError('bug', 'REPLY_TOO_LARGE', `Cannot answer "${subject}": the reply has ${bytes.length} bytes`, {
      hint: 'Ask for less at once, with a narrower target or a smaller limit',
    });
  } catch (thrown) {
    const error = asError(outsideError(thrown));
    if (error.family === 'bug') tell(door, error, subject);
    return refusal(error);
  }
}

/** An error says why in a sentence; one that quotes a megabyte of what it was given is cut. */
function refusal(error: ZesterError): Uint8Array {
  const { family, code, message, hint } = errorBody(error);
  const whole = encode({ error: errorBody(error) });
  if (whole.length <= 8 * letters.sentence) return whole;
  const short = { family, code, message: cutText(message, letters.sentence) };
  return encode({ error: hint === undefined ? short : { ...short, hint: cutText(hint, letters.sentence) } });
}

function tell({ tell: told }: Door, thrown: unknown, subject: string): void {
  try {
    told(asError(thrown), subject);
  } catch (error) {
    // Whoever listens for trouble is the last to be allowed to make some.
    if (isError(error)) return;
  }
}

function notInbox(to: string): string {
  return to === '' ? 'it names no inbox for the reply' : `its reply subject "${cutText(to, 100)}" is no inbox`;
}
