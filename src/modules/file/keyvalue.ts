import * as z from 'zod';
import { literal } from '#kit/abilities/patterns.ts';
import { editArguments, editedText, linesOf, textEdit } from '#kit/abilities/text-edit.ts';
import { ruled } from '#kit/arguments.ts';
import { StringMap } from '#kit/types.ts';
import { fileUnknown } from '#machine/errors.ts';

export const keyvalue = textEdit({
  name: 'file.keyvalue',
  summary: 'Ensure keys of a file have their values',
  args: z
    .object({
      ...editArguments,
      key: z.string().optional().describe('A single key'),
      value: z.string().optional().describe('Its value'),
      key_values: StringMap.default({})
        .describe('Keys and their values')
        .meta({ aliases: ['entries'] }),
      separator: z.string().min(1).default('=').describe('What stands between key and value'),
      count: z
        .int()
        .default(1)
        .describe('Lines of each key to set; further ones are removed. -1 sets all, 0 removes all'),
      uncomment: z
        .string()
        .optional()
        .describe('Characters that make a comment; a key that is commented out counts, and is brought to life'),
      key_ignore_case: z.boolean().default(false).describe('Find keys in capitals and small letters alike'),
      value_ignore_case: z.boolean().default(false).describe('Take values that differ only in capitals for the same'),
      append_if_not_found: z
        .boolean()
        .default(true)
        .describe('Add keys that are missing at the end')
        .meta({ inSalt: false }),
      prepend_if_not_found: z.boolean().default(false).describe('Add keys that are missing at the beginning'),
      create_if_missing: z
        .boolean()
        .default(true)
        .describe('Make a file that is not there, with the keys')
        .meta({ inSalt: false }),
      ignore_if_missing: z.boolean().default(false).describe('A file that is not there is fine'),
    })
    .refine(
      ({ key, value }) => key === undefined || value !== undefined,
      ruled('"value" is missing: "key" needs one', { at: 'key', hint: 'Add "value": what the key is set to' }),
    )
    .refine(
      ({ key, key_values }) => key !== undefined || Object.keys(key_values).length > 0,
      ruled('"key_values" is missing: there is nothing to set', {
        at: 'key_values',
        hint: 'Add "key_values", or "key" and "value"',
      }),
    ),
  edit(text, wanted) {
    if (text === undefined && !wanted.create_if_missing) {
      if (wanted.ignore_if_missing) return undefined;
      throw fileUnknown('set keys in', wanted.name);
    }
    const pairs = { ...wanted.key_values, ...(wanted.key && { [wanted.key]: wanted.value ?? '' }) };
    const { lines, missing } = withValues(linesOf(text ?? ''), pairs, wanted);
    const added = missing.map(([key, value]) => `${key}${wanted.separator}${value}`);
    if (wanted.append_if_not_found || text === undefined) return editedText(text ?? '', [...lines, ...added]);
    // Salt puts each before the last one.
    if (wanted.prepend_if_not_found) return editedText(text, [...added.toReversed(), ...lines]);
    return editedText(text, lines);
  },
  examples: [
    {
      title: 'Two keys, of which one is missing',
      args: { name: '/etc/app.conf', key_values: { port: '80', host: 'web-01' } },
      given: { files: { '/etc/app.conf': 'port=8080\nport = 9\n' } },
      expect: { contents: { from: 'port=8080\nport = 9\n', to: 'port=80\nhost=web-01\n' } },
      real: true,
    },
    {
      title: 'A key that has its value',
      args: { name: '/etc/ssh/sshd_config', key: 'Port', value: '22', separator: ' ' },
      given: { files: { '/etc/ssh/sshd_config': 'Port    22\n' } },
      expect: {},
    },
    {
      title: 'A key that is commented out',
      args: { name: '/etc/ssh/sshd_config', key: 'Port', value: '2222', separator: ' ', uncomment: '#' },
      given: { files: { '/etc/ssh/sshd_config': '#Port 22\n' } },
      expect: { contents: { from: '#Port 22\n', to: 'Port 2222\n' } },
    },
    {
      title: 'A key that is commented out, and stands there as well',
      args: { name: '/etc/ssh/sshd_config', key: 'PermitRootLogin', value: 'no', separator: ' ', uncomment: '#' },
      given: { files: { '/etc/ssh/sshd_config': '#PermitRootLogin prohibit-password\nPermitRootLogin yes\n' } },
      expect: {
        contents: { from: '#PermitRootLogin prohibit-password\nPermitRootLogin yes\n', to: 'PermitRootLogin no\n' },
      },
    },
    {
      title: 'A key in a file with the line ends of Windows',
      args: { name: '/srv/app.ini', key: 'port', value: '2' },
      given: { files: { '/srv/app.ini': 'port=1\r\nhost=x\r\n' } },
      expect: { contents: { from: 'port=1\r\nhost=x\r\n', to: 'port=2\r\nhost=x\r\n' } },
    },
    {
      title: 'A missing key that is not to be added',
      args: { name: '/etc/app.conf', key: 'host', value: 'web-01', append_if_not_found: false },
      given: { files: { '/etc/app.conf': 'port=80\n' } },
      expect: {},
    },
    {
      title: 'A file that is not there, and not to be made',
      args: { name: '/etc/app.conf', key: 'host', value: 'web-01', create_if_missing: false },
      expect: { refusal: 'FILE_UNKNOWN' },
    },
    {
      title: 'A key to remove',
      args: { name: '/etc/app.conf', key: 'debug', value: '', count: 0 },
      given: { files: { '/etc/app.conf': 'port=80\ndebug=1\ndebug = 2\n' } },
      expect: { contents: { from: 'port=80\ndebug=1\ndebug = 2\n', to: 'port=80\n' } },
    },
    {
      title: 'A key without a value',
      args: { name: '/etc/app.conf', key: 'port' },
      expect: { refusal: 'ARGUMENT_INVALID' },
    },
  ],
  notes: ['Blanks around the separator, and the indentation of a line, stay as they are.'],
  differs: [
    'A key is found with blanks before its separator too, and with "count: -1" a missing key is added as well.',
  ],
});

interface KeyWish {
  readonly separator: string;
  readonly count: number;
  readonly uncomment?: string | undefined;
  readonly key_ignore_case: boolean;
  readonly value_ignore_case: boolean;
}

interface Finding {
  readonly indent: string;
  readonly isCommented: boolean;
  /** Key and separator as they stand. */
  readonly head: string;
  readonly value: string;
}

/** The lines with the values set, and the keys that no line has. A key has at most `count` lines then. */
function withValues(before: readonly string[], pairs: Readonly<Record<string, string>>, wanted: KeyWish) {
  const keys = Object.entries(pairs).map(([key, value]) => ({ key, value, find: keyFinder(key, wanted) }));
  const left = new Map(keys.map(({ key }) => [key, wanted.count]));
  const found = new Set<string>();
  const same = (text: string) => (wanted.value_ignore_case ? text.trim().toLowerCase() : text.trim());
  const lines = before.flatMap((line) => {
    for (const { key, value, find } of keys) {
      const finding = find(line);
      if (finding === undefined) continue;
      const remaining = left.get(key) ?? 0;
      // A comment is brought to life only while a line of the key is still wanted.
      if (finding.isCommented && remaining <= 0) return [line];
      if (remaining === 0) return [];
      if (remaining > 0) left.set(key, remaining - 1);
      found.add(key);
      const isSo = !finding.isCommented && same(finding.value) === same(value);
      return [isSo ? line : `${finding.indent}${finding.head}${value}`];
    }
    return [line];
  });
  const missing = keys.filter(({ key }) => wanted.count !== 0 && !found.has(key));
  return { lines, missing: missing.map(({ key, value }) => [key, value] as const) };
}

function keyFinder(key: string, wanted: KeyWish): (line: string) => Finding | undefined {
  const { separator, uncomment = '', key_ignore_case } = wanted;
  const between = separator.trim() === '' ? '\\s+' : `\\s*${literal(separator.trim())}\\s*`;
  const comment = uncomment === '' ? '' : `[${literal(uncomment).replaceAll('-', '\\-')}]+`;
  const pattern = new RegExp(
    `^(\\s*)(${comment && `(?:${comment})?`})(${literal(key)}${between})(.*)$`,
    key_ignore_case ? 'i' : '',
  );
  return (line) => {
    const [, indent = '', mark = '', head, value = ''] = pattern.exec(line) ?? [];
    return head === undefined ? undefined : { indent, isCommented: mark !== '', head, value };
  };
}
