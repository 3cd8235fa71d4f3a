import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { isError, type ZesterError } from '#base/errors.ts';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { Secret } from '#base/secret.ts';
import { ArgumentErrors, argumentMeta, decodeArguments, rawArguments } from './arguments.ts';
import { AccountRef, Duration, FileMode, StringList, StringMap, TemplateFlag, TriState } from './types.ts';

const schema = z.object({
  name: z
    .string()
    .describe('Name')
    .meta({ primary: true, aliases: ['path'] }),
  count: z.int().optional().describe('Count'),
  force: z.boolean().default(false).describe('Force'),
  mode: FileMode.optional().describe('Mode'),
  env: StringMap.optional().describe('Environment'),
  lines: StringList.optional()
    .describe('Lines')
    .meta({ aliases: ['line'] }),
  owner: AccountRef.optional().describe('Owner'),
  enable: TriState.describe('Enable'),
  template: TemplateFlag.optional().describe('Template'),
  wait: Duration.optional().describe('Wait'),
  kind: z.enum(['tar', 'zip']).optional().describe('Kind'),
  password: z.string().max(8).optional().describe('Password').meta({ secret: true }),
});

function decode(named: Record<string, unknown>, id = 'x') {
  return decodeArguments('a.b', schema, { id, values: rawArguments(schema, named).values });
}

function refusalOf(run: () => unknown): ZesterError {
  try {
    run();
  } catch (error) {
    if (isError(error)) return error;
  }
  return assert.fail('it is not refused');
}

describe('arguments', () => {
  test('mean the same from a command line as from a file', () => {
    const fromFile = decode({ count: 3, force: true, mode: 644, lines: ['a'], owner: 1000, enable: false, wait: 90 });
    const typed = decode({
      count: '3',
      force: 'yes',
      mode: '0644',
      lines: 'a',
      owner: '1000',
      enable: 'off',
      wait: '90',
    });

    assert.deepEqual(typed, fromFile);
    assert.deepEqual(
      [typed.count, typed.force, typed.mode, typed.lines, typed.owner, typed.enable, typed.wait],
      [3, true, 0o644, ['a'], 1000, false, 90_000],
    );
  });

  test('take the id for the primary one, also when that is written empty', () => {
    assert.equal(decode({}).name, 'x');
    assert.equal(decode({ name: '' }).name, 'x');
    assert.equal(decode({ path: '/y' }).name, '/y');
  });

  test('take the canonical name before its aliases, unless it says nothing', () => {
    assert.equal(decode({ path: '/y', name: '/z' }).name, '/z');
    assert.equal(decode({ name: null, path: '/y' }).name, '/y');
  });

  test('that are null are as if they were not written', () => {
    assert.equal(decode({ count: null }).count, undefined);
  });

  test('read maps from lists of single pairs, and from maps of a loader', () => {
    assert.deepEqual(decode({ env: [{ A: 1 }, { B: true }] }).env, { A: '1', B: 'true' });
    assert.deepEqual(decode({ env: new Map([['A', 1n]]) }).env, { A: '1' });
  });

  test('reveal a secret to the module', () => {
    assert.equal(decode({ password: new Secret('hunter2') }).password, 'hunter2');
  });

  test('that are wrong are all reported, at the place of the first', () => {
    const at = { file: 'web.zy', line: 3, column: 5 };
    const values = new Map([
      ['count', { value: 'many', at }],
      ['moed', { value: '644', at: { ...at, line: 4 } }],
      ['kind', { value: 'rar' }],
    ]);

    const error = refusalOf(() => decodeArguments('a.b', schema, { id: 'x', values }));

    assert.equal(error.code, 'ARGUMENT_UNKNOWN');
    assert.equal(error.hint, 'Did you mean "mode"?; Change "count": Count; Did you mean "tar"?');
    assert.equal(
      error.message,
      'Cannot use "a.b": it has no argument "moed"; "count" must be a number, not "many"; "kind" must be one of tar, zip, not "rar"',
    );
    assert.ok(error instanceof ArgumentErrors);
    assert.deepEqual(
      error.errors.map(({ code, at }) => [code, at?.line]),
      [
        ['ARGUMENT_UNKNOWN', 4],
        ['ARGUMENT_INVALID', 3],
        ['ARGUMENT_INVALID', undefined],
      ],
    );
  });

  test('that are missing say what they are for', () => {
    const error = refusalOf(() => decodeArguments('a.b', schema, { values: new Map() }));

    assert.deepEqual([error.code, error.hint], ['ARGUMENT_MISSING', 'Add "name": Name']);
  });

  test('that are secret are not shown in a refusal', () => {
    const error = refusalOf(() => decode({ password: 'correct horse' }));

    assert.doesNotMatch(error.message, /correct/);
  });

  for (const [written, why] of [
    [{ force: 2 }, 'true or false'],
    [{ force: 'maybe' }, 'true or false'],
    [{ count: '3.5' }, 'a whole number'],
    [{ lines: [['a']] }, 'text'],
    [{ env: { A: { b: 1 } } }, 'text'],
    [{ mode: '0999' }, 'octal'],
    [{ owner: -1 }, 'a name, or an id'],
    [{ template: 'mako' }, 'jinja'],
    [{ wait: 'soon' }, 'a span of time'],
  ] as const) {
    test(`refuse ${JSON.stringify(written)}`, () => {
      const error = refusalOf(() => decode(written));

      assert.equal(error.code, 'ARGUMENT_INVALID');
      assert.match(error.message, new RegExp(`must be .*${why}`));
    });
  }

  test('given by position fill the schema, the primary one first', () => {
    const twisted = z.object({ b: z.string(), a: z.string().meta({ primary: true }) });

    assert.deepEqual(decodeArguments('x.y', twisted, rawArguments(twisted, {}, ['1', '2'])), { a: '1', b: '2' });
    assert.equal(refusalOf(() => rawArguments(twisted, {}, ['1', '2', '3'])).code, 'ARGUMENT_SURPLUS');
  });

  test('given by position all go to one that takes the rest', () => {
    const rest = z.object({ parts: z.array(z.string()).meta({ primary: true, rest: true }) });

    assert.deepEqual(decodeArguments('x.y', rest, rawArguments(rest, {}, ['a', 'b'])), { parts: ['a', 'b'] });
  });

  test('say what they are through every wrapper', () => {
    const wrapped = z.string().meta({ secret: true }).optional().describe('A word');

    assert.deepEqual(argumentMeta(wrapped), { secret: true, description: 'A word' });
  });
});

describe('a file mode', () => {
  for (const [written, mode] of [
    ['0644', 0o644],
    [644, 0o644],
    ['4755', 0o4755],
    [1777, 0o1777],
    ['0o600', 0o600],
    [0, 0],
  ] as const) {
    test(`written ${JSON.stringify(written)} is ${mode.toString(8)}`, () =>
      assert.equal(FileMode.parse(written), mode));
  }
});

test("an argument that Salt has another default for has it in Salt's files only, and only when it is not written", () => {
  const both = z.object({ create: z.boolean().default(true).describe('Create').meta({ inSalt: false }) });
  const decoded = (dialect: 'zy' | 'sls', named: Record<string, unknown> = {}) =>
    decodeArguments('a.b', both, { dialect, values: rawArguments(both, named).values }).create;

  assert.deepEqual([decoded('zy'), decoded('sls'), decoded('sls', { create: true })], [true, false, true]);
});

describe('a value that is no text, where one is wanted', () => {
  const texts = z.object({ lines: StringList.describe('Lines'), env: StringMap.optional().describe('Env') });
  const linesOf = (dialect: 'zy' | 'sls', lines: unknown) =>
    decodeArguments('a.b', texts, { dialect, values: rawArguments(texts, { lines }).values }).lines;

  test('is written as it was: a float with its point, a long number with every digit', () => {
    const lines = [1, 0.5, 1e-7, Numeral.float(3), Numeral.whole(12345678901234567890n), 12345678901234567890n];

    assert.deepEqual(linesOf('zy', lines), [
      '1',
      '0.5',
      '1e-07',
      '3.0',
      '12345678901234567890',
      '12345678901234567890',
    ]);
  });

  test('is True or False in a file of Salt, and true or false elsewhere', () => {
    assert.deepEqual(linesOf('sls', [true, false]), ['True', 'False']);
    assert.deepEqual(linesOf('zy', true), ['true']);
  });

  test('is a text of a map by its key, whatever that was', () => {
    const env = new MixedMap([
      [80, 1],
      [true, 'x'],
    ]);
    const values = rawArguments(texts, { lines: [], env }).values;

    assert.deepEqual(decodeArguments('a.b', texts, { dialect: 'sls', values }).env, { 80: '1', true: 'x' });
  });
});

test('a whole number that is too long for a number is refused, and not another one', () => {
  for (const count of [Numeral.whole(9007199254740993n), '9007199254740993']) {
    assert.match(refusalOf(() => decode({ count })).message, /"count" must be .*9007199254740993/);
  }
  assert.equal(decode({ count: Numeral.float(3) }).count, 3);
});
