import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { isError, placeText, type ZesterError } from '#base/errors.ts';
import { CompileErrors, createEngine } from '#engine/engine.ts';
import { stateFunctions } from '#engine/state-functions.ts';
import { decodeArguments, rawArguments } from '#kit/arguments.ts';
import type { Registry } from '#kit/function.ts';
import { fakeMachine } from '#machine/fake.ts';
import { registry as modules } from '#modules/registry.ts';
import { readsOnly } from '#peel/runner/render-call.ts';
import { match, parse as parseTarget, type TargetType } from '#target/index.ts';
import { treeOf } from './trees.ts';

const Files = z.record(z.string(), z.string());

const Case = z.strictObject({
  name: z.string(),
  /** The function a job asks for, with `args`; it only plans. */
  call: z.string().default('state.apply'),
  args: z.record(z.string(), z.unknown()).default({ mods: 'web' }),
  /** The tree of `base`. */
  files: Files.default({}),
  environments: z.record(z.string(), Files).default({}),
  settings: z.record(z.string(), z.unknown()).default({}),
  /** Why its errors have no place in a file. */
  placeless: z.string().optional(),
  /** Why there is nothing to advise. */
  hintless: z.string().optional(),
  errors: z
    .array(z.object({ code: z.string(), at: z.string().optional(), hint: z.string().optional(), says: z.string() }))
    .default([]),
});
type Case = z.output<typeof Case>;

/** A few states by name: a hint that lists them must not change with every new module. */
const registry: Registry = {
  ...modules,
  states: new Map(
    [
      'cmd.run',
      'file.managed',
      'group.present',
      'pkg.installed',
      'service.running',
      'test.configurable_test_state',
      'test.nop',
      'test.show_notification',
      'test.succeed_with_changes',
      'user.present',
    ].flatMap((name) => {
      const state = modules.states.get(name);
      return state ? [[name, state] as const] : [];
    }),
  ),
};

/** Functions as templates call them: their arguments are read, and nothing is done. */
const calls = {
  has: (name: string) => registry.functions.has(name),
  names: () => registry.functions.keys(),
  call(name: string, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) {
    const called = registry.functions.get(name);
    return called && decodeArguments(name, called.args, rawArguments(called.args, kwargs, args)) && name;
  },
};

const folder = new URL('./broken/', import.meta.url);

for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const path = new URL(file, folder);
  const written = z.array(z.looseObject({ name: z.string() })).parse(parse(fs.readFileSync(path, 'utf8')));
  // With RECORD=1 the file is rewritten with what is said now: look at the difference before it is kept.
  if (process.env.RECORD) {
    const recorded = written.map(async (each) => ({ ...each, errors: await errorsOf(Case.parse(each)) }));
    fs.writeFileSync(path, stringify(await Promise.all(recorded), { lineWidth: 0 }));
    continue;
  }
  for (const each of z.array(Case).parse(written)) {
    test(`${file}: ${each.name}`, async () => {
      const errors = await errorsOf(each);

      assert.deepEqual(errors, each.errors);
      assert.notEqual(errors.length, 0, 'nothing is refused');
      assert.deepEqual(
        errors.map(({ at }) => at === undefined),
        errors.map(() => each.placeless !== undefined),
        'a place',
      );
      assert.deepEqual(
        errors.map(({ hint }) => hint === undefined),
        errors.map(() => each.hintless !== undefined),
        'a hint',
      );
      for (const { at } of errors) if (at) assert.ok(liesIn(at, each), `${at} is nowhere`);
    });
  }
}

async function errorsOf(asked: Case): Promise<Case['errors']> {
  return (await refusals(asked)).map(({ code, at, hint, message }) => ({
    code,
    ...(at ? { at: placeText(at) } : {}),
    ...(hint ? { hint } : {}),
    says: message,
  }));
}

/** Whether a place is a character of a file that the case has, or of what was typed. */
function liesIn(at: string, { files, environments }: Case): boolean {
  const [, path = '', line, column] = /^(.*):(\d+):(\d+)$/.exec(at) ?? [];
  const texts = [files, ...Object.values(environments)].flatMap((each) => each[path] ?? []);
  const lines = texts.map((text) => text.split(/\r?\n/)[Number(line) - 1]);
  return path === 'command line' || lines.some((text) => text !== undefined && Number(column) <= text.length);
}

/** What a job is refused with, on the machine `web-01`. */
async function refusals({ call, args, files, environments, settings }: Case): Promise<readonly ZesterError[]> {
  const trees = Object.entries(environments).map(([name, each]) => [name, treeOf(each)] as const);
  const engine = createEngine({ registry, tree: treeOf(files), environments: Object.fromEntries(trees) });
  const scope = {
    id: 'web-01',
    facts: { os: { family: 'debian' } },
    settings,
    test: true,
    ...readsOnly(calls, registry),
  };
  try {
    const answer = await stateFunctions.get(call)?.run(args, {
      engine,
      machine: fakeMachine(),
      scopeFor: () => scope,
      test: true,
      matches: (target, kind) => {
        const dialect = kind === 'native' ? {} : { dialect: 'salt' as const, type: kind as TargetType };
        return match(parseTarget(target, dialect), { id: scope.id, facts: scope.facts });
      },
    });
    assert.ok(answer, `there is no function ${call}`);
  } catch (error) {
    if (error instanceof CompileErrors) return error.errors;
    if (isError(error)) return [error];
    throw error;
  }
  return [];
}
