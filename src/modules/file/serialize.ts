import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { editArguments, textEdit } from '#kit/abilities/text-edit.ts';
import { yamlText } from '#kit/abilities/yaml-text.ts';
import { ruled } from '#kit/arguments.ts';
import { lookup, merged } from '#kit/data-lookup.ts';

export const serialize = textEdit({
  name: 'file.serialize',
  summary: 'Ensure a file holds data, written as JSON or YAML',
  args: z
    .object({
      ...editArguments,
      dataset: z.unknown().optional().describe('The data'),
      dataset_pillar: z
        .string()
        .optional()
        .describe('Setting that holds the data instead')
        .meta({ aliases: ['dataset_settings'] }),
      serializer: z
        .enum(['json', 'yaml'])
        .default('yaml')
        .describe('How it is written')
        .meta({ aliases: ['formatter'] }),
      merge_if_exists: z.boolean().default(false).describe('Keep what a file of JSON has beside the data'),
    })
    .refine(
      ({ serializer, merge_if_exists }) => serializer === 'json' || !merge_if_exists,
      ruled('"merge_if_exists" works with JSON only', {
        at: 'merge_if_exists',
        hint: 'Write "serializer: json", or leave it out',
      }),
    ),
  edit(text, wanted, { settings }) {
    const { name, serializer, dataset_pillar: key } = wanted;
    const data = key === undefined ? wanted.dataset : lookup(settings, key);
    if (data === undefined && key !== undefined) {
      throw new ZesterError('source', 'SETTING_MISSING', `Cannot manage "${name}": there is no setting "${key}"`);
    }
    const current = text === undefined || serializer === 'yaml' ? undefined : parsed(text);
    const wish = wanted.merge_if_exists && isMap(current) && isMap(data) ? merged(current, data) : (data ?? {});
    // The same data in other words is left as it is: a file that people format stays formatted.
    return current !== undefined && JSON.stringify(current) === JSON.stringify(wish) ? text : write(wish, serializer);
  },
  examples: [
    {
      title: 'Data as JSON',
      args: { name: '/etc/app.json', dataset: { port: 80 }, serializer: 'json' },
      expect: { exists: { from: false, to: true }, contents: { to: '{\n  "port": 80\n}\n' } },
      real: true,
    },
    {
      title: 'The same data, formatted otherwise',
      args: { name: '/etc/app.json', dataset: { port: 80 }, serializer: 'json' },
      given: { files: { '/etc/app.json': '{"port":80}' } },
      expect: {},
    },
    {
      title: 'Settings, beside what the file has',
      args: { name: '/etc/app.json', dataset_pillar: 'app', serializer: 'json', merge_if_exists: true },
      given: { settings: { app: { port: 80 } }, files: { '/etc/app.json': '{"host":"x"}\n' } },
      expect: { contents: { from: '{"host":"x"}\n', to: '{\n  "host": "x",\n  "port": 80\n}\n' } },
    },
    {
      title: 'Data as YAML',
      args: { name: '/etc/app.yaml', dataset: { hosts: ['a', 'b'] } },
      given: { files: { '/etc/app.yaml': 'hosts: [a]\n' } },
      expect: { contents: { from: 'hosts: [a]\n', to: 'hosts:\n  - a\n  - b\n' } },
    },
    {
      title: 'A setting that is missing',
      args: { name: '/etc/app.yaml', dataset_pillar: 'app' },
      expect: { refusal: 'SETTING_MISSING' },
    },
  ],
  differs: ['JSON and YAML only, and merging with JSON only. JSON that says the same is not written anew.'],
});

function write(data: unknown, serializer: 'json' | 'yaml'): string {
  return serializer === 'json' ? `${JSON.stringify(data, null, 2)}\n` : yamlText(data);
}

/** What a file of JSON holds; undefined when it holds something else. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
