import { isError, ZesterError } from '#base/errors.ts';
import { type Flag, type ReadArguments, readFlags } from '#base/options.ts';
import { shellWord } from './command-line.ts';
import { withTarget } from './parse.ts';
import { argumentFor, argumentsOf, callable, loadReference } from './reference.ts';

/**
 * The flags of a job, where `--refresh`, `--fire-event=done` and the like may be arguments of what is run: what is no flag is
 * looked up there. `leading` are the words before the first flag, target and function among them. Throws `FLAG_UNKNOWN`.
 */
export async function readJobFlags(
  argv: readonly string[],
  known: readonly Flag[],
  leading: readonly string[],
): Promise<ReadArguments> {
  try {
    return readFlags(argv, known);
  } catch (error) {
    if (!isError(error, 'FLAG_UNKNOWN')) throw error;
    const [target = '', called = ''] = leading[0] === 'run' ? leading.slice(1) : leading;
    if (called.startsWith('cmd.')) throw withHint(error, commandHint(argv, target, called));
    const targeted = withTarget(argv.slice(argv.indexOf(target)), await loadReference());
    if (targeted !== undefined) throw withHint(error, targeted);
    const rewritten = await asArguments(argv, known, called);
    return readFlags(rewritten, known);
  }
}

/** With `key=value` for what is an argument of the function and no flag. */
async function asArguments(argv: readonly string[], known: readonly Flag[], called: string): Promise<string[]> {
  const reference = await loadReference();
  const module = callable(reference, called);
  const takes = module === undefined ? [] : argumentsOf(module, reference);
  const names = new Set(known.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  const start = argv.indexOf(called) + 1;
  const rewritten = argv.slice(0, start);
  for (let at = start; at < argv.length; at++) {
    const token = argv[at] as string;
    if (token === '--') return [...rewritten, ...argv.slice(at)];
    const [, name = '', inline] = token.match(/^--([a-z][\w-]*)(?:=(.*))?$/s) ?? [];
    const key = name.replaceAll('-', '_');
    const argument = names.has(name) ? undefined : argumentFor(takes, key);
    if (argument === undefined) rewritten.push(token);
    else if (inline !== undefined) rewritten.push(`${key}=${inline}`);
    else if (argument.decode === 'bool') rewritten.push(`${key}=true`);
    else rewritten.push(`${key}=${argv[++at] ?? ''}`);
  }
  return rewritten;
}

function commandHint(argv: readonly string[], target: string, called: string): string {
  const own = argv.slice(argv.indexOf(called) + 1).map(shellWord);
  return `After "--" everything belongs to the command: zester ${shellWord(target)} ${called} -- ${own.join(' ')}`;
}

function withHint({ family, code, message }: ZesterError, hint: string): ZesterError {
  return new ZesterError(family, code, message, { hint });
}
