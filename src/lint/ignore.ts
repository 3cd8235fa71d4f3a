import type { Place } from '#base/errors.ts';
import type { Finding } from './finding.ts';

/** Codes that a comment silences on one line. */
export interface Ignored {
  readonly codes: readonly string[];
  /** The comment. */
  readonly at: Place;
  /** The line it is about: its own, or the one below when it stands alone. */
  readonly line: number;
}

const comment = /(?:\{#-?\s*lint|#\s*zester-lint):\s*ignore\s+([A-Z][A-Z0-9_]*(?:[\s,]+[A-Z][A-Z0-9_]*)*)/g;

/** Every `{# lint: ignore CODE #}` and `# zester-lint: ignore CODE` of a text. */
export function ignoredIn(file: string, text: string): readonly Ignored[] {
  if (!text.includes('ignore')) return [];
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(comment)].map((found) => ({
      codes: (found[1] ?? '').split(/[\s,]+/),
      at: { file, line: index + 1, column: found.index + 1 },
      line: line.slice(0, found.index).trim() === '' ? index + 2 : index + 1,
    })),
  );
}

/** What is not silenced, and the comments that silenced something, each with the codes that did. */
export function silence(findings: readonly Finding[], ignored: readonly Ignored[]) {
  const used = new Map<Ignored, Set<string>>();
  const left = findings.filter(({ code, at }) => {
    const by = ignored.find((each) => each.at.file === at.file && each.line === at.line && each.codes.includes(code));
    if (by) used.set(by, (used.get(by) ?? new Set()).add(code));
    return by === undefined;
  });
  return { left, used };
}
