import { didYouMean } from '#base/errors.ts';
import type { Known } from '../known.ts';
import type { Sheet } from '../read/sheet.ts';
import type { Mention } from '../read/template.ts';
import type { Lack, LackKind, Note } from '../report.ts';
import { functionHint } from './states.ts';

export interface TemplateFindings {
  readonly lacks: readonly Lack[];
  readonly notes: readonly Note[];
}

/** What the template of a file asks for that there is not, in all its branches. */
export function findInTemplate({ source, uses }: Sheet, known: Known): TemplateFindings {
  if (uses === undefined) return { lacks: [], notes: [] };
  const place = ({ at }: Mention) => source.place(at);
  const functions = uses.functions.filter(({ name }) => !known.functions.has(name));
  // A template that looks first whether there is a function calls it only where there is.
  const asked = new Set([...uses.asked, ...functions.filter(({ isGuarded }) => isGuarded).map(({ name }) => name)]);
  const isAsked = ({ name }: Mention) => asked.has(name);
  const options = uses.options.filter(({ name }) => !optionNames.has(name));
  const lacks = [
    ...functions.filter((each) => !isAsked(each)).map((each) => lack('function', each, functionHint(each.name, known))),
    ...absent(uses.filters, known.filters).map((each) =>
      lack('filter', each, didYouMean(each.name, known.filters.keys())),
    ),
    ...absent(uses.tests, known.tests).map((each) => lack('test', each, didYouMean(each.name, known.tests.keys()))),
    ...options.filter(({ isGuarded }) => !isGuarded).map((each) => lack('option', each, optionHint)),
  ];
  const notes = [
    ...functions.filter(isAsked).map((each) => ({
      at: place(each),
      text: `There is no function ${each.name}, and the template can do without`,
    })),
    ...options
      .filter(({ isGuarded }) => isGuarded)
      .map((each) => ({ at: place(each), text: `There is no opts["${each.name}"], and the template can do without` })),
    ...uses.computed.map((at) => ({
      at: source.place(at),
      text: 'Which function is called here is only known when it is rendered',
    })),
  ];
  return { lacks, notes };

  function lack(kind: LackKind, mention: Mention, hint: string | undefined): Lack {
    return { at: place(mention), kind, name: mention.name, hint };
  }
}

function absent(mentions: readonly Mention[], there: { has(name: string): boolean }): readonly Mention[] {
  return mentions.filter(({ name }) => !there.has(name));
}

/** What `opts` holds in every template. */
const optionNames: ReadonlySet<string> = new Set(['id', 'test', 'saltenv', 'file_client']);
const optionHint = `Templates see ${[...optionNames].join(', ')} there: write anything else into the settings`;
