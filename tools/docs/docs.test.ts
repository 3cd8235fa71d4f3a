import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import explanations from '#cli/explanations.json' with { type: 'json' };
import { describeAll } from '#kit/describe.ts';
import { registry } from '#modules/registry.ts';
import { ambiguous, collectErrors, errorsPage } from './errors.ts';
import { subjectPages } from './pages.ts';
import { stateFileSchema } from './schema.ts';
import { blank, register } from './shapes.ts';

describe('the list of errors', () => {
  test('finds codes where they are constructed, on one line or several', () => {
    const message = ['`Cannot add "$', '{name}": $', '{by} has it`'].join('');
    const text = `throw new ZesterError(\n  'usage',\n  'NAME_TAKEN',\n  ${message},\n  { hint: 'Take another' },\n)`;

    const errors = collectErrors(new Map([['src/a.ts', text]]));

    assert.deepEqual(errors, [
      {
        code: 'NAME_TAKEN',
        families: ['usage'],
        claims: ['usage'],
        messages: ['Cannot add "…": … has it'],
        hints: ['Take another'],
        files: ['src/a.ts'],
      },
    ]);
  });

  test('an expression in a message is "…", whatever texts it has inside', () => {
    const [inner, open] = ['`$', '{'];
    const message = `\`Cannot $\{action}: $\{reason.trim() || ${inner}${open}"}"} (exit)\`}\``;
    const text = `new ZesterError('machine', 'TOOL_FAILED', ${message}, { hint: near ?? 'Look (there)' })`;

    const [error] = collectErrors(new Map([['src/a.ts', text]]));

    assert.deepEqual([error?.messages, error?.hints], [['Cannot …: …'], ['Look (there)']]);
  });

  test('no page of a code shows its source', () => {
    for (const { code, messages, hints } of explanations.errors) {
      for (const text of [...messages, ...hints]) assert.doesNotMatch(text, /\$\{|=>|\|\||\? '/, code);
    }
  });

  test('finds codes that are handed to a function that constructs the error', () => {
    const maker =
      "export function machineError(code: string, message: string) {\n  return new ZesterError('machine', code, message);\n}";

    const errors = collectErrors(
      new Map([
        ['src/e.ts', maker],
        ['src/f.ts', "machineError('DISK_FULL', 'Cannot write')"],
      ]),
    );

    assert.deepEqual(
      errors.map(({ code, families }) => [code, families]),
      [['DISK_FULL', ['machine']]],
    );
  });

  test('complains about a code of two families, with both places', () => {
    const sources = new Map([
      ['src/a.ts', "new ZesterError('usage', 'LOST', 'x')"],
      ['src/b.ts', "new ZesterError('denied', 'LOST', 'x')"],
    ]);

    assert.deepEqual(ambiguous(collectErrors(sources)), [
      'src/a.ts, src/b.ts: LOST is "usage" and "denied": rename one of them',
    ]);
  });

  test('complains about a code that an author meets and another maker gives to somebody else', () => {
    const sources = new Map([
      ['src/a.ts', "problems.add('LOST', 'x')"],
      ['src/b.ts', "type Options = { family: 'usage' | 'source' };\nnew ZesterError(family, 'LOST', 'y')"],
    ]);

    assert.deepEqual(ambiguous(collectErrors(sources)), [
      'src/a.ts, src/b.ts: LOST is "source" and "usage" or "source": rename one of them',
    ]);
  });

  test('finds codes in data beside the call that is given one of them', () => {
    const maker =
      "function machineError(code: string, context: Context = {}) { return new ZesterError('machine', code, 'x') }";
    const sources = new Map([
      ['src/errors.ts', maker],
      ['src/tools/failure.ts', 'return machineError(known.code, known.reason)'],
      ['src/tools/apt.ts', "const reasons = [{ pattern: /x/, code: 'TOOL_LOCKED' }]"],
    ]);

    assert.deepEqual(
      collectErrors(sources).map(({ code, families }) => [code, families]),
      [['TOOL_LOCKED', ['machine']]],
    );
  });

  test('shows every family, also one without codes', () => {
    assert.match(errorsPage([]), /## unreachable/);
  });
});

describe('the pages', () => {
  test('show a plan as a diff', () => {
    const pages = new Map(subjectPages(describeAll(registry).filter(({ kind }) => kind === 'state')));

    assert.match(pages.get('file') ?? '', /--- \/etc\/motd\n\+\+\+ \/etc\/motd\n@@ -1 \+1,2 @@\n Welcome\n\+to web-01/);
  });
});

describe('the schema of state files', () => {
  const schema = stateFileSchema(registry) as { $defs: Record<string, unknown> };

  test('knows every state', () => {
    const declared = Object.keys(schema.$defs).filter((name) => /^\w+\.\w+$/.test(name));

    assert.deepEqual(declared, [...registry.states.keys()]);
  });

  test('keeps our own words out', () => {
    assert.doesNotMatch(JSON.stringify(schema), /"primary":true|"aliases"/);
  });
});

describe('something new', () => {
  test('is registered in its place in the alphabet', () => {
    const text = readFileSync(new URL('../../src/modules/registry.ts', import.meta.url), 'utf8');

    const registered = register('state', 'raid', text);

    const imports = [...registered.matchAll(/import \* as (\w+) from/g)].map(([, name]) => name);
    assert.deepEqual(imports, imports.toSorted());
    assert.match(registered, /pkg,\s+raid,\s+service/);
  });

  test('has the shape of all others', () => {
    assert.match(blank('state', 'sysctl.present'), /export const present = state\(\{\n {2}name: 'sysctl\.present'/);
    assert.match(blank('function', 'raid.get_all'), /export const getAll = moduleFunction/);
    assert.match(blank('fact', 'raid'), /export const raid = fact/);
  });
});
