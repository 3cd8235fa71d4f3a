import { isError, ZesterError } from '#base/errors.ts';
import { functionUnknown } from '../jinja/errors.ts';
import { str } from '../jinja/print.ts';
import { Signature } from '../jinja/signature.ts';
import { type Arguments, Host, isText, Native, Undefined, type Value } from '../jinja/values.ts';
import type { Functions } from './table.ts';

export interface TableInput {
  /** What the renderer answers itself. */
  readonly own: Functions;
  /** Runs any other function; missing when there is nothing to run it. */
  readonly call: ((name: string, args: Arguments) => Value) | undefined;
  /** Whether `call` knows a function; every name is assumed to be known without it. */
  readonly has: ((name: string) => boolean) | undefined;
  /** What `call` knows, for hints. */
  readonly names: (() => Iterable<string>) | undefined;
}

/** `salt` and `zester`: `salt['pkg.version'](…)` and `salt.pkg.version(…)`. */
export class FunctionTable extends Host {
  readonly typeName = 'function table';
  readonly #own: Functions;
  readonly #call: TableInput['call'];
  readonly #has: (name: string) => boolean;
  readonly #names: () => readonly string[];
  readonly #made = new Map<string, Native>();

  constructor({ own, call, has, names }: TableInput) {
    super();
    this.#own = own;
    this.#call = call;
    this.#names = () => [...Object.keys(own), ...(names?.() ?? [])];
    this.#has = (name) => Object.hasOwn(own, name) || (call !== undefined && (has === undefined || has(name)));
  }

  override contains(key: Value): boolean {
    return isText(key) && str(key).includes('.') && this.#has(str(key));
  }

  override item(key: Value): Value | undefined {
    return isText(key) ? this.#functionOrUndefined(str(key)) : undefined;
  }

  override attribute(name: string): Value | undefined {
    if (name === 'get')
      return new Native('get', ({ positional: [key = null, fallback = null] }) =>
        this.contains(key) ? (this.item(key) ?? null) : fallback,
      );
    return new FunctionModule(name, (full) => this.#functionOrUndefined(full));
  }

  /** The function of a full name. Throws TEMPLATE_FUNCTION_UNKNOWN. */
  get(name: string): Native {
    const found = this.#functionOrUndefined(name);
    if (found instanceof Undefined) throw found.error();
    return found;
  }

  #functionOrUndefined(name: string): Native | Undefined {
    if (!this.#has(name)) return new Undefined(name, () => functionUnknown(name, this.#names()));
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name);
    this.#made.set(name, made);
    return made;
  }

  #make(name: string): Native {
    const own = Object.hasOwn(this.#own, name) ? this.#own[name] : undefined;
    if (own !== undefined) {
      const signature = new Signature(own[0]);
      return new Native(name, (args) => own[1](...signature.bind(name, args)));
    }
    const call = this.#call;
    return new Native(name, (args) => {
      if (call === undefined) throw functionUnknown(name);
      return call(name, args);
    });
  }
}

/** `salt.pkg`, on the way to `salt.pkg.version`. */
class FunctionModule extends Host {
  readonly typeName = 'function module';
  readonly #name: string;
  readonly #find: (name: string) => Value;

  constructor(name: string, find: (name: string) => Value) {
    super();
    this.#name = name;
    this.#find = find;
  }

  override attribute(name: string): Value | undefined {
    return this.#find(`${this.#name}.${name}`);
  }
}

/** A failure outside as an error of the template: one with a code keeps it. */
export function callFailed(name: string, thrown: unknown): ZesterError {
  if (isError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new ZesterError('source', 'TEMPLATE_FUNCTION_FAILED', `Cannot call "${name}": ${reason}`, { cause: thrown });
}
