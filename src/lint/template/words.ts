import { globMatches } from '#pattern/glob.ts';
import { isStateFile, type Survey } from '../survey.ts';

/** Every word of a file that may be a reference; an expression in it is a `*`. */
export interface Words {
  readonly path: string;
  readonly words: readonly string[];
}

const known = new WeakMap<Survey, readonly Words[]>();

/** The words of every file in which states can be named. */
export function wordsOf(survey: Survey): readonly Words[] {
  const words = known.get(survey) ?? readWords(survey);
  known.set(survey, words);
  return words;
}

function readWords({ templates, textOf, paths }: Survey): readonly Words[] {
  const files = new Set([...templates.map(({ path }) => path), ...paths.filter(isStateFile)]);
  return [...files].map((path) => {
    const flat = textOf(path)
      .replace(/\{\{.*?\}\}/g, '*')
      .replace(/'[^'\n]*'|"[^"\n]*"/g, (quoted) => ` ${quoted.slice(1, -1)} `);
    return { path, words: [...new Set(flat.match(/[\w.*-]+/g) ?? [])].filter((word) => /\w/.test(word)) };
  });
}

/** Whether files may mean a reference: by its name, by a relative one, or by one that an expression completes. */
export function isNamedBy(files: readonly Words[], ref: string): boolean {
  const last = ref.slice(ref.lastIndexOf('.') + 1);
  return files.some(({ words }) =>
    words.some((word) => {
      const name = word.replace(/^\.+/, '');
      const isRelative = word !== name;
      if (name === ref || (isRelative && (name === last || ref.endsWith(`.${name}`)))) return true;
      return name.includes('*') && (globMatches(name, ref) || (isRelative && globMatches(name, last)));
    }),
  );
}
