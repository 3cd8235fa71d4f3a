import { didYouMean } from '#base/errors.ts';
import type { MacroStatement } from './ast.ts';
import type { Execute } from './compile.ts';
import type { Evaluate } from './compile-expression.ts';
import { typeError, undefinedError } from './errors.ts';
import { Output } from './output.ts';
import { Scope } from './scope.ts';
import { type Arguments, Dict, Host, Tuple, Undefined, type Value } from './values.ts';

/** A macro's compiled parts, shared by every macro object made from the same statement. */
export interface MacroPlan {
  readonly statement: MacroStatement;
  readonly defaults: readonly (Evaluate | undefined)[];
  readonly body: Execute;
}

/** A macro, or the body of a call block: called, it renders its body in the scope it was defined in. */
export class Macro extends Host {
  readonly typeName = 'Macro';
  readonly #plan: MacroPlan;
  readonly #scope: Scope;

  constructor(plan: MacroPlan, scope: Scope) {
    super();
    this.#plan = plan;
    this.#scope = scope;
  }

  override get callable(): boolean {
    return true;
  }

  override attribute(name: string): Value | undefined {
    const { statement } = this.#plan;
    switch (name) {
      case 'name':
        return statement.name;
      case 'arguments':
        return new Tuple(statement.parameters.map((parameter) => parameter.name));
      case 'catch_varargs':
        return statement.uses.has('varargs');
      case 'catch_kwargs':
        return statement.uses.has('kwargs');
      case 'caller':
        return statement.uses.has('caller');
      default:
        return undefined;
    }
  }

  override print(): string {
    return `<Macro '${this.#plan.statement.name}'>`;
  }

  override call(args: Arguments): Value {
    const { runtime } = this.#scope.frame;
    return runtime.deeper(() => {
      const scope = new Scope(this.#scope.frame, this.#scope);
      this.#bind(scope, args);
      const out = new Output(runtime);
      this.#plan.body(scope, out);
      const text = out.text();
      runtime.remember(text, out.pieces);
      return text;
    });
  }

  #bind(scope: Scope, { positional, named }: Arguments): void {
    const { statement, defaults } = this.#plan;
    const used = new Set<string>();
    const missing: number[] = [];
    for (const [index, { name }] of statement.parameters.entries()) {
      const value = positional[index];
      const byName = named.get(name);
      if (value !== undefined && byName !== undefined) {
        throw typeError(`macro '${statement.name}' got multiple values for argument '${name}'`, this.#usage());
      }
      used.add(name);
      const given = value === undefined ? byName : value;
      if (given === undefined) missing.push(index);
      else scope.names.set(name, given);
    }
    this.#bindSpecial(scope, { positional, named }, used);
    // Defaults come last, in order: one may read the parameters before it.
    for (const index of missing) {
      const { name } = statement.parameters[index] ?? { name: '' };
      scope.names.set(name, defaults[index]?.(scope) ?? this.#notProvided(name, defaults[index]));
    }
  }

  #notProvided(name: string, fallback: Evaluate | undefined): Value {
    if (fallback !== undefined) return null;
    return new Undefined(name, () =>
      undefinedError(name, `parameter '${name}' was not provided`, {
        hint: `Give it in the call, or the macro a default: "${name}=…"`,
      }),
    );
  }

  #usage(wrong = ''): string {
    const { name, parameters } = this.#plan.statement;
    const names = parameters.map((parameter) => parameter.name);
    return didYouMean(wrong, names) ?? `It is "${name}(${names.join(', ')})"`;
  }

  #bindSpecial(scope: Scope, { positional, named }: Arguments, used: ReadonlySet<string>): void {
    const { statement } = this.#plan;
    const { uses, parameters, name } = statement;
    const caller = named.get('caller');
    const others = [...named].filter(([key]) => !used.has(key) && key !== 'caller');
    if (uses.has('caller') && !used.has('caller')) {
      const none = new Undefined('caller', () =>
        undefinedError('caller', 'No caller defined', { hint: `Call the macro with "{% call ${name}(…) %}"` }),
      );
      scope.names.set('caller', caller === undefined ? none : caller);
    } else if (caller !== undefined && !used.has('caller')) {
      others.push(['caller', caller]);
    }
    if (uses.has('kwargs')) scope.names.set('kwargs', new Dict(others));
    else if (others.length > 0 && others[0]?.[0] === 'caller') {
      throw typeError(
        `macro '${name}' was invoked with two values for the special caller argument. This is most likely a bug.`,
        'Use "{{ caller() }}" in the macro, or call it without "{% call %}"',
      );
    } else if (others.length > 0)
      throw typeError(`macro '${name}' takes no keyword argument '${others[0]?.[0]}'`, this.#usage(others[0]?.[0]));
    if (uses.has('varargs')) scope.names.set('varargs', new Tuple(positional.slice(parameters.length)));
    else if (positional.length > parameters.length) {
      throw typeError(`macro '${name}' takes not more than ${parameters.length} argument(s)`, this.#usage());
    }
  }
}
