import { isError, ZesterError } from '#base/errors.ts';
import { parseJson } from '../json.ts';
import { Source } from '../source.ts';
import { identityMap } from '../source-map.ts';
import { parseYaml, toValue } from '../yaml.ts';
import type { Loader } from './ast.ts';
import { valueError } from './errors.ts';
import type { Here, Runtime } from './runtime.ts';
import type { Value } from './values.ts';

/**
 * What `load_yaml`, `load_json` and `load_text` make of a text: plain maps, places dropped.
 * An error points into the template that made the text where that is known, else at `here`.
 */
export function loadDocument(format: Loader, text: string, { runtime, here }: { runtime: Runtime; here: Here }): Value {
  if (format === 'load_text') return text;
  const pieces = runtime.originOf(text);
  const start = here.source.place(here.at);
  const at = (offset: number) => pieces?.place(offset) ?? start;
  try {
    if (format === 'load_json') return parseJson(text, at);
    return toValue(parseYaml(text, { at, atLine: () => start }));
  } catch (error) {
    if (!isError(error)) throw error;
    throw new ZesterError('source', 'TEMPLATE_LOAD', `Cannot load the text: ${reasonOf(error)}`, {
      at: error.at ?? start,
      hint: error.hint,
      cause: error,
    });
  }
}

/** The same for the filters, whose input need not be text. */
export function loadText(format: Loader, text: string): Value {
  if (format === 'load_text') return text;
  try {
    if (format === 'load_json') return parseJson(text);
    return toValue(parseYaml(text, identityMap(new Source('text', text))));
  } catch (error) {
    if (isError(error)) throw valueError(`the text does not load: ${reasonOf(error)}`, error.hint);
    throw error;
  }
}

function reasonOf(error: ZesterError): string {
  return error.message.replace(/^[^:]*: /, '');
}
