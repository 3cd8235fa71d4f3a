import * as z from 'zod';
import { literal } from '#kit/abilities/patterns.ts';
import { editArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';
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
      count: z.int().default(-1).describe('Lines of each key to change: -1 for all, 0 to remove them'),
      uncomment: z
        .string()
        .optional()
        .describe('Comment character; a key that is commented out counts, and is brought to life'),
      key_ignore_case: z.boolean().default(false).describe('Find keys in capitals and small letters alike'),
      value_ignore_case: z.boolean().default(false).describe('Take values that differ only in capitals for the same'),
      append_if_not_found: z.boolean().default(true).describe('Add keys that are missing at the end'),
      prepend_if_not_found: z.boolean().default(false).describe('Add keys that are missing at the beginning'),
      create_if_missing: z.boolean().default(true).describe('Make a file that is not there'),
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
    if (text === undefined && wanted.ignore_if_missing) return undefined;
    if (text === undefined && !wanted.create_if_missing) throw fileUnknown('set keys in', wanted.name);
    const pairs = Object.entries({ ...wanted.key_values, ...(wanted.key && { [wanted.key]: wanted.value ?? '' }) });
    let lines: readonly string[] = linesOf(text ?? '');
    const missing: string[] = [];
    for (const [key, value] of pairs) {
      const set = withValue(lines, key, value, wanted);
      if (set === undefined) missing.push(`${key}${wanted.separator}${value}`);
      else lines = set;
    }
    if (wanted.prepend_if_not_found) lines = [...missing, ...lines];
    else if (wanted.append_if_not_found) lines = [...lines, ...missing];
    const unlike =
      lines.length !== linesOf(text ?? '').length || lines.some((line, index) => line !== linesOf(text ?? '')[index]);
    return unlike ? textOfLines(lines) : text;
  },
  examples: [
    {
      title: 'Two keys, of which one is missing',
      args: { name: '/etc/app.conf', key_values: { port: '80', host: 'web-01' } },
      given: { files: { '/etc/app.conf': 'port=8080\nport = 9\n' } },
      expect: { contents: { from: 'port=8080\nport = 9\n', to: 'port=80\nport = 80\nhost=web-01\n' } },
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
  differs: ['All lines of a key are changed unless "count" says otherwise, and a missing key is added by default.'],
});

interface KeyWish {
  readonly separator: string;
  readonly count: number;
  readonly uncomment?: string | undefined;
  readonly key_ignore_case: boolean;
  readonly value_ignore_case: boolean;
}

/** The lines with the key's value set; undefined when no line has the key. */
function withValue(
  lines: readonly string[],
  key: string,
  value: string,
  wanted: KeyWish,
): readonly string[] | undefined {
  const separator = wanted.separator.trim() === '' ? '\\s+' : `\\s*${literal(wanted.separator.trim())}\\s*`;
  const comment = wanted.uncomment === undefined ? '' : `(?:${literal(wanted.uncomment)}\\s*)?`;
  const line = new RegExp(`^(\\s*)${comment}(${literal(key)}${separator})(.*)$`, wanted.key_ignore_case ? 'i' : '');
  const same = (text: string) => (wanted.value_ignore_case ? text.trim().toLowerCase() : text.trim());
  if (wanted.count === 0) return lines.filter((each) => !line.test(each));
  let left = wanted.count < 0 ? Number.POSITIVE_INFINITY : wanted.count;
  let found = false;
  const changed = lines.map((each) => {
    const [, indent = '', head, current = ''] = line.exec(each) ?? [];
    if (head === undefined || left-- <= 0) return each;
    found = true;
    return same(current) === same(value) && each.startsWith(indent + head) ? each : `${indent}${head}${value}`;
  });
  return found ? changed : undefined;
}
