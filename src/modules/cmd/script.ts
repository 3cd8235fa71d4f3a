import { ZesterError } from '#base/errors.ts';
import { textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';

export interface ScriptWish {
  readonly source: string;
  readonly args: readonly string[];
  readonly template?: boolean | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A script and the words that run it from standard input. Throws `SOURCE_MISSING`, `SCRIPT_BINARY`.
 */
export async function loadScript(
  wish: ScriptWish,
  { sources, templates }: Context,
): Promise<{ readonly argv: [string, ...string[]]; readonly text: string }> {
  const bytes = await sources.read(wish.source);
  if (bytes === undefined) {
    throw new ZesterError('source', 'SOURCE_MISSING', `Cannot run "${wish.source}": there is no such source`);
  }
  const written = textOf(bytes);
  if (written === undefined) {
    throw new ZesterError('source', 'SCRIPT_BINARY', `Cannot run "${wish.source}": it is not a script but a program`, {
      hint: 'Put it on the machine with file.managed, and run it with cmd.run',
    });
  }
  const context = { ...wish.defaults, ...wish.context };
  const text = wish.template ? templates.render(written, { path: wish.source, context }) : written;
  return { argv: interpreter(text, wish.args), text };
}

/** Shells are told with `-s` that their input is the script, everything else with `-`. */
function interpreter(text: string, args: readonly string[]): [string, ...string[]] {
  const line = /^#!\s*(.+)/.exec(text)?.[1]?.trim() ?? '/bin/sh';
  const [program = '/bin/sh', ...options] = line.split(/\s+/);
  const isShell = /(^|\/)(ba|da|k|z|a)?sh$/.test(options.at(-1) ?? program) || /(^|\/)(ba|da|k|z|a)?sh$/.test(program);
  if (isShell) return [program, ...options, '-s', ...(args.length > 0 ? ['--', ...args] : [])];
  return [program, ...options, '-', ...args];
}
