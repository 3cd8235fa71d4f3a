import { type Place, placeText, ZesterError } from '#base/errors.ts';

/** Everything that is wrong with the sources of a run, found before anything of it is done. */
export class CompileErrors extends ZesterError {
  readonly errors: readonly ZesterError[];

  constructor(what: string, errors: readonly ZesterError[]) {
    const [first] = errors;
    const only = errors.length === 1 ? first : undefined;
    super(
      only?.family ?? 'source',
      only?.code ?? 'COMPILE_FAILED',
      only?.message ?? `Cannot compile "${what}": ${errors.length} errors in its files`,
      {
        at: first?.at,
        hint: only?.hint,
        cause: only?.cause,
        details: only
          ? only.details
          : Object.fromEntries(errors.map((error, index) => [String(index + 1), line(error)])),
      },
    );
    this.errors = errors;
  }
}

export interface ProblemContext {
  readonly at?: Place | undefined;
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, string>> | undefined;
}

/** Collects what is wrong, so that an author sees all of it at once. */
export class Problems {
  readonly #errors: ZesterError[] = [];
  /** True when a file could not be read whole: what it should have declared must not be reported as missing. */
  incomplete = false;
  /** Ids whose own states could not be read: that others do not find them is no second error. */
  readonly brokenIds = new Set<string>();

  get count(): number {
    return this.#errors.length;
  }

  add(code: string, message: string, context: ProblemContext = {}): void {
    this.addError(new ZesterError('source', code, message, context));
  }

  addError(error: ZesterError): void {
    const same = this.#errors.some((each) => each.message === error.message && sameLine(each.at, error.at));
    if (!same) this.#errors.push(error);
  }

  /** Throws `CompileErrors` when anything was found; `what` names the run. */
  throwIfAny(what: string): void {
    if (this.count > 0) throw new CompileErrors(what, inOrderOfPlace(this.#errors));
  }
}

/** File by file, from top to bottom; what has no place comes first. */
function inOrderOfPlace(errors: readonly ZesterError[]): readonly ZesterError[] {
  const nowhere: Place = { file: '', line: 0, column: 0 };
  return errors.toSorted(({ at: a = nowhere }, { at: b = nowhere }) => {
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}

function sameLine(a: Place | undefined, b: Place | undefined): boolean {
  return a?.file === b?.file && a?.line === b?.line && a?.column === b?.column;
}

function line({ at, message, code, hint }: ZesterError): string {
  return `${at ? `${placeText(at)}: ` : ''}${message} [${code}]${hint ? ` (${hint})` : ''}`;
}
