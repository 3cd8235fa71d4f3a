import { didYouMean, ZesterError } from '#base/errors.ts';
import { type ArgumentRecord, argumentFor, type FactRecord, loadReference, type ModuleRecord } from './reference.ts';

export interface ErrorRecord {
  readonly code: string;
  readonly families: readonly string[];
  /** What it says, with `…` for what differs each time. */
  readonly messages: readonly string[];
  readonly hints: readonly string[];
}

/** What `zester lint` finds under a code. */
export interface RuleRecord {
  readonly code: string;
  readonly severity: string;
  readonly summary: string;
  readonly why: string;
  /** Path → text of a tree that it speaks of, and of one that is right. */
  readonly bad: Readonly<Record<string, string>>;
  readonly good: Readonly<Record<string, string>>;
}

/** What a word stands for. A name may be several things: `cmd.run` is a state and a function. */
export type Explanation =
  | { readonly kind: 'module'; readonly module: ModuleRecord }
  | { readonly kind: 'argument'; readonly module: ModuleRecord; readonly argument: ArgumentRecord }
  | { readonly kind: 'common'; readonly argument: ArgumentRecord }
  | { readonly kind: 'fact'; readonly path: string; readonly fact: FactRecord }
  | { readonly kind: 'error'; readonly error: ErrorRecord; readonly related: readonly string[] }
  | { readonly kind: 'rule'; readonly rule: RuleRecord };

interface Known {
  readonly modules: readonly ModuleRecord[];
  readonly facts: readonly FactRecord[];
  readonly common: readonly ArgumentRecord[];
  readonly errors: readonly ErrorRecord[];
  readonly rules: readonly RuleRecord[];
}

/**
 * A state or function, one of its arguments (`file.managed.mode`), an argument of every state (`onchanges`), a fact
 * (`os.family`), or the code of an error or of what lint finds. Throws `SUBJECT_UNKNOWN` with the nearest.
 */
export async function explain(subject: string): Promise<readonly Explanation[]> {
  const known = await load();
  const found = [
    ...known.modules.filter(({ name }) => name === subject).map((module) => ({ kind: 'module' as const, module })),
    ...argumentsNamed(subject, known),
    ...known.common.filter(({ name }) => name === subject).map((argument) => ({ kind: 'common' as const, argument })),
    ...known.errors
      .filter(({ code }) => code === subject.toUpperCase())
      .map((error) => ({ kind: 'error' as const, error, related: relatedTo(error, known) })),
    ...known.rules
      .filter(({ code }) => code === subject.toUpperCase())
      .map((rule) => ({ kind: 'rule' as const, rule })),
  ];
  if (found.length > 0) return found;
  const fact = known.facts.find(({ name }) => name === subject || subject.startsWith(`${name}.`));
  if (fact) return [{ kind: 'fact', path: subject, fact }];
  throw unknown(subject, known);
}

/** Other codes of the same thing: of `ARGUMENT_UNKNOWN`, those of arguments. */
function relatedTo({ code }: ErrorRecord, { errors }: Known): readonly string[] {
  const [subject] = code.split('_');
  return errors.map((each) => each.code).filter((each) => each !== code && each.startsWith(`${subject}_`));
}

async function load(): Promise<Known> {
  const { modules, facts, common } = await loadReference();
  const { default: data } = await import('./explanations.json', { with: { type: 'json' } });
  const { errors, rules } = data as unknown as Pick<Known, 'errors' | 'rules'>;
  return { modules, facts, common, errors, rules };
}

function argumentsNamed(subject: string, { modules, common }: Known): readonly Explanation[] {
  const dot = subject.lastIndexOf('.');
  const [owner, key] = [subject.slice(0, dot), subject.slice(dot + 1)];
  const owners = modules.filter(({ name }) => name === owner);
  const own = owners.flatMap((module): Explanation[] => {
    const argument = argumentFor(module.args, key);
    return argument ? [{ kind: 'argument', module, argument }] : [];
  });
  if (own.length > 0 || !owners.some(({ kind }) => kind === 'state')) return own;
  return common.filter(({ name }) => name === key).map((argument) => ({ kind: 'common', argument }));
}

function unknown(subject: string, { modules, facts, common, errors, rules }: Known): ZesterError {
  const dot = subject.lastIndexOf('.');
  const owner = modules.find(({ name }) => name === subject.slice(0, dot));
  const names = owner
    ? [...owner.args, ...common].map(({ name }) => `${owner.name}.${name}`)
    : [
        ...modules.map(({ name }) => name),
        ...facts.map(({ name }) => name),
        ...common.map(({ name }) => name),
        ...[...errors, ...rules].map(({ code }) => code),
      ];
  return new ZesterError('usage', 'SUBJECT_UNKNOWN', `Cannot explain "${subject}": nothing has that name`, {
    hint:
      didYouMean(subject, names) ??
      (owner
        ? `The arguments of ${owner.name} are ${owner.args.map(({ name }) => name).join(', ')}`
        : 'Name a state, a function, an argument, a fact, an error code, or a job and one of its states'),
  });
}
