import * as z from 'zod/mini';
import { jsonText } from '#base/visible.ts';
import { ErrorBody } from '#wire/error.ts';
import { Answer } from '#wire/json/answer.ts';
import { Moment, peelId, published, took } from '#wire/json/shape.ts';

const event = { time: Moment };

/** One line of `--json --stream`: what happens to a job, as it happens. */
export const Event = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('dispatched'),
    ...event,
    jid: z.string(),
    function: z.string(),
    target: z.string(),
    test: z.boolean(),
    peels: z.array(z.string()),
    deadline: z.optional(Moment),
    warnings: z.array(z.string()),
  }),
  /** A peel is so far; it says so when it likes. */
  z.object({
    event: z.literal('progress'),
    ...event,
    jid: z.string(),
    peel_id: peelId,
    done: z.int(),
    total: z.optional(z.int()),
    text: z.optional(z.string()),
  }),
  /** Once for each peel: of those that did not answer at the end. */
  z.object({ event: z.literal('return'), ...event, ...Answer.shape }),
  z.object({
    event: z.literal('finished'),
    ...event,
    jid: z.string(),
    /** `open` waits for who is silent · `detached` by --async · `left` or `killed` by Ctrl-C. */
    ended: z.enum(['done', 'open', 'deadline', 'detached', 'left', 'killed']),
    succeeded: z.int(),
    changed: z.int(),
    failed: z.int(),
    unreachable: z.int(),
    pending: z.int(),
    open_until: z.optional(Moment),
    took_ms: took,
    exit_code: z.int(),
  }),
  /** The command could not do its work: nothing follows. */
  z.object({ event: z.literal('error'), ...event, error: ErrorBody, exit_code: z.int() }),
]);

export type EventName = z.output<typeof Event>['event'];

export function eventLine(name: EventName, fields: object, now: number): string {
  const option = Event._zod.def.options.find(({ _zod }) => _zod.def.shape.event._zod.def.values[0] === name);
  return `${jsonText(published(option ?? Event, { event: name, time: now, ...fields }))}\n`;
}
