export interface CommandLine {
  readonly words: readonly string[];
  /** `--name value`, `--name=value`, or `true` for a bare `--name`. */
  readonly flags: Readonly<Record<string, string | true>>;
}

/** A command line of a tool: words, and flags of any name. A flag in `bare` never takes the next word as its value. */
export function parseFlags(argv: readonly string[], bare: readonly string[] = ['json']): CommandLine {
  const words: string[] = [];
  const flags: Record<string, string | true> = {};
  for (let index = 0; index < argv.length; index++) {
    const each = argv[index] ?? '';
    if (!each.startsWith('--')) {
      words.push(each);
      continue;
    }
    const [name = '', value] = each.slice(2).split(/=(.*)/s);
    const next = argv[index + 1];
    const takesNext = value === undefined && !bare.includes(name) && next !== undefined && !next.startsWith('--');
    flags[name] = value ?? (takesNext ? next : true);
    if (takesNext) index++;
  }
  return { words, flags };
}
