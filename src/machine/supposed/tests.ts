import type { Files } from '../machine.ts';

type Test = 'e' | 'f' | 'd' | 'L' | 'h' | 's';

/**
 * What a command line answers that only tests files (`test -f /etc/motd`, `[ ! -d /srv ] && test -e /srv/a`), as a shell
 * would answer for root; undefined for any other, which has to be run.
 */
export async function answerOfTests(script: string, files: Files): Promise<boolean | undefined> {
  const parts = script.trim().split(/\s*(&&|\|\|)\s*/);
  const tests = parts.filter((_, index) => index % 2 === 0).map(parseTest);
  if (tests.some((test) => test === undefined)) return undefined;
  let answer = true;
  for (const [index, test] of tests.entries()) {
    const join = parts[index * 2 - 1] ?? '&&';
    if (test === undefined || (join === '&&') !== answer) continue;
    answer = (await holds(test, files)) !== test.negated;
  }
  return answer;
}

interface ParsedTest {
  readonly kind: Test;
  readonly path: string;
  readonly negated: boolean;
}

function parseTest(text: string): ParsedTest | undefined {
  const [, before, opening, negation, kind, quoted, path = quoted] =
    /^(! +)?(test|\[) +(! +)?-([efdLhs]) +(?:["'](\/[^"'$`\\]*)["']|(\/[^\s"'$`*?[\]\\;|&<>(){}~]*))(?: +\])?$/.exec(
      text,
    ) ?? [];
  if (path === undefined || (opening === '[') !== text.endsWith(' ]')) return undefined;
  return { kind: kind as Test, path, negated: (before === undefined) !== (negation === undefined) };
}

async function holds({ kind, path }: ParsedTest, files: Files): Promise<boolean> {
  const link = await files.stat(path);
  if (kind === 'L' || kind === 'h') return link?.kind === 'symlink';
  const stat = link?.kind === 'symlink' ? await files.stat(await files.resolve(path)) : link;
  if (kind === 'f') return stat?.kind === 'file';
  if (kind === 'd') return stat?.kind === 'directory';
  return stat !== undefined && (kind === 'e' || stat.size > 0);
}
