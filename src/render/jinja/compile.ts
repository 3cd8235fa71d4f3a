import type { Source } from '../source.ts';
import type { BlockStatement } from './ast.ts';
import { StatementCompiler } from './compile-statement.ts';
import { syntaxError } from './errors.ts';
import type { Output } from './output.ts';
import { parse } from './parser.ts';
import type { Scope } from './scope.ts';

/** How a body ended: by itself, or by a loop control that the loop around it has to obey. */
export type Signal = 'done' | 'break' | 'continue';

/** A compiled statement or body: closures over the tree, so that nothing is interpreted by name at run time. */
export type Execute = (scope: Scope, out: Output) => Signal;

export interface CompiledTemplate {
  readonly source: Source;
  readonly body: Execute;
  readonly blocks: ReadonlyMap<string, CompiledBlock>;
}

export interface CompiledBlock {
  readonly statement: BlockStatement;
  readonly source: Source;
  readonly body: Execute;
}

/** Hears of a body that begins to run (a template, a branch, a loop turn, a macro), by its first statement's offset. */
export type Entered = (path: string, at: number) => void;

/** A template ready to run. Throws TEMPLATE_SYNTAX and TEMPLATE_FILTER_UNKNOWN with their places. */
export function compileTemplate(source: Source, entered?: Entered): CompiledTemplate {
  try {
    return compile(source, entered);
  } catch (thrown) {
    // A tree too deep for the stack: ten thousand operators in a row, or a loop that wrote the template.
    if (thrown instanceof RangeError)
      throw syntaxError('it is nested too deeply', source.place(0), 'Split it into several files');
    throw thrown;
  }
}

function compile(source: Source, entered: Entered | undefined): CompiledTemplate {
  const template = parse(source);
  const compiler = new StatementCompiler(source, entered);
  const blocks = [...template.blocks].map(([name, statement]): [string, CompiledBlock] => [
    name,
    { statement, source, body: compiler.body(statement.body) },
  ]);
  return { source, body: compiler.body(template.body), blocks: new Map(blocks) };
}
