import { isPassedOver, type Known, type Siblings, takesArgument } from '../known.ts';
import { type DeclaredArgument, declaredIn } from '../read/declared.ts';
import type { Sheet } from '../read/sheet.ts';
import { type Edit, scalarSpan, wholeLine } from './edits.ts';

/** What Salt itself has called otherwise for years. */
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'archive.extracted': {
    tar_options: 'options',
    zip_options: 'options',
    archive_user: 'user',
    keep: 'keep_source',
  },
  'pkgrepo.managed': { refresh_db: 'refresh' },
};

/** What only concerns how Salt goes about its work: without it, the state does the same. */
export const idleArguments: Readonly<Record<string, string>> = {
  bufsize: 'It only said in how large pieces Salt reads the file',
  keep_source: 'It only said whether Salt keeps a copy of the source in its cache',
  skip_suggestions: 'It only said whether Salt suggests other names',
  use_vt: 'It only said whether Salt shows the output while it comes',
};

/** An argument that a migrated file has under another name, or not at all. */
export interface ArgumentRewrite {
  readonly state: string;
  readonly key: string;
  /** Undefined when it is removed. */
  readonly to: string | undefined;
}

/** What to do with an argument that Zester does not take; nothing when it takes it, or when that is for a person to decide. */
export function rewriteOf(state: string, key: string, known: Known, siblings: Siblings): ArgumentRewrite | undefined {
  if (!known.states.has(state) || takesArgument(known, state, key, siblings)) return undefined;
  const to = renamed[state]?.[key];
  if (to !== undefined) return known.states.get(state)?.argumentNames.has(to) ? { state, key, to } : undefined;
  return key in idleArguments || isPassedOver(known, state, key) ? { state, key, to: undefined } : undefined;
}

export function rewriteArguments({ source, skeleton }: Sheet, known: Known): readonly Edit[] {
  return declaredIn(skeleton?.roots ?? []).flatMap(({ state, args }) => {
    const keys = new Set(args.map(({ key }) => key));
    const rewriteIn = ({ key }: DeclaredArgument) => rewriteOf(state, key, known, keys);
    const isIdle = (each: DeclaredArgument) => rewriteIn(each)?.to === undefined;
    const rewritten = args.filter((each) => rewriteIn(each) !== undefined);
    const left = args.filter((each) => !(rewritten.includes(each) && isIdle(each)));
    return rewritten.flatMap((each) => (isIdle(each) ? removal(each, left) : renaming(each, rewriteIn(each)?.to)));
  });

  function renaming({ keyNode }: DeclaredArgument, text: string | undefined): readonly Edit[] {
    const span = scalarSpan(source, keyNode);
    if (span === undefined || text === undefined) return [];
    return [{ ...span, text, why: `Salt calls it "${text}" now, and so does Zester` }];
  }

  function removal({ key, keyNode, value }: DeclaredArgument, left: readonly DeclaredArgument[]): readonly Edit[] {
    const end = scalarSpan(source, value)?.end;
    if (end === undefined) return [];
    const span = wholeLine(source, { start: keyNode.at, end }, /^([ \t]*)-[ \t]+$/);
    // A state must not be left with nothing below it: another argument is to be there whenever this one was.
    const staysFilled = left.some(
      (other) => !source.text.slice(...between(keyNode.at, other.keyNode.at)).includes('{%'),
    );
    if (span === undefined || !staysFilled) return [];
    const shown = { at: keyNode.at, from: source.text.slice(keyNode.at, end), to: '' };
    return [{ ...span, text: '', shown, why: idleArguments[key] ?? 'Salt passes over it without a word' }];
  }
}

function between(a: number, b: number): readonly [number, number] {
  return [Math.min(a, b), Math.max(a, b)];
}
