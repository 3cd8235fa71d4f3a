import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { placeText } from '#base/errors.ts';
import { CompileErrors, createEngine } from '#engine/engine.ts';
import type { Registry } from '#kit/function.ts';
import { registry as modules } from '#modules/registry.ts';
import { treeOf } from './trees.ts';

const Case = z.object({
  name: z.string(),
  refs: z.array(z.string()).optional(),
  env: z.string().optional(),
  files: z.record(z.string(), z.string()),
  errors: z
    .array(z.object({ code: z.string(), at: z.string().optional(), hint: z.string().optional(), says: z.string() }))
    .optional(),
});
type Case = z.output<typeof Case>;

/** A few states by name: a hint that lists them must not change with every new module. */
const registry: Registry = {
  ...modules,
  states: new Map(
    [
      'cmd.run',
      'pkg.installed',
      'test.configurable_test_state',
      'test.nop',
      'test.show_notification',
      'test.succeed_with_changes',
    ].flatMap((name) => {
      const state = modules.states.get(name);
      return state ? [[name, state] as const] : [];
    }),
  ),
};

const folder = new URL('./broken/', import.meta.url);

for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const path = new URL(file, folder);
  const cases = z.array(Case).parse(parse(fs.readFileSync(path, 'utf8')));
  // With RECORD=1 the file is rewritten with what is said now: look at the difference before it is kept.
  if (process.env.RECORD) {
    const recorded = cases.map((each) => ({ ...each, errors: errorsOf(each) }));
    fs.writeFileSync(path, stringify(recorded, { lineWidth: 0 }));
    continue;
  }
  for (const each of cases) {
    test(`${file}: ${each.name}`, () => {
      assert.deepEqual(errorsOf(each), each.errors);
    });
  }
}

function errorsOf({ files, refs = ['web'], env }: Case): NonNullable<Case['errors']> {
  const engine = createEngine({ registry, tree: treeOf(files) });
  try {
    engine.compile(refs, { scope: { id: 'web-01', facts: {}, settings: {} }, env });
  } catch (error) {
    if (!(error instanceof CompileErrors)) throw error;
    return error.errors.map(({ code, at, hint, message }) => ({
      code,
      ...(at ? { at: placeText(at) } : {}),
      ...(hint ? { hint } : {}),
      says: message,
    }));
  }
  return [];
}
