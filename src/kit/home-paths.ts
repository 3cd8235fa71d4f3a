import type * as z from 'zod';
import { userUnknown } from '#machine/errors.ts';
import type { Machine } from '#machine/machine.ts';
import { type Arguments, fieldOf } from './argument-schema.ts';
import { AbsolutePath, cleanPath } from './types.ts';

type Wanted = Readonly<Record<string, unknown>>;

/** Arguments that are paths and begin with a home: `~/x`, `~deploy/x`. */
export function homePaths(schema: Arguments, wanted: Wanted): readonly string[] {
  return Object.keys(schema.shape).filter((key) => {
    const value = wanted[key];
    return typeof value === 'string' && value.startsWith('~') && isAbsolutePath(fieldOf(schema, key));
  });
}

/** The same arguments with the homes of this machine. Throws `USER_UNKNOWN`. */
export async function atHome<W extends Wanted>(wanted: W, keys: readonly string[], { users }: Machine): Promise<W> {
  const paths: Record<string, string> = {};
  for (const key of keys) {
    const written = String(wanted[key]);
    const [, name = '', rest = ''] = /^~([^/]*)(.*)$/s.exec(written) ?? [];
    const uid = process.geteuid?.() ?? 0;
    const user = name === '' ? (await users.list()).find((each) => each.uid === uid) : await users.find(name);
    if (user === undefined) throw userUnknown(`use the path "${written}"`, name || String(uid));
    paths[key] = cleanPath(user.home + rest);
  }
  return { ...wanted, ...paths };
}

/** A description makes a copy of a schema, and `.optional()` wraps it. */
function isAbsolutePath(schema: z.core.$ZodType): boolean {
  for (let each: z.core.$ZodType | undefined = schema; each; each = each._zod.parent) {
    if (each === AbsolutePath) return true;
    const { def } = each._zod;
    if ('innerType' in def && isAbsolutePath(def.innerType as z.core.$ZodType)) return true;
  }
  return false;
}
