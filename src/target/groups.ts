import { isError, ZesterError } from '#base/errors.ts';
import { parse } from './parse.ts';
import type { ParseOptions } from './syntax.ts';

/** Nodegroups: name → an expression, or a list of ids or of an expression's words. */
export type Groups = NonNullable<ParseOptions['groups']>;

/**
 * Nodegroups as people write them down. Each is read once, so that a mistake is known before a target needs the group.
 * Throws `NODEGROUP_INVALID`, and as `parse` does for a group that is unknown or contains itself.
 */
export function readGroups(given: Readonly<Record<string, unknown>>): Groups {
  const groups = Object.fromEntries(Object.entries(given).map(([name, body]) => [name, bodyOf(name, body)]));
  for (const name of Object.keys(groups)) {
    try {
      parse(`N@${name}`, { groups });
    } catch (thrown) {
      if (!isError(thrown, 'TARGET_SYNTAX', 'TARGET_GROUP_UNKNOWN')) throw thrown;
      const { message, hint, details } = thrown;
      throw invalid(name, message.replace(/^C/, 'c'), { hint, details, cause: thrown });
    }
  }
  return groups;
}

function bodyOf(name: string, body: unknown): string | readonly string[] {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw invalid(name, 'a name has letters, digits, "_", "-" and ".", and begins with one of the first two');
  if (typeof body === 'string' && body.trim() !== '') return body;
  const isWord = (word: unknown): word is string => typeof word === 'string' && word !== '';
  if (Array.isArray(body) && body.length > 0 && body.every(isWord)) return body;
  throw invalid(name, 'it is neither a target nor a list', {
    hint: `Write ${name}: 'web* and G@os.family:debian', or ${name}: [web-01, web-02]`,
  });
}

function invalid(
  name: string,
  reason: string,
  context: ConstructorParameters<typeof ZesterError>[3] = {},
): ZesterError {
  return new ZesterError('usage', 'NODEGROUP_INVALID', `Cannot use the nodegroup "${name}": ${reason}`, context);
}
