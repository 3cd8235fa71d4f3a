import type { ArgumentRecord, ModuleRecord } from './reference.ts';

type Described = Pick<ModuleRecord, 'name' | 'args'>;

/** The command line that gives a module these arguments, as a shell takes it: the bare words first, then `key=value`. */
export function commandLine(target: string, module: Described, given: Readonly<Record<string, unknown>>): string {
  const { name, args } = module;
  const primary = args.find((each) => each.primary);
  const first = primary && given[primary.name];
  const bare = primary === undefined ? undefined : bareWords(primary, first);
  const others = Object.entries(given).filter(
    ([key, value]) => value !== undefined && !(bare && key === primary?.name),
  );
  const pairs = others.map(([key, value]) => {
    const argument = args.find((each) => each.name === key || each.aliases?.includes(key));
    return `${key}=${written(argument, value)}`;
  });
  return ['zester', ...[target, name, ...(bare ?? []), ...pairs].map(shellWord)].join(' ');
}

/** A word as a shell would have to be given it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words as a shell splits them, quotes included: the opposite of `shellWord`. */
export function shellWords(line: string): string[] {
  const words = line.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/gs);
  return [...words].map(([word]) =>
    word.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs, (_, single, double, escaped) => {
      return single ?? double?.replaceAll(/\\(["$`\\])/g, '$1') ?? escaped;
    }),
  );
}

/** Nothing when the value needs its name: it would be read as a flag, an assignment, or not at all. */
function bareWords({ rest, decode }: ArgumentRecord, value: unknown): readonly string[] | undefined {
  const words = rest && Array.isArray(value) ? value : [value];
  const isPlain = (each: unknown): each is string =>
    typeof each === 'string' && (decode === 'text' || rest === true) && !/^-|^[A-Za-z_][\w.-]*=/.test(each);
  return words.length > 0 && words.every(isPlain) ? words : undefined;
}

function written(argument: ArgumentRecord | undefined, value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const { decode = 'any' } = argument ?? {};
  const isReadOtherwise = decode === 'any' && /^(true|false|-?\d+|\s*[[{].*|".*"|'.*')$/is.test(value);
  if (isReadOtherwise || (decode === 'list' && /[,[{\n]|: |^- /.test(value))) return JSON.stringify(value);
  return value.startsWith('@') ? `@${value}` : value;
}
