import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';

import { attributeArguments } from '#kit/abilities/attributes.ts';
import { editArguments, textEdit } from '#kit/abilities/text-edit.ts';
import { ruled } from '#kit/arguments.ts';
import { sameValue } from '#kit/changes.ts';
import { isMap, lookup, merged } from '#kit/data-lookup.ts';
import { AnyMap } from '#kit/types.ts';
import { serializerNames, serializerOf } from './serializers.ts';

export const serialize = textEdit({
  name: 'file.serialize',
  summary: 'Ensure a file holds data, written as YAML, JSON, TOML, ini sections or key=value lines',
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
        .string()
        .toLowerCase()
        .pipe(z.enum(serializerNames))
        .prefault('yaml')
        .describe('How it is written: "yaml", "json", "toml", "configparser" or "keyvalue"')
        .meta({ aliases: ['formatter'] }),
      serializer_opts: AnyMap.default({}).describe(
        'How it looks: "indent", "sort_keys", "default_flow_style", "width", "separators" … as Python\'s libraries call it',
      ),
      merge_if_exists: z.boolean().default(false).describe('Keep what the file has beside the data'),
      deserializer_opts: AnyMap.default({}).describe('The same for reading what the file has: "separator", "quoting"'),
      create: z.boolean().default(true).describe('When false, a file that does not exist stays so'),
      encoding: z
        .string()
        .optional()
        .describe('"utf-8" writes what is not ASCII as it is, also in YAML; there is no other'),
      ...attributeArguments,
    })
    .refine(
      ({ dataset, dataset_pillar }) => isGiven(dataset) || dataset_pillar !== undefined,
      ruled('"dataset" is missing: there is nothing to write', {
        at: 'dataset',
        hint: 'Add "dataset", or "dataset_pillar" with the name of a setting',
      }),
    )
    .refine(
      ({ dataset, dataset_pillar }) => !isGiven(dataset) || dataset_pillar === undefined,
      ruled('"dataset" and "dataset_pillar" do not go together', {
        at: 'dataset_pillar',
        hint: 'Leave one of them out',
      }),
    )
    .refine(
      ({ encoding = 'utf-8' }) => /^utf-?8$/i.test(encoding),
      ruled('"encoding" must be "utf-8"', { at: 'encoding', hint: 'Leave it out, or write "utf-8"' }),
    ),
  attributes: ({ user, group, mode }) => ({ user, group, mode }),
  edit(text, wanted, { settings, formats }) {
    const { name, serializer, dataset_pillar: key, encoding } = wanted;
    if (text === undefined && !wanted.create) return undefined;
    const data = key === undefined ? wanted.dataset : lookup(settings, key);
    if (data === undefined) {
      throw new ZesterError('source', 'SETTING_MISSING', `Cannot manage "${name}": there is no setting "${key}"`);
    }
    const unescaped = serializer === 'yaml' && encoding !== undefined ? { allow_unicode: true } : {};
    const { write } = serializerOf(serializer, { ...unescaped, ...wanted.serializer_opts });
    if (!wanted.merge_if_exists || text === undefined) return write(data, formats);
    const { read } = serializerOf(serializer, readable(wanted));
    const current = text.trim() === '' ? undefined : read(text, name, formats);
    if (!isMap(current) || !isMap(data)) return write(data, formats);
    const all = merged(current, data);
    // The same data in other words is left as it is: a file that people format stays formatted.
    return sameValue(current, all) ? text : write(all, formats);
  },
  examples: [
    {
      title: 'Data as JSON',
      args: { name: '/etc/app.json', dataset: { port: 80 }, serializer: 'json' },
      expect: { exists: { from: false, to: true }, contents: { to: '{\n  "port": 80\n}\n' } },
      real: true,
    },
    {
      title: 'Settings, beside what the file has',
      args: { name: '/etc/app.json', dataset_pillar: 'app', serializer: 'json', merge_if_exists: true },
      given: { settings: { app: { port: 80 } }, files: { '/etc/app.json': '{"host":"x"}\n' } },
      expect: { contents: { from: '{"host":"x"}\n', to: '{\n  "host": "x",\n  "port": 80\n}\n' } },
    },
    {
      title: 'What the file has already, formatted otherwise',
      args: { name: '/etc/app.json', dataset: { port: 80 }, serializer: 'json', merge_if_exists: true },
      given: { files: { '/etc/app.json': '{"port":80}' } },
      expect: {},
    },
    {
      title: 'Data as YAML, for one user only',
      args: { name: '/etc/app.yaml', dataset: { port: 80 }, user: 'app', mode: '0600' },
      given: { users: { app: { uid: 990 } }, files: { '/etc/app.yaml': 'port: 81\n' } },
      expect: {
        contents: { from: 'port: 81\n', to: 'port: 80\n' },
        user: { from: 'root', to: 'app' },
        mode: { from: '0644', to: '0600' },
      },
    },
    {
      title: 'Sections of an ini file, beside those it has',
      args: {
        name: '/etc/app.ini',
        dataset: { web: { Port: 80, debug: true } },
        serializer: 'configparser',
        merge_if_exists: true,
      },
      given: { files: { '/etc/app.ini': '[db]\nhost = x\n\n' } },
      expect: {
        contents: { from: '[db]\nhost = x\n\n', to: '[db]\nhost = x\n\n[web]\nport = 80\ndebug = True\n\n\n' },
      },
    },
    {
      title: 'Lines of an environment file',
      args: {
        name: '/etc/default/app',
        dataset: { PORT: 80, NAME: 'a b' },
        serializer: 'keyvalue',
        serializer_opts: { quoting: true },
        makedirs: true,
      },
      expect: {
        exists: { from: false, to: true },
        parents: { to: ['/etc/default'] },
        contents: { to: "PORT=80\nNAME='a b'\n" },
      },
    },
    {
      title: 'A setting that is missing',
      args: { name: '/etc/app.yaml', dataset_pillar: 'app' },
      expect: { refusal: 'SETTING_MISSING' },
    },
    {
      title: 'An option that the format does not have',
      args: { name: '/etc/app.json', dataset: { port: 80 }, serializer: 'json', serializer_opts: { indend: 4 } },
      expect: { refusal: 'SERIALIZER_OPTION_INVALID' },
    },
    { title: 'Nothing to write', args: { name: '/etc/app.yaml' }, expect: { refusal: 'ARGUMENT_INVALID' } },
  ],
  notes: ['The formats are written as Python and its libraries write them, which Salt uses.'],
  differs: ['msgpack, plist and python are not written.'],
});

/** Options of reading are among those of writing. */
function readable({
  serializer_opts: { separator },
  deserializer_opts,
  serializer,
}: {
  readonly serializer_opts: Readonly<Record<string, unknown>>;
  readonly deserializer_opts: Readonly<Record<string, unknown>>;
  readonly serializer: string;
}) {
  return { ...(serializer === 'keyvalue' && separator !== undefined ? { separator } : {}), ...deserializer_opts };
}

function isGiven(dataset: unknown): boolean {
  return dataset !== undefined && dataset !== null;
}
