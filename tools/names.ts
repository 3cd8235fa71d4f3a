/** One word per idea, everywhere: checks the names of things in the repository, and what must not be in it at all. */
import { posix } from 'node:path';
import { avoided } from '#cli/glossary.ts';
import { type Finding, report } from './finding.ts';
import { blankComments, blankProse, isTest, lineAt, readSources, repositoryFiles, type SourceFile } from './source.ts';

/**
 * Words that would make a second word for something the glossary names, with the word to use: the glossary's own, and
 * those that nobody looks up. `grains` may be used in code: it is the name of the facts in the shape Salt's users know.
 */
const { grains: _, ...named } = avoided;
const banned: Readonly<Record<string, string>> = { ...named, daemonset: 'rollout', deployer: 'rollout' };

/** Where Salt's own language is the subject. */
const speaksSalt = /^(src\/(render|migrate)\/|tools\/|test\/|bench\/)/;

/** The engine has functions that carry Salt's names: `state.highstate`, `state.sls_id`, `state.show_lowstate`. */
const functionWords: ReadonlySet<string> = new Set(['highstate', 'sls', 'lowstate']);

/** Every field a log line may carry. One name per thing, so that one query finds it in all programs. */
export const logFields: ReadonlySet<string> = new Set([
  'addr',
  'ahead',
  'attempt',
  'bucket',
  'bytes',
  'changed',
  'chunks',
  'code',
  'component',
  'count',
  'deadline',
  'enrollment',
  'environments',
  'epoch',
  'error',
  'expires',
  'fact',
  'failed',
  'fetched',
  'fields',
  'file',
  'files',
  'fingerprint',
  'function',
  'hint',
  'jid',
  'jobs',
  'kept',
  'key',
  'keys',
  'kind',
  'lastSeen',
  'level',
  'master_id',
  'method',
  'ms',
  'name',
  'note',
  'offset',
  'operator',
  'path',
  'peel_id',
  'peels',
  'pid',
  'port',
  'processes',
  'provider',
  'publisher',
  'reason',
  'refused',
  'returned',
  'revision',
  'root',
  'rule',
  'run',
  'running',
  'sequence',
  'server',
  'signal',
  'state',
  'status',
  'stream',
  'subject',
  'succeeded',
  'success',
  'tag',
  'target',
  'targets',
  'unchanged',
  'url',
  'version',
  'waitMs',
  'warning',
]);

/** Pages that people write; the generated ones say what their sources say. */
const isPage = /^(docs\/(?!reference\/).*|README|CONTRIBUTING)\.md$/;
const speaksOfOthers = /\b(Salt|Ansible|Puppet|Chef)\b/;

const nameless = /^(utils?|helpers?|misc|common|shared|stuff|lib|manager|service-impl)$/;
const namedByOthers = /^(README|LICENSE|CONTRIBUTING|CHANGELOG|AGENTS|Dockerfile|Makefile)(\.md)?$/;

// Written so that the patterns do not find themselves.
const leftovers: readonly (readonly [pattern: RegExp, what: string, instead: string])[] = [
  [/\/w[o]rk\//, 'a path of a build machine', 'use a path relative to the repository, or a folder made for the run'],
  [/\/r[o]ot\//, 'a path of a build machine', 'use a home folder such as "/home/ada" in examples'],
  [
    /https?:\/\/(?:r[e]gistry|d[e]b|pr[o]xy|pyp[i])[.]/,
    "a registry's host",
    'use "packages.example.com" in examples; tools ask the machine for its registry',
  ],
];

const notes = /\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/;

if (import.meta.main) {
  const files = readSources(repositoryFiles().filter(isText));
  report(checkNames(files), `${files.length} files use one word per idea`);
}

export function checkNames(files: readonly SourceFile[]): Finding[] {
  return [...files.flatMap((file) => [...checkFile(file), ...checkProse(file)]), ...checkErrorCodes(files)];
}

function checkFile(file: SourceFile): Finding[] {
  const found = [...checkPath(file.path), ...checkLeftovers(file)];
  if (!isCode(file.path)) return found;
  found.push(...checkNotes(file));
  if (file.path.endsWith('.ts')) found.push(...checkWords(file), ...checkFocus(file));
  if (file.path.startsWith('src/') && !isTest(file.path)) found.push(...checkLogCalls(file));
  return found;
}

function checkPath(path: string): Finding[] {
  const name = posix.basename(path);
  const [stem = ''] = name.replace(/^\./, '').split('.');
  const finding = (message: string, instead: string) => [{ file: path, message, instead }];
  if (isCode(path) && nameless.test(stem)) {
    return finding(`"${stem}" says nothing about what is inside`, 'name the file for its subject, one subject a file');
  }
  const isPlain = namedByOthers.test(name) || /^[a-z0-9_.-]+$/.test(name);
  const isKebab = !path.endsWith('.ts') || /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract))?\.ts$/.test(name);
  if (isPlain && isKebab) return [];
  return finding(`"${name}" is not kebab case`, 'write small letters, digits and hyphens, such as "watch-in.ts"');
}

function checkLeftovers({ path, text }: SourceFile): Finding[] {
  // The lock is npm's own file.
  if (path === 'package-lock.json') return [];
  return leftovers.flatMap(([pattern, what, instead]) => eachLine(path, text, pattern, `holds ${what}`, instead));
}

function checkNotes({ path, text }: SourceFile): Finding[] {
  return eachLine(
    path,
    text,
    notes,
    'leaves a note to do it later',
    'do it now, or open an issue and leave no trace here',
  );
}

function eachLine(file: string, text: string, pattern: RegExp, message: string, instead: string): Finding[] {
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [{ file, line: index + 1, message, instead }] : []));
}

/** Names we give; a property or a key may be the alias that Salt's users expect, and snake case is theirs. */
function checkWords({ path, text }: SourceFile): Finding[] {
  if (speaksSalt.test(path)) return [];
  return [...blankProse(text).matchAll(/(?<![\w$.#])[A-Za-z$][A-Za-z0-9$]*(?![\w$]|\??:)/g)].flatMap(
    ({ 0: identifier, index }) => {
      const isBanned = (each: string) =>
        Object.hasOwn(banned, each) && !(path.startsWith('src/engine/') && functionWords.has(each));
      const word = wordsOf(identifier).find(isBanned);
      if (word === undefined) return [];
      const message = `"${identifier}" says "${word}"`;
      return [
        { file: path, line: lineAt(text, index), message, instead: `say "${banned[word]}", the glossary's word` },
      ];
    },
  );
}

/** A paragraph speaks the glossary's words, unless it compares with another system; what stands between backticks is a name. */
function checkProse({ path, text }: SourceFile): Finding[] {
  if (!isPage.test(path) || speaksOfOthers.test(firstLine(text))) return [];
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, blankText).replaceAll(/`[^`]*`|\]\([^)]*\)/g, blankText);
  return [...prose.matchAll(/(?:[^\n]|\n(?!\s*\n))+/g)].flatMap(({ 0: paragraph, index }) => {
    if (speaksOfOthers.test(paragraph)) return [];
    return [...paragraph.matchAll(/[A-Za-z]+/g)].flatMap(({ 0: word, index: at }): Finding[] => {
      const better = avoided[word.toLowerCase()];
      if (better === undefined) return [];
      const instead = `say "${better}", the glossary's word, or name the system whose word it is`;
      return [{ file: path, line: lineAt(text, index + at), message: `says "${word}"`, instead }];
    });
  });
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}

/** As long as it was, so that places stay. */
function blankText(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

function wordsOf(identifier: string): string[] {
  return identifier
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_$]+/);
}

function checkFocus({ path, text }: SourceFile): Finding[] {
  if (!isTest(path)) return [];
  const focus = /\b(?:test|it|describe)\.(?:only|todo)\(|\bonly: true\b/;
  return eachLine(path, blankProse(text), focus, 'runs some tests only', 'remove it, so that every test runs');
}

/** A log line is a fixed sentence and fields with names from the list. */
function checkLogCalls({ path, text }: SourceFile): Finding[] {
  const code = blankProse(text);
  const calls = code.matchAll(/(?:\b(?:log|logger)|\.#?log)\.(debug|info|warn|error|child)\(/g);
  return [...calls].flatMap(({ 0: call, 1: method, index }) => {
    const line = lineAt(text, index);
    const open = index + call.length;
    const args = code.slice(open, endOfCall(code, open));
    const found: Finding[] = [];
    if (method !== 'child' && !/^\s*(?:'[^']*'|"[^"]*"|[A-Za-z_.]+)\s*(?:,|$)/.test(args)) {
      const instead = 'write a fixed sentence, and what varies as fields behind it';
      found.push({ file: path, line, message: 'a log sentence is put together', instead });
    }
    for (const field of topLevelKeys(args).filter((key) => !logFields.has(key))) {
      const instead = 'use a name from `logFields` in tools/names.ts, or add it there when the thing is new';
      found.push({ file: path, line, message: `"${field}" is no name of a log field`, instead });
    }
    return found;
  });
}

function endOfCall(code: string, open: number): number {
  let depth = 1;
  for (let at = open; at < code.length; at++) {
    if (/[([{]/.test(code[at] ?? '')) depth++;
    else if (/[)\]}]/.test(code[at] ?? '')) depth--;
    if (depth === 0) return at;
  }
  return code.length;
}

/** Keys of the object literal among the arguments: `{ jid, ms: end - start, ...more }` has jid and ms. */
function topLevelKeys(args: string): string[] {
  const start = args.indexOf('{');
  if (start === -1) return [];
  const keys: string[] = [];
  let part = '';
  let depth = 0;
  for (const char of args.slice(start + 1)) {
    if (depth === 0 && (char === ',' || char === '}')) {
      keys.push(part.split(':')[0]?.trim() ?? '');
      part = '';
      if (char === '}') break;
      continue;
    }
    if (/[([{]/.test(char)) depth++;
    if (/[)\]}]/.test(char)) depth--;
    part += char;
  }
  return keys.filter((key) => /^\w+$/.test(key));
}

/** A code is searched for by people: it has one family, and one layer that means something by it. */
export function checkErrorCodes(files: readonly SourceFile[]): Finding[] {
  const first = new Map<string, { family: string; layer: string; file: string }>();
  return files.flatMap(({ path, text }) => {
    if (!path.startsWith('src/') || isTest(path)) return [];
    const uses = blankComments(text).matchAll(/new ZesterError\(\s*'(\w+)',\s*'(\w+)'/g);
    return [...uses].flatMap(({ 1: family = '', 2: code = '', index }): Finding[] => {
      const use = { family, layer: path.split('/')[1] ?? '', file: path };
      const known = first.get(code) ?? use;
      first.set(code, known);
      const line = lineAt(text, index);
      if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code)) {
        const instead = 'write it in capitals with underscores, such as "JOB_UNKNOWN"';
        return [{ file: path, line, message: `"${code}" is not spelt like a code`, instead }];
      }
      if (known.family === family && known.layer === use.layer) return [];
      const message = `the code ${code} of family "${family}" is taken: "${known.family}" in ${known.file}`;
      return [
        {
          file: path,
          line,
          message,
          instead: 'give what is meant here a code of its own, or share one function that throws it',
        },
      ];
    });
  });
}

function isCode(path: string): boolean {
  return /^(src|test|tools|bench|console)\/.*\.(ts|mjs|tsx|css|html)$/.test(path);
}

function isText(path: string): boolean {
  return !/\.(png|jpg|ico|gz|woff2|wasm|zst|bin)$/.test(path);
}
