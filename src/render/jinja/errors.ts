import { didYouMean, type Place, ZesterError } from '#base/errors.ts';

// Operators, filters and methods know what is wrong but not where: they throw without a place, and the runtime adds the
// one of the expression it was evaluating (`withPlace`).

/** An operation that its values do not support; `reason` is worded as Python words it, which is what people search for. */
export function typeError(
  reason: string,
  hint = 'Convert the value first: "| string", "| int" and "| list" do',
): ZesterError {
  return new ZesterError('source', 'TEMPLATE_TYPE', `Cannot evaluate the expression: ${reason}`, { hint });
}

/** Values of the right type that still cannot be used: a bad pattern, a missing key, a text that is no number. */
export function valueError(reason: string, hint = 'Look at the value first: "{% if %}" can pass it over'): ZesterError {
  return new ZesterError('source', 'TEMPLATE_VALUE', `Cannot evaluate the expression: ${reason}`, { hint });
}

export function undefinedError(
  name: string,
  reason: string,
  { candidates = [], hint = 'Give it a value, or write "| default(…)" after it' }: Advice = {},
): ZesterError {
  return new ZesterError('source', 'TEMPLATE_UNDEFINED', `Cannot use "${name}": ${reason}`, {
    hint: didYouMean(name, candidates) ?? hint,
  });
}

interface Advice {
  /** What may have been meant; the nearest one, if any is near, is the hint. */
  readonly candidates?: Iterable<string>;
  readonly hint?: string | undefined;
}

export function unsafeError(name: string, typeName: string): ZesterError {
  const reason = `access to attribute '${name}' of '${typeName}' object is unsafe.`;
  return new ZesterError('source', 'TEMPLATE_UNSAFE', `Cannot use "${name}": ${reason}`, {
    hint: 'Use the filters and methods that templates have: what lies behind a value cannot be reached',
  });
}

export function functionUnknown(name: string, candidates: Iterable<string> = []): ZesterError {
  return new ZesterError(
    'source',
    'TEMPLATE_FUNCTION_UNKNOWN',
    `Cannot call "${name}": the function table has no attribute '${name}'`,
    { hint: didYouMean(name, candidates) ?? functionHint(name) },
  );
}

function functionHint(name: string): string {
  return name.includes('.')
    ? 'List the functions with "sys.list_functions"'
    : `Write the module before the function, such as "file.${name}"`;
}

export function limitError(
  what: string,
  limit: number,
  unit: string,
  hint = 'Look for a loop or a text that grows without end',
): ZesterError {
  return new ZesterError('source', 'TEMPLATE_LIMIT', `Cannot finish rendering: ${what} passed ${limit} ${unit}`, {
    hint,
  });
}

/** `paths` is what the tree has, as far as that is known. */
export function templateNotFound(path: string, paths: readonly string[]): ZesterError {
  const name = path.replace(/^.*\//, '');
  const elsewhere = paths.find((each) => each.endsWith(`/${name}`));
  return new ZesterError('source', 'TEMPLATE_NOT_FOUND', `Cannot read "${path}": the tree has no such template`, {
    hint:
      didYouMean(path, paths) ??
      (elsewhere === undefined
        ? 'Write the path from the root of the tree, or "./" for a file beside this one'
        : `Write "${elsewhere}": the path begins at the root of the tree`),
  });
}

export function templateCycle(does: 'extends' | 'imports', path: string): ZesterError {
  return new ZesterError(
    'source',
    'TEMPLATE_CYCLE',
    `Cannot use "${path}": it ${does} itself, maybe by way of others`,
    {
      hint: 'Move what the files share into one that asks for none of them',
    },
  );
}

export function syntaxError(reason: string, at: Place, hint: string): ZesterError {
  return new ZesterError('source', 'TEMPLATE_SYNTAX', `Cannot parse the template: ${reason}`, { at, hint });
}
