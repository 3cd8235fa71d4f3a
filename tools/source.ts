import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path from the repository's root, with `/`, and what the file says. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  /** `type` is gone at run time, `static` loads with the file, `dynamic` when it is called. */
  readonly kind: 'type' | 'static' | 'dynamic';
}

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Files git knows or would add: what a clone holds, and what the next commit may bring. */
export function repositoryFiles(folder = root): string[] {
  const list = (...args: string[]) =>
    execFileSync('git', ['ls-files', '-z', ...args], { cwd: folder, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean);
  const deleted = new Set(list('--deleted'));
  return list('--cached', '--others', '--exclude-standard')
    .filter((path) => !deleted.has(path))
    .sort();
}

export function readSources(paths: readonly string[], folder = root): SourceFile[] {
  return paths.map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/');
}

export function importsOf(text: string): Import[] {
  const code = blankComments(text);
  const found: Import[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s+)?(?:[\w$*{},\s]*?\sfrom\s+)?'([^'\n]+)'/gm)) {
    found.push({ specifier: match[2] ?? '', kind: match[1] === undefined ? 'static' : 'type' });
  }
  for (const match of code.matchAll(/\brequire\(\s*'([^'\n]+)'\s*\)/g)) {
    found.push({ specifier: match[1] ?? '', kind: 'dynamic' });
  }
  for (const match of code.matchAll(/(\btypeof\s+)?\bimport\(\s*'([^'\n]+)'\s*\)/g)) {
    found.push({ specifier: match[2] ?? '', kind: match[1] === undefined ? 'dynamic' : 'type' });
  }
  return found;
}

/** The text with comments as spaces: every line and column stays where it was. */
export function blankComments(text: string): string {
  return blank(text, { comments: true, strings: false });
}

/** The text with comments and the insides of strings as spaces; what is left is code. */
export function blankProse(text: string): string {
  return blank(text, { comments: true, strings: true });
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

interface What {
  readonly comments: boolean;
  readonly strings: boolean;
}

const spaces = (text: string) => text.replaceAll(/[^\n]/g, ' ');

/**
 * One pass over the tokens that matter. A slash starts a regular expression where an operand may stand: enough for
 * formatted code, and the price of a mistake is a wrong finding that a person sees.
 */
function blank(text: string, what: What): string {
  let out = '';
  let at = 0;
  // Depth of braces inside each open template hole, innermost last.
  const holes: number[] = [];
  const take = (end: number, prose: boolean) => {
    const part = text.slice(at, end);
    out += prose ? spaces(part) : part;
    at = end;
  };
  const quoted = (end: number) => {
    take(at + 1, false);
    take(Math.max(at, end - 1), what.strings);
    take(end, false);
  };
  while (at < text.length) {
    const char = text[at];
    const pair = text.slice(at, at + 2);
    if (pair === '//') take(endOf(text, '\n', at), what.comments);
    else if (pair === '/*') take(endOf(text, '*/', at + 2) + 2, what.comments);
    else if (char === "'" || char === '"') quoted(endOfQuote(text, at));
    else if (char === '/' && startsRegExp(out)) quoted(endOfRegExp(text, at));
    else if (char === '`' || (char === '}' && holes.at(-1) === 0)) {
      if (char === '}') holes.pop();
      const end = endOfTemplatePart(text, at + 1);
      const opensHole = text[end - 1] === '{';
      take(at + 1, false);
      take(end - (opensHole ? 2 : 1), what.strings);
      take(end, false);
      if (opensHole) holes.push(0);
    } else {
      const open = holes.length - 1;
      if (open >= 0 && char === '{') holes[open] = (holes[open] ?? 0) + 1;
      if (open >= 0 && char === '}') holes[open] = (holes[open] ?? 0) - 1;
      take(at + 1, false);
    }
  }
  return out;
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

function endOfQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start] || text[at] === '\n') return at + 1;
  }
  return text.length;
}

function endOfRegExp(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if ((char === '/' && !inClass) || char === '\n') return at + 1;
  }
  return text.length;
}

/** Just behind the closing backtick, or behind the `${` that opens a hole. */
function endOfTemplatePart(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text.startsWith('${', at)) return at + 2;
  }
  return text.length;
}

function startsRegExp(before: string): boolean {
  const code = before.trimEnd();
  return code === '' || /(?:[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|of|in))$/.test(code);
}
