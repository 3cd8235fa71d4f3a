import { didYouMean, type Place, ZesterError } from '#base/errors.ts';

// Operators, filters and methods know what is wrong but not where: they throw without a place, and the runtime adds the
// one of the expression it was evaluating (`withPlace`).

/** An operation that its values do not support; `reason` is worded as Python words it, which is what people search for. */
export function typeError(reason: string): ZesterError {
  return new ZesterError('source', 'TEMPLATE_TYPE', `Cannot evaluate the expression: ${reason}`);
}

/** Values of the right type that still cannot be used: a bad pattern, a missing key, a text that is no number. */
export function valueError(reason: string, hint?: string): ZesterError {
  return new ZesterError('source', 'TEMPLATE_VALUE', `Cannot evaluate the expression: ${reason}`, { hint });
}

export function undefinedError(name: string, reason: string, candidates: Iterable<string> = []): ZesterError {
  const hint = didYouMean(name, candidates) ?? 'Give it a value, or write "| default(…)" after it';
  return new ZesterError('source', 'TEMPLATE_UNDEFINED', `Cannot use "${name}": ${reason}`, { hint });
}

export function unsafeError(name: string, typeName: string): ZesterError {
  const reason = `access to attribute '${name}' of '${typeName}' object is unsafe.`;
  return new ZesterError('source', 'TEMPLATE_UNSAFE', `Cannot use "${name}": ${reason}`);
}

export function functionUnknown(name: string, candidates: Iterable<string> = []): ZesterError {
  return new ZesterError(
    'source',
    'TEMPLATE_FUNCTION_UNKNOWN',
    `Cannot call "${name}": the function table has no attribute '${name}'`,
    { hint: didYouMean(name, candidates) },
  );
}

export function limitError(what: string, limit: number, unit: string): ZesterError {
  return new ZesterError('source', 'TEMPLATE_LIMIT', `Cannot finish rendering: ${what} passed ${limit} ${unit}`, {
    hint: 'Look for a loop or a text that grows without end',
  });
}

export function templateNotFound(path: string, at?: Place): ZesterError {
  return new ZesterError('source', 'TEMPLATE_NOT_FOUND', `Cannot read "${path}": the tree has no such template`, {
    at,
    hint: 'Write the path from the root of the tree, or "./" for a file beside this one',
  });
}

export function syntaxError(reason: string, at: Place, hint?: string): ZesterError {
  return new ZesterError('source', 'TEMPLATE_SYNTAX', `Cannot parse the template: ${reason}`, { at, hint });
}

/** The same error at a place, unless it has one already. */
export function withPlace(error: ZesterError, at: Place): ZesterError {
  if (error.at !== undefined) return error;
  const { hint, cause, details } = error;
  return new ZesterError(error.family, error.code, error.message, { hint, cause, details, at });
}
