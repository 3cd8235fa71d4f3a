import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { placeText } from '#base/errors.ts';
import { lintStates } from '#lint/lint.ts';
import { profiles } from '#lint/profiles.ts';
import { registry } from '#modules/registry.ts';
import { treeOf } from './trees.ts';

const Files = z.record(z.string(), z.string());
const Case = z.object({
  name: z.string(),
  files: Files.default({}),
  environments: z.record(z.string(), Files).default({}),
  settings: z.record(z.string(), z.unknown()).optional(),
  errors: z.array(z.object({ code: z.string(), at: z.string().optional() })).default([]),
});
type Case = z.output<typeof Case>;

/** What only a master knows: the folders of environments, and nodegroups. */
const elsewhere = new Set(['ENVIRONMENT_UNKNOWN', 'TARGET_GROUP_UNKNOWN']);

const folder = new URL('./broken/', import.meta.url);

describe('lint, of the mistakes that a run refuses, finds each at its place', () => {
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    test(file, () => {
      const cases = z.array(Case).parse(parse(fs.readFileSync(new URL(file, folder), 'utf8')));

      assert.deepEqual(cases.flatMap(missed), []);
    });
  }
});

function missed({ name, files, environments, settings, errors }: Case): readonly string[] {
  const others = Object.entries(environments).map(([env, tree]) => [env, treeOf(tree)] as const);
  const found = lintStates({
    tree: treeOf(files),
    environments: Object.fromEntries(others),
    profiles,
    registry,
    settings: settings && (() => settings),
  });
  const places = new Set(found.map(({ at }) => placeText(at)));
  return errors
    .filter(({ at = '', code }) => at.slice(0, at.indexOf(':')) in files && !elsewhere.has(code) && !places.has(at))
    .map(({ at, code }) => `${name}: ${at} ${code}`);
}
