import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { asError } from '#base/errors.ts';
import { floatText } from '#base/numeral.ts';
import { Float } from '#render/jinja/values.ts';
import { createRenderer, type Node } from '#render/render.ts';
import type { Verdict } from './render.ts';

interface Case {
  readonly yaml: string;
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * Reads the documents of a case file and compares each with the value, or the failure, it expects. The file is JSON:
 * `cases` of `yaml` with `value` or `error`; `{"__float__": "1.0"}` is a float that JSON would show as an integer,
 * `{"__map__": [[key, value]]}` a map whose keys are not all texts.
 */
export async function run(file: string, { verbose = false } = {}): Promise<Verdict> {
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };
  const renderer = createRenderer({ read: () => undefined });
  const scope = { facts: {}, settings: {}, id: 'case' };
  const failed: string[] = [];
  for (const [index, { yaml, value, error }] of cases.entries()) {
    const got = attempt(() => renderer.renderDocument({ path: 'case.sls', text: `#!yaml\n${yaml}`, scope }));
    const passes = error === undefined ? 'value' in got && isDeepStrictEqual(got.value, value) : 'error' in got;
    if (passes) continue;
    const name = `yaml-${String(index + 1).padStart(3, '0')}`;
    failed.push(name);
    if (verbose)
      console.log(
        `${name}\n  document ${JSON.stringify(yaml)}\n  expected ${JSON.stringify(error ?? value)}\n  got      ${JSON.stringify(got)}\n`,
      );
  }
  return { cases: cases.length, passed: cases.length - failed.length, failed };
}

function attempt(load: () => Node): { value: unknown } | { error: string } {
  try {
    return { value: canonical(load()) };
  } catch (thrown) {
    const { code, message } = asError(thrown);
    return { error: `${code} ${message}${code === 'UNEXPECTED' && thrown instanceof Error ? thrown.stack : ''}` };
  }
}

function canonical(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(canonical);
  if (node.kind === 'map') return canonicalMap(node);
  const { value } = node;
  if (typeof value === 'bigint') return Number(value);
  if (!(value instanceof Float)) return value;
  return Number.isInteger(value.value) || !Number.isFinite(value.value)
    ? { __float__: floatText(value.value) }
    : value.value;
}

function canonicalMap(node: Extract<Node, { kind: 'map' }>): unknown {
  const pairs = node.entries.map(({ key, value }) => [canonical(key), canonical(value)] as const);
  return pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : { __map__: pairs };
}

if (import.meta.main) {
  const [file = '', ...flags] = process.argv.slice(2);
  const { cases, passed, failed } = await run(file, { verbose: flags.includes('--verbose') });
  console.log(`${passed} of ${cases} YAML cases pass`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
