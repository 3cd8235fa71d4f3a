import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import type { CommandWish } from '#kit/abilities/shell.ts';
import { textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import type { FileOwner } from '#machine/machine.ts';

/** A list is taken word for word; a text is read by a shell, as it would be behind the script's name. */
export const ScriptArguments = z.union([z.string(), z.array(z.string())]);

export interface ScriptWish {
  readonly source: string;
  readonly args: z.output<typeof ScriptArguments>;
  readonly template?: boolean | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
}

export interface Script {
  readonly text: string;
  /** Words of the program that reads it. */
  readonly interpreter: readonly [string, ...string[]];
}

/** A script as it would be run. Throws `SOURCE_MISSING`, `SCRIPT_BINARY`. */
export async function loadScript(
  wish: ScriptWish & Pick<CommandWish, 'shell'>,
  { sources, templates }: Context,
): Promise<Script> {
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
  const [program = wish.shell, ...options] = /^#!\s*(.+)/.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  return { text, interpreter: [program, ...options] };
}

/**
 * Runs a script from a file that only its user can read, gone afterwards: on standard input, what the script runs would
 * eat the rest of it.
 */
export async function withScript<T>(
  { text, interpreter }: Script,
  { source, args, runas }: ScriptWish & CommandWish,
  context: Context,
  run: (argv: readonly [string, ...string[]]) => Promise<T>,
): Promise<T> {
  const { files } = context;
  const path = `/tmp/zester-${randomUUID()}-${source.replace(/\?.*$/, '').slice(source.lastIndexOf('/') + 1)}`;
  const owner = runas === undefined ? {} : { owner: await ownerOf(String(runas), context) };
  await files.write(path, new TextEncoder().encode(text), { mode: 0o700, ...owner });
  try {
    if (typeof args !== 'string') return await run([...interpreter, path, ...args]);
    return await run(
      args.trim() === '' ? [...interpreter, path] : ['/bin/sh', '-c', `"$@" ${args}`, 'sh', ...interpreter, path],
    );
  } finally {
    await files.remove(path);
  }
}

/** The user's id alone: the group has no rights anyway. */
async function ownerOf(runas: string, { users }: Context): Promise<FileOwner> {
  const user = (await users.list()).find(({ name, uid }) => name === runas || String(uid) === runas);
  return user === undefined ? {} : { uid: user.uid };
}
