import { type Token, tokenize } from '#render/jinja/lexer.ts';
import type { Source } from '#render/source.ts';

/** A tag of a template, by its offsets in the source: `{{ … }}` or `{% … %}`, without the white space it trims. */
export interface Tag {
  readonly kind: 'output' | 'block';
  /** `for`, `endfor`; nothing for an output. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** True for a tag that has a body and an end of its own: `macro`, and `set` without a value. */
  readonly opens: boolean;
}

/** A part of a source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Parts {
  readonly tags: readonly Tag[];
  /** The text around them; comments are neither. */
  readonly texts: readonly Span[];
}

/** What a template consists of, in the order of the file. Throws `TEMPLATE_SYNTAX`. */
export function partsOf(source: Source): Parts {
  const tags: Tag[] = [];
  const texts: Span[] = [];
  let inside: Token[] = [];
  for (const token of tokenize(source)) {
    if (token.kind === 'data') texts.push({ start: token.at, end: token.at + token.value.length });
    else if (token.kind === 'variable_end' || token.kind === 'block_end') {
      tags.push(tagOf(inside, token, source.text));
      inside = [];
    } else inside.push(token);
  }
  return { tags, texts };
}

function tagOf([begin, first, ...others]: readonly Token[], end: Token, text: string): Tag {
  const isOutput = end.kind === 'variable_end';
  const name = !isOutput && first?.kind === 'name' ? first.value : '';
  return {
    kind: isOutput ? 'output' : 'block',
    name,
    start: begin?.at ?? end.at,
    end: end.at + (/[-+]/.test(text.charAt(end.at)) ? 3 : 2),
    opens: name in ends && (name !== 'set' || isSetBlock(others)),
  };
}

/** `{% set x %}` and `{% set x | upper %}` have a body, `{% set x = 1 %}` has none. */
function isSetBlock(tokens: readonly Token[]): boolean {
  const operator = tokens.find(({ kind, value }) => kind === 'operator' && (value === '=' || value === '|'));
  return operator?.value !== '=';
}

const ends: Readonly<Record<string, string>> = {
  macro: 'endmacro',
  call: 'endcall',
  set: 'endset',
  load_yaml: 'endload',
  load_json: 'endload',
  load_text: 'endload',
};

/** What stands between these tags and their ends, the outermost ones only. */
export function bodiesOf(tags: readonly Tag[], names: readonly string[]): readonly Span[] {
  const bodies: Span[] = [];
  const open: { readonly end: string; readonly from: number }[] = [];
  for (const tag of tags) {
    if (tag.opens && names.includes(tag.name)) open.push({ end: ends[tag.name] ?? '', from: tag.end });
    else if (open.length > 0 && tag.name === open.at(-1)?.end) {
      const closed = open.pop();
      if (closed && open.length === 0) bodies.push({ start: closed.from, end: tag.start });
    }
  }
  return bodies;
}
