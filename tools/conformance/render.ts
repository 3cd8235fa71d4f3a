import { readFileSync } from 'node:fs';
import { asError } from '#base/errors.ts';
import { deepCopy } from '#render/data.ts';
import { createRenderer, Dict, type Value } from '#render/render.ts';
import { Source } from '#render/source.ts';
import { identityMap } from '#render/source-map.ts';
import { parseYaml, toValue } from '#render/yaml.ts';

export interface Verdict {
  readonly cases: number;
  readonly passed: number;
  readonly failed: string[];
}

interface Case {
  readonly name: string;
  readonly template: string;
  readonly expected: string | undefined;
}

/**
 * Renders the templates of a case file and compares each with the text, or the failure, it expects. The file is YAML:
 * `context` (grains, pillar), helper `files`, `sls`, `path`, and `cases` of `t` with `out` or `error`.
 */
export async function run(file: string, { verbose = false } = {}): Promise<Verdict> {
  const text = readFileSync(file, 'utf8');
  const suite = toValue(parseYaml(text, identityMap(new Source(file, text)))) as Dict;
  const files = dictAt(suite, 'files');
  const renderer = createRenderer({ read: (path) => files.get(path) as string | undefined });
  const context = dictAt(suite, 'context');
  // Made anew for every case: templates change the data they are given.
  const scope = () => ({
    facts: deepCopy(dictAt(context, 'grains')),
    settings: orderedBelow(dictAt(context, 'pillar')),
    options: { file_client: 'local', test: false },
    id: 'case',
    saltenv: 'base',
  });
  const failed: string[] = [];
  const cases = (suite.get('cases') as Value[]).map((each, index) => readCase(each as Dict, index));
  for (const { name, template, expected } of cases) {
    const got = attempt(
      () =>
        renderer.renderText({
          path: suite.get('path') as string,
          sls: suite.get('sls') as string,
          text: template,
          scope: scope(),
        }).text,
    );
    const passes = expected === undefined ? 'error' in got : 'text' in got && got.text === expected;
    if (passes) continue;
    failed.push(name);
    if (verbose)
      console.log(
        `${name}\n  template ${JSON.stringify(template)}\n  expected ${JSON.stringify(expected ?? 'an error')}\n  got      ${JSON.stringify('text' in got ? got.text : got.error)}\n`,
      );
  }
  return { cases: cases.length, passed: cases.length - failed.length, failed };
}

function readCase(each: Dict, index: number): Case {
  const name = each.get('name');
  return {
    name: typeof name === 'string' ? name : `render-${String(index + 1).padStart(3, '0')}`,
    template: each.get('t') as string,
    expected: each.get('out') as string | undefined,
  };
}

function dictAt(map: Dict, key: string): Dict {
  const value = map.get(key);
  return value instanceof Dict ? value : new Dict();
}

/** Settings as Salt holds them: every map in them is ordered, the one that holds them all is not. */
function orderedBelow(settings: Dict): Dict {
  return new Dict([...settings.entries()].map(({ key, value }) => [key, ordered(value)]));
}

function ordered(value: Value): Value {
  if (Array.isArray(value)) return value.map(ordered);
  if (!(value instanceof Dict)) return value;
  return new Dict(
    [...value.entries()].map(({ key, value: each }) => [key, ordered(each)]),
    true,
  );
}

function attempt(render: () => string): { text: string } | { error: string } {
  try {
    return { text: render() };
  } catch (thrown) {
    const { code, message, at } = asError(thrown);
    return {
      error: `${code} ${message} at ${at?.line}:${at?.column}${code === 'UNEXPECTED' && thrown instanceof Error ? thrown.stack : ''}`,
    };
  }
}

if (import.meta.main) {
  const [file = '', ...flags] = process.argv.slice(2);
  const { cases, passed, failed } = await run(file, { verbose: flags.includes('--verbose') });
  console.log(`${passed} of ${cases} render cases pass`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
