import { didYouMean } from '#base/errors.ts';
import { typeError } from './errors.ts';
import { type Arguments, Dict, Float, Native, Tuple, type Value } from './values.ts';

/** Takes the bound arguments in the order of the signature; `*rest` is a Tuple, `**named` a Dict. */
export type Implementation = (...values: Value[]) => Value;

/**
 * How a function is called, written as Python writes it: `text, width=4, first=False, *rest, **named`.
 * Defaults are None, True, False, a number or a quoted text.
 */
export class Signature {
  readonly #written: string;
  readonly #parameters: readonly Parameter[];
  readonly #rest: boolean;
  readonly #named: boolean;

  constructor(written: string) {
    this.#written = written;
    const parts = (written.match(/(?:'[^']*'|[^,'])+/g) ?? []).map((part) => part.trim());
    this.#rest = parts.some((part) => /^\*\w/.test(part));
    this.#named = parts.some((part) => part.startsWith('**'));
    this.#parameters = parts.filter((part) => !part.startsWith('*')).map(readParameter);
  }

  /** The value of each parameter. Throws TEMPLATE_TYPE, naming the function, as Python does. */
  bind(name: string, { positional, named }: Arguments): Value[] {
    const parameters = this.#parameters;
    if (positional.length > parameters.length && !this.#rest) {
      throw typeError(
        `${name}() takes ${parameters.length} positional arguments but ${positional.length} were given`,
        this.#usage(),
      );
    }
    const values = parameters.map((parameter, index) => this.#value(name, parameter, index, { positional, named }));
    if (this.#rest) values.push(new Tuple(positional.slice(parameters.length)));
    if (named.size > 0 || this.#named) {
      const others = [...named].filter(([key]) => !parameters.some((parameter) => parameter.name === key));
      if (this.#named) values.push(new Dict(others));
      else if (others[0] !== undefined) {
        const [[wrong]] = others;
        throw typeError(`${name}() got an unexpected keyword argument '${wrong}'`, this.#usage(wrong));
      }
    }
    return values;
  }

  #usage(wrong = ''): string {
    const names = this.#parameters.map((parameter) => parameter.name);
    return didYouMean(wrong, names) ?? (this.#written === '' ? 'It takes no arguments' : `It takes (${this.#written})`);
  }

  #value(name: string, parameter: Parameter, index: number, { positional, named }: Arguments): Value {
    const given = positional[index];
    const byName = named.size > 0 ? named.get(parameter.name) : undefined;
    if (given !== undefined && byName !== undefined) {
      throw typeError(`${name}() got multiple values for argument '${parameter.name}'`, this.#usage());
    }
    const value = firstDefined(given, byName, parameter.fallback);
    if (value === undefined)
      throw typeError(`${name}() missing 1 required argument: '${parameter.name}'`, this.#usage());
    return value;
  }
}

// Not `??`: null is a value here, None.
function firstDefined(...values: (Value | undefined)[]): Value | undefined {
  return values.find((value) => value !== undefined);
}

interface Parameter {
  readonly name: string;
  /** Undefined when the parameter is required. */
  readonly fallback: Value | undefined;
}

function readParameter(part: string): Parameter {
  const [name = '', written] = part.split('=', 2);
  return { name, fallback: written === undefined ? undefined : readDefault(written) };
}

function readDefault(written: string): Value {
  if (written === 'None') return null;
  if (written === 'True' || written === 'False') return written === 'True';
  if (written.startsWith("'")) return written.slice(1, -1);
  return written.includes('.') ? new Float(Number(written)) : Number(written);
}

/** A function templates can call. */
export function native(name: string, signature: string, run: Implementation): Native {
  const parsed = new Signature(signature);
  return new Native(name, (args) => run(...parsed.bind(name, args)));
}

/** A table of functions or methods by name, each `[signature, implementation]`. */
export type FunctionTable = Readonly<Record<string, readonly [signature: string, run: Implementation]>>;

/** The table with its signatures parsed, looked up by names that templates choose. */
export function compileTable(table: FunctionTable): ReadonlyMap<string, (args: Arguments) => Value> {
  return new Map(
    Object.entries(table).map(([name, [signature, run]]) => {
      const parsed = new Signature(signature);
      return [name, (args: Arguments) => run(...parsed.bind(name, args))];
    }),
  );
}
