import { readYaml } from '#base/written.ts';
import { readText } from './files.ts';
import { findJid } from './job-ids.ts';
import { type JobDraft, parseJob } from './parse.ts';
import { emptyReference } from './reference.ts';
import type { Session } from './session.ts';

/** The job that words ask for. The reference and YAML are loaded only when there is something to read with them. */
export async function draftJob(
  { words, rest }: { readonly words: readonly string[]; readonly rest: readonly string[] | undefined },
  session: Session,
): Promise<JobDraft> {
  const values = words.slice(2);
  const isPing = words[1] === 'test.ping';
  const reference = isPing && values.length === 0 ? emptyReference : await session.reference();
  const needsYaml = values.some((each) => /=\s*([[{@"']|- )|:\s|\n/.test(each));
  const { timeout } = session.timeoutMs === undefined ? (await session.config()).values : {};
  const draft = parseJob({
    words,
    rest,
    reference,
    test: session.test,
    timeoutMs: session.timeoutMs ?? timeout,
    readFile: (path) => readText(path, { hint: 'Write @@ for a value that begins with an at sign' }),
    parseYaml: needsYaml ? await readYaml() : unexpectedYaml,
  });
  return withWholeJids(draft, session);
}

/** Jobs are named to functions as to commands: by a part of their id, or "last". */
async function withWholeJids(draft: JobDraft, session: Session): Promise<JobDraft> {
  const { function: called, id, args } = draft;
  if (called === 'state.revert' && id !== undefined) return { ...draft, id: await findJid(id, session) };
  const key = { 'state.revert': 'jid', 'state.apply': 'plan' }[called];
  const named = key === undefined ? undefined : args[key];
  if (key === undefined || typeof named !== 'string') return draft;
  return { ...draft, args: { ...args, [key]: await findJid(named, session) } };
}

function unexpectedYaml(text: string): unknown {
  return text;
}
