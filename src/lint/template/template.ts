import type { Place } from '#base/errors.ts';
import type { Statement } from '#render/jinja/ast.ts';
import { parse } from '#render/jinja/parser.ts';
import { Source } from '#render/source.ts';
import {
  bodiesOf,
  expressionsIn,
  expressionsOf,
  type PlacedExpression,
  type PlacedStatement,
  partsOf,
  statementsIn,
} from './walk.ts';

/** A template's syntax tree, with what rules look at: all of it, whatever would run. */
export interface Template {
  readonly path: string;
  readonly body: readonly Statement[];
  readonly statements: readonly PlacedStatement[];
  readonly expressions: readonly PlacedExpression[];
  place(at: number): Place;
  offset(place: Place): number;
  /** The offset of the first statement of the innermost body that holds a place: what `entered` hears. */
  bodyAt(place: Place): number | undefined;
}

/** Throws `TEMPLATE_SYNTAX`. */
export function readTemplate(path: string, text: string): Template {
  const source = new Source(path, text.replace(/\r\n?/g, '\n'));
  const { body } = parse(source);
  const statements = [...statementsIn(body)];
  const offset = ({ line, column }: Place) => source.lineStart(line) + column - 1;
  return {
    path,
    body,
    statements,
    expressions: statements.flatMap(({ node }) => [...expressionsIn(node)]),
    place: (at) => source.place(at),
    offset,
    bodyAt: (place) => innermost(body, offset(place)),
  };
}

/** True for a state or settings file that Jinja does not see, or that some other renderer sees, too. */
export function isWithoutJinja(text: string): boolean {
  const written = /^#!\s*([^/\s][^\n]*)/.exec(text)?.[1];
  if (written === undefined) return false;
  const steps = written.split('|').map((step) => step.trim().split(/\s+/)[0] ?? '');
  return !steps.some((step) => step.includes('jinja')) || steps.some((step) => !known.has(step));
}

const known = new Set(['jinja', 'yaml', 'json', 'toml', 'text', 'yaml_jinja', 'jinja_yaml', 'json_jinja']);

function innermost(body: readonly Statement[], offset: number): number | undefined {
  const holder = body.findLast((statement) => startOf(statement) <= offset);
  const inner = holder === undefined ? [] : bodiesOf(holder);
  const within = inner.filter(([first]) => first !== undefined && startOf(first) <= offset).at(-1);
  return (within && innermost(within, offset)) ?? body[0]?.at;
}

/** Where a statement begins to be about something: its own offset may be that of an operator inside it. */
function startOf(statement: Statement): number {
  return Math.min(statement.at, ...expressionsOf(statement).map(startOfExpression));
}

function startOfExpression(node: Parameters<typeof partsOf>[0]): number {
  return Math.min(node.at, ...partsOf(node).map(startOfExpression));
}
