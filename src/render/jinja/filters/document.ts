import { dumpJson } from '../../json.ts';
import { dumpYaml, quoteDouble, quoteSingle } from '../../yaml.ts';
import { typeError } from '../errors.ts';
import { loadText } from '../load.ts';
import { isInt } from '../numbers.ts';
import { truthy } from '../operators.ts';
import { repr, str } from '../print.ts';
import { Module } from '../template.ts';
import { Dict, isText, Markup, Tuple, typeName, Undefined, type Value } from '../values.ts';
import { filterTable } from './table.ts';
import { dumpXml } from './xml.ts';

export const documentFilters = filterTable({
  json: [
    'value, sort_keys=True, indent=None',
    (value = null, sortKeys = true, indent = null) =>
      new Markup(dumpJson(value, { sortKeys: truthy(sortKeys), indent: indentOf(indent) }).trim()),
  ],
  to_json: ['value', (value = null) => dumpJson(value)],
  tojson: [
    'value, indent=None, **named',
    (value = null, indent = null, named = null) =>
      htmlSafe(
        dumpJson(value, {
          ascii: option(named, 'ensure_ascii', true),
          sortKeys: option(named, 'sort_keys', false),
          indent: indentOf(indent),
        }),
      ),
  ],
  yaml: ['value, flow_style=True', (value = null, flow = true) => new Markup(yamlText(value, truthy(flow)))],
  to_yaml: ['value, flow_style=True', (value = null, flow = true) => new Markup(yamlText(value, truthy(flow)))],
  yaml_dquote: ['text', (text = null) => quoteDouble(str(text))],
  yaml_squote: ['text', (text = null) => quoteSingle(str(text))],
  yaml_encode: ['data', (data = null) => yamlEncode(data)],
  dict_to_sls_yaml_params: [
    'value, flow_style=False',
    (value = null, flow = false) => new Markup(yamlText(parameterList(value), truthy(flow))),
  ],
  python: ['value', (value = null) => new Markup(repr(value))],
  pprint: ['value', (value = null) => repr(value)],
  xml: ['value', (value = null) => new Markup(dumpXml(value))],
  load_yaml: ['value', (value = null) => loadText('load_yaml', sourceText(value))],
  load_json: ['value', (value = null) => loadText('load_json', sourceText(value))],
  load_text: ['value', (value = null) => sourceText(value)],
});

function indentOf(indent: Value): number | string | undefined {
  if (indent === null) return undefined;
  return isInt(indent) ? Number(indent) : str(indent);
}

function option(named: Value, name: string, fallback: boolean): boolean {
  const value = named instanceof Dict ? named.get(name) : undefined;
  return value === undefined ? fallback : truthy(value);
}

function htmlSafe(json: string): string {
  return json
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll("'", '\\u0027');
}

function yamlText(value: Value, flow: boolean): string {
  return dumpYaml(value, { flow }).trim();
}

function yamlEncode(data: Value): string {
  if (data instanceof Undefined) throw data.error();
  if (isText(data)) return quoteDouble(str(data));
  if (Array.isArray(data) || data instanceof Dict || data instanceof Tuple) {
    throw typeError(`yaml_encode() only works with YAML scalar data; failed for ${typeName(data)}`);
  }
  return dumpYaml(data).trim();
}

function parameterList(value: Value): Value {
  if (!(value instanceof Dict)) throw typeError(`'${typeName(value)}' object has no attribute 'items'`);
  return [...value.entries()].map(({ key, value: each }) => new Dict([[key, each]]));
}

function sourceText(value: Value): string {
  if (value instanceof Module || isText(value)) return str(value);
  if (value instanceof Undefined) throw value.error();
  throw typeError(`Unable to load yaml from ${repr(value)}`);
}
