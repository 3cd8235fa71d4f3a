import { ZesterError } from '#base/errors.ts';

/** A reply that may have a next page. */
interface Paged {
  readonly next?: string | undefined;
}

/** Pages that a list may have: a fleet of a million peels has some thousands. */
const mostPages = 20_000;
/** Pages in a row without anything on them: a narrow filter over a long history has some. */
const mostEmptyPages = 1_000;

export interface Following<Reply> {
  readonly ask: (cursor: string | undefined) => Promise<Reply>;
  /** Rows on a page. */
  readonly rows: (reply: Reply) => number;
  /** Newest first: cursors go down. */
  readonly descending?: boolean;
}

/**
 * Page after page, as they are asked for. A master that gives a cursor which does not advance, or pages without end, is
 * left: throws `PAGES_ENDLESS`.
 */
export async function* pages<Reply extends Paged>({ ask, rows, descending = false }: Following<Reply>) {
  let cursor: string | undefined;
  let empty = 0;
  for (let count = 0; count < mostPages; count++) {
    const reply: Reply = await ask(cursor);
    yield reply;
    const { next } = reply;
    if (next === undefined) return;
    if (cursor !== undefined && (descending ? next >= cursor : next <= cursor)) {
      throw endless('a page leads back to where it came from');
    }
    empty = rows(reply) === 0 ? empty + 1 : 0;
    if (empty > mostEmptyPages) throw endless(`${empty} pages in a row are empty`);
    cursor = next;
  }
  throw endless(`there are more than ${mostPages} pages`);
}

function endless(reason: string): ZesterError {
  return new ZesterError('bug', 'PAGES_ENDLESS', `Cannot read the list to its end: ${reason}`, {
    hint: 'Masters of different versions, or one that is not ours, may answer: compare with zester doctor',
  });
}

/** Parts of something that is too large for one reply. */
const mostParts = 1_024;

/** All parts of one thing, joined. Throws `PARTS_WRONG` when they are not what the first one says. */
export async function joinParts(
  first: { readonly part?: Uint8Array | undefined; readonly parts?: number | undefined },
  ask: (part: number) => Promise<{ readonly part?: Uint8Array | undefined }>,
): Promise<Uint8Array> {
  const { part, parts = 1 } = first;
  if (part === undefined || parts > mostParts) throw wrongParts(parts);
  const all = [part];
  for (let index = 1; index < parts; index++) {
    const next = (await ask(index)).part;
    if (next === undefined || next.length === 0) throw wrongParts(parts);
    all.push(next);
  }
  return Buffer.concat(all);
}

function wrongParts(parts: number): ZesterError {
  return new ZesterError('bug', 'PARTS_WRONG', `Cannot read the whole of it: one of its ${parts} parts is missing`);
}
