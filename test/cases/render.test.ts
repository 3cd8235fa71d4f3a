import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { asError } from '#base/errors.ts';
import { dumpJson } from '#render/json.ts';
import { createRenderer, toValue } from '#render/render.ts';

const folder = join(import.meta.dirname, 'render');
const files = [
  'lexing',
  'numbers',
  'text',
  'filters',
  'salt-filters',
  'undefined-and-tests',
  'statements',
  'functions',
  'limits',
];

const tree: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(join(folder, 'tree'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(join(folder, 'tree').length + 1), readFileSync(path, 'utf8')];
    }),
);

const scope = {
  facts: JSON.parse(readFileSync(join(folder, 'facts.json'), 'utf8')),
  settings: JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')),
  options: { file_client: 'local' },
  id: 'harbour-1',
};

const renderer = createRenderer({ read: (path) => tree[path] });

for (const name of files) {
  describe(`templates: ${name}`, () => {
    for (const { input, output, code, place } of cases(`${name}.txt`)) {
      test(JSON.stringify(input), () => {
        const render = () =>
          renderer.renderText({ path: 'shop/web/site.sls', sls: 'shop.web.site', text: input, scope }).text;

        const got = attempt(render);

        assert.deepEqual(got, code === undefined ? { output } : { code, place });
      });
    }
  });
}

describe('YAML documents', () => {
  for (const { input, output, code, place } of cases('yaml.txt')) {
    test(JSON.stringify(input), () => {
      const load = () => renderer.renderDocument({ path: 'doc.yaml', text: input, scope });

      const got = attempt(() => dumpJson(toValue(load(), { ordered: true })));

      assert.deepEqual(got, code === undefined ? { output } : { code, place });
    });
  }
});

interface Case {
  readonly input: string;
  readonly output?: string;
  readonly code?: string;
  readonly place?: string;
}

/** Lines of `> input` and `= output` or `! CODE line:column`; a text with line breaks is written as a JSON string. */
function cases(file: string): Case[] {
  const found: Case[] = [];
  let input = '';
  for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
    const text = line.slice(2);
    if (line.startsWith('> ')) input = unquoted(text);
    else if (line.startsWith('=')) found.push({ input, output: unquoted(text) });
    else if (line.startsWith('! ')) {
      const [code = '', place = ''] = text.split(' ');
      found.push({ input, code, place });
    }
  }
  return found;
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? JSON.parse(text) : text;
}

function attempt(render: () => string): { output: string } | { code: string; place: string } {
  try {
    return { output: render() };
  } catch (thrown) {
    const { code, at } = asError(thrown);
    return {
      code,
      place: `${at?.file === 'shop/web/site.sls' || at?.file === 'doc.yaml' ? '' : `${at?.file}:`}${at?.line}:${at?.column}`,
    };
  }
}
