import { textKeyed } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { visible, visibleLine } from '#base/visible.ts';

/** A value that a function gave back, as a person reads it: texts as they are, the rest much like YAML. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return visible(value.replace(/\n+$/, ''));
  const output = asOutput(value);
  return output ?? nested(value).join('\n');
}

/** What a command printed: its output as it was, then what it said on the side. */
function asOutput(value: unknown): string | undefined {
  if (!isMap(value) || typeof value.stdout !== 'string') return undefined;
  const { stdout, stderr, ...others } = value;
  const side = typeof stderr === 'string' ? stderr.trimEnd() : '';
  const code = others.exit_code ?? others.exitCode ?? others.retcode ?? others.code;
  return [
    ...(stdout.trimEnd() === '' ? [] : [visible(stdout.trimEnd())]),
    ...(side === '' ? [] : side.split('\n').map((line) => `stderr: ${visible(line)}`)),
    ...(code === undefined || code === 0 ? [] : [`exit code: ${String(code)}`]),
  ].join('\n');
}

function nested(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['[]'] : value.flatMap(item);
  if (!isMap(value)) return scalar(value).split('\n');
  const entries = Object.entries(value instanceof Map ? textKeyed(value) : value);
  return entries.length === 0 ? ['{}'] : entries.flatMap(([key, each]) => pair(visibleLine(key), each));
}

function item(value: unknown): string[] {
  const [first = '', ...others] = isEmpty(value) ? [scalar(value)] : nested(value);
  return [`- ${first}`, ...others.map((line) => `  ${line}`)];
}

function pair(key: string, value: unknown): string[] {
  if (typeof value === 'string' && value.includes('\n')) {
    return [
      `${key}: |`,
      ...visible(value.replace(/\n$/, ''))
        .split('\n')
        .map((line) => `  ${line}`),
    ];
  }
  if (!isNested(value) || isEmpty(value)) return [`${key}: ${scalar(value)}`];
  return [`${key}:`, ...nested(value).map((line) => `  ${line}`)];
}

function scalar(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return '[]';
  if (isMap(value)) return '{}';
  return visible(String(value));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return isMap(value) && Object.keys(value).length === 0;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isNested(value) && !Array.isArray(value);
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array || value instanceof Numeral);
}
