import { ZesterError } from '#base/errors.ts';

/** Environment → its folders; of those that have a path, the first one's file counts. */
export type Folders = Readonly<Record<string, readonly string[]>>;

/** The environment that is always there. */
export const baseEnvironment = 'base';

/** True for a name that can be a folder on every machine, and that no state file means otherwise. */
export function isEnvironmentName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name);
}

/** Reads `{dev: /srv/dev, prod: [/srv/prod, /srv/shared]}`. Throws `ENVIRONMENT_INVALID`. */
export function readFolders(given: Readonly<Record<string, unknown>>): Folders {
  return Object.fromEntries(
    Object.entries(given).map(([name, written]) => {
      if (!isEnvironmentName(name)) throw invalid(name, 'it cannot be the name of one', nameHint(name));
      const folders = [written].flat();
      const isPath = (folder: unknown): folder is string => typeof folder === 'string' && folder !== '';
      if (folders.length > 0 && folders.every(isPath)) return [name, folders];
      throw invalid(name, 'it has no folder', `Write ${name}: [/srv/${name}], or several folders, the first one first`);
    }),
  );
}

/** All environments, `base` first: it is the folder, with what else was given for it behind. */
export function withBase(folder: string, { base = [], ...others }: Folders): Folders {
  return { base: [folder, ...base], ...others };
}

function nameHint(name: string): string {
  if (name === '__env__') return 'Write down each environment: none is made up from the name that is asked for';
  return 'Use letters and digits, and "_", "-" and "." behind the first one, 64 at most';
}

function invalid(name: string, reason: string, hint: string): ZesterError {
  return new ZesterError('usage', 'ENVIRONMENT_INVALID', `Cannot use the environment "${name}": ${reason}`, { hint });
}
