import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { valueError } from '../jinja/errors.ts';
import { loadText } from '../jinja/load.ts';
import { iterate, truthy } from '../jinja/operators.ts';
import { repr, str } from '../jinja/print.ts';
import { Dict, type Value } from '../jinja/values.ts';
import { dumpJson } from '../json.ts';
import { dumpYaml } from '../yaml.ts';
import type { Functions } from './table.ts';

/** Functions of their arguments alone. `log` is given what templates log. */
export function pureFunctions(log: (level: string, message: string) => void): Functions {
  const logAt = (level: string): Functions[string] => [
    'message',
    (message = null) => {
      log(level, str(message));
      return true;
    },
  ];
  return {
    'log.debug': logAt('debug'),
    'log.info': logAt('info'),
    'log.warning': logAt('warning'),
    'log.warn': logAt('warning'),
    'log.error': logAt('error'),
    'log.critical': logAt('critical'),
    'log.exception': logAt('error'),
    'file.dirname': ['path', (path = null) => dirname(str(path))],
    'file.basename': ['path', (path = null) => str(path).replace(/^.*\//s, '')],
    'file.join': ['*parts', (parts = []) => joinPaths([...iterate(parts)].map(str))],
    'file.normpath': ['path', (path = null) => posix.normalize(str(path))],
    'slsutil.serialize': [
      'serializer, obj, **named',
      (format = null, value = null, named = null) => serialize(str(format), value, named),
    ],
    'slsutil.deserialize': [
      'serializer, stream_or_string, **named',
      (format = null, text = null) => deserialize(str(format), str(text)),
    ],
    'hashutil.md5_digest': ['instr', (text = null) => digest('md5', text)],
    'hashutil.sha256_digest': ['instr', (text = null) => digest('sha256', text)],
    'hashutil.sha512_digest': ['instr', (text = null) => digest('sha512', text)],
    'hashutil.base64_b64encode': ['instr', (text = null) => Buffer.from(str(text)).toString('base64')],
    'hashutil.base64_b64decode': ['instr', (text = null) => Buffer.from(str(text), 'base64').toString('utf8')],
    'test.echo': ['text', (text = null) => text],
    'test.arg_repr': [
      '*args, **kwargs',
      (args = null, named = null) =>
        new Dict([
          ['args', repr(args)],
          ['kwargs', repr(named)],
        ]),
    ],
  };
}

/** Python's `os.path.dirname`, which leaves nothing of a bare name. */
export function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/+$/.test(head) ? head : head.replace(/\/+$/, '');
}

/** Python's `os.path.join`: an absolute part begins anew. */
function joinPaths(parts: readonly string[]): string {
  return parts.reduce((joined, part) => {
    if (part.startsWith('/') || joined === '') return part;
    return joined.endsWith('/') ? joined + part : `${joined}/${part}`;
  }, '');
}

function serialize(format: string, value: Value, named: Value): string {
  const option = (name: string): Value => (named instanceof Dict ? (named.get(name) ?? null) : null);
  if (format === 'json') {
    const indent = option('indent');
    return dumpJson(value, {
      sortKeys: truthy(option('sort_keys')),
      indent: indent === null ? undefined : Number(indent),
    });
  }
  if (format === 'yaml') {
    const flow = option('default_flow_style');
    return dumpYaml(value, { flow: flow === null ? 'leaves' : truthy(flow) }).trimEnd();
  }
  if (format === 'python') return repr(value);
  throw valueError(`there is no serializer "${format}"`, 'Use "json", "yaml" or "python"');
}

function deserialize(format: string, text: string): Value {
  if (format === 'json') return loadText('load_json', text);
  if (format === 'yaml') return loadText('load_yaml', text);
  throw valueError(`there is no deserializer "${format}"`, 'Use "json" or "yaml"');
}

function digest(algorithm: string, text: Value = null): string {
  return createHash(algorithm).update(str(text)).digest('hex');
}
