import { ZesterError } from '#base/errors.ts';

/** The answer depends on what a step, named by its key, will have done by then. Of a plan only. */
export class Unforeseen extends ZesterError {
  readonly author: string;
  /** Half a sentence, such as `it may change "/etc/motd"`. */
  readonly reason: string;

  constructor(author: string, reason: string) {
    super('machine', 'PLAN_UNFORESEEN', `Cannot foresee the answer: ${reason}`);
    this.author = author;
    this.reason = reason;
  }
}

/** What a step would do cannot be done in memory: only the machine's own programs know what comes of it. */
export function effectUnknown(what: string): ZesterError {
  return new ZesterError('machine', 'PLAN_EFFECT_UNKNOWN', `Cannot foresee what comes of ${what}`);
}

/** What a check gets for a verb that writes. */
export function readOnly(): never {
  throw new TypeError('A check must not write: its state would do so in every plan');
}

export type Kind = 'path' | 'user' | 'group' | 'package' | 'service';

/** Who is supposed to have done what, and whose doings nobody can foresee. Authors are the keys of steps. */
export interface Ledger {
  /** Something is supposed to be other than it is on the machine. */
  changed(kind: Kind, name: string, author: string): void;
  /** This one does more than is supposed of it. */
  unfinished(author: string): void;
  /** What this one does cannot be foreseen at all, but it names these things. */
  doubt(author: string, words: Iterable<string>): void;
  /** These paths are not what they were, and nobody knows their content. */
  spoil(paths: Iterable<string>, author: string): void;
  /** A package that is supposed to be there brings more than its name. */
  arrived(pkg: string, author: string): void;
  /** Whether this one does more than what is supposed of it. */
  isUnfinished(author: string): boolean;
  /** Whether nothing that this one does can be foreseen. */
  isUnknown(author: string): boolean;
  /** The last of those, when there are any. */
  lastUnfinished(): string | undefined;
  /** Throws `Unforeseen` for a path that somebody may change in a way nobody can tell. */
  refuseDoubtful(path: string): void;
  /** The same for what is in a directory. */
  refuseDoubtfulIn(folder: string): void;
  /** Remarks on a path that is not there, but looks like one that a supposed package brings. */
  remarkComing(path: string): void;
  /** What was remarked since this was last asked: an answer was given, and may be another by then. */
  takeRemark(): Unforeseen | undefined;
  /** Who changes what one of the words names, or may. */
  authorOf(words: readonly string[]): string | undefined;
}

export function createLedger(): Ledger {
  const changes = new Map<Kind, Map<string, string>>();
  const doubts = new Map<string, string>();
  const packages = new Map<string, string>();
  const unfinished = new Set<string>();
  let remark: Unforeseen | undefined;
  const unknown = new Set<string>();

  const pathAuthor = (word: string): string | undefined => {
    for (const [path, author] of [...doubts, ...(changes.get('path') ?? [])]) {
      if (isWithin(path, word) || isWithin(word, path)) return author;
    }
    return undefined;
  };
  const nameAuthor = (word: string): string | undefined => {
    for (const [kind, names] of changes) if (kind !== 'path' && names.has(word)) return names.get(word);
    return undefined;
  };

  return {
    changed(kind, name, author) {
      const names = changes.get(kind) ?? new Map<string, string>();
      changes.set(kind, names.set(name, author));
    },
    unfinished: (author) => void unfinished.add(author),
    doubt(author, words) {
      unfinished.add(author);
      unknown.add(author);
      for (const word of words) for (const path of pathsIn(word)) doubts.set(path, author);
    },
    spoil(paths, author) {
      for (const path of paths) doubts.set(path, author);
    },
    arrived(pkg, author) {
      unfinished.add(author);
      packages.set(pkg, author);
    },
    isUnfinished: (author) => unfinished.has(author),
    isUnknown: (author) => unknown.has(author),
    lastUnfinished: () => [...unfinished].at(-1),
    refuseDoubtful(path) {
      for (const [doubted, author] of doubts) {
        if (isWithin(path, doubted)) throw new Unforeseen(author, `it may change "${path}"`);
      }
    },
    refuseDoubtfulIn(folder) {
      for (const [doubted, author] of doubts) {
        if (isWithin(doubted, folder)) throw new Unforeseen(author, `it may change "${doubted}"`);
      }
    },
    takeRemark() {
      const last = remark;
      remark = undefined;
      return last;
    },
    remarkComing(path) {
      if (packages.size === 0) return;
      for (const part of path.split('/')) {
        const name = packages.has(part) ? part : part.slice(0, part.lastIndexOf('.'));
        const author = packages.get(name);
        if (author !== undefined) remark ??= new Unforeseen(author, `"${path}" may come with the package "${name}"`);
      }
    },
    authorOf(words) {
      for (const word of words) {
        const author = word.startsWith('/') && word !== '/' ? pathAuthor(word) : nameAuthor(word);
        if (author !== undefined) return author;
      }
      return undefined;
    },
  };
}

/** What the words of a command line, or of an argument, may name: shells take them apart at these. */
export function wordsIn(text: string): readonly string[] {
  return text.split(/[\s"'`;|&<>(){}=,:$\\]+/).filter((word) => word !== '');
}

/**
 * Paths that are worth a doubt. A directory that everything lies in would cast it on everything, and a program is not
 * changed by being run.
 */
function pathsIn(text: string): readonly string[] {
  const programs = new Set([...text.matchAll(/(?:^|[;|&(]|&&|\|\|)\s*(\/[^\s;|&)]+)\s/g)].map(([, path]) => path));
  return wordsIn(text)
    .filter((word) => /^\/[^/]+\/[^/]/.test(word) && !programs.has(word) && !/^\/(dev|proc|sys)\//.test(word))
    .map((word) => (word.length > 1 ? word.replace(/\/+$/, '') : word));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
