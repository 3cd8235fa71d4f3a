import { withoutSecrets } from '#base/secret.ts';
import type { ErrorBody } from '#wire/error.ts';
import { type Environments, pathInTree, readText } from './tree.ts';

/** Longer lines are data rather than text. */
const longest = 240;

/** The error with the line it speaks of, for whoever reads it where the state tree is not. */
export function quoted(error: ErrorBody, environments: Environments): ErrorBody {
  const { at } = error;
  if (at === undefined || at.text !== undefined) return error;
  const text = lineOf(at, environments);
  return text === undefined ? error : { ...error, at: { ...at, text } };
}

/** A place does not tell its environment: where several have other lines there, none of them is shown. */
function lineOf({ file, line, column }: NonNullable<ErrorBody['at']>, environments: Environments): string | undefined {
  const { path, env } = pathInTree(file);
  const lines = [...environments]
    .filter(([name]) => env === undefined || env === name)
    .map(([, tree]) => readText(tree, path)?.split(/\r?\n/)[line - 1])
    .filter((each) => each !== undefined);
  const [text] = lines;
  if (text === undefined || lines.some((each) => each !== text) || column > longest) return undefined;
  // Cut before it is searched, and well behind what is shown, so that no half of a secret is left.
  const safe = withoutSecrets(text.slice(0, 4 * longest));
  return safe.length > longest ? `${safe.slice(0, longest).toWellFormed()}…` : safe;
}
