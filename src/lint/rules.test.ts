import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Tree } from '#engine/tree.ts';
import { registry } from '#modules/registry.ts';
import type { Finding } from './finding.ts';
import { lintSettings, lintStates } from './lint.ts';
import { profiles } from './profiles.ts';
import type { Files, Rule } from './rule.ts';
import { rules } from './rules/registry.ts';

for (const rule of rules) {
  describe(`rule ${rule.code}`, () => {
    test('speaks of its bad example', () => {
      assert.ok(judged(rule, rule.bad).includes(rule.code), judged(rule, rule.bad).join(', '));
    });

    test('has a good example of which nothing can be said', () => {
      assert.deepEqual(judged(rule, rule.good), []);
    });

    test('says in one sentence what it finds, and why that matters', () => {
      assert.match(rule.summary, /^[A-Z`][^\n]+[^.\s]$/);
      assert.match(rule.why, /^[A-Z`'][^\n]+[^.\s]$/);
    });
  });
}

describe('the registry', () => {
  test('holds every subject that has a file', () => {
    const folder = new URL('rules/', import.meta.url);
    const text = readFileSync(new URL('registry.ts', folder), 'utf8');
    const subjects = readdirSync(folder).filter((each) => each !== 'registry.ts' && each !== 'steps.ts');

    assert.deepEqual(
      subjects.filter((each) => !text.includes(`'./${each}'`)),
      [],
    );
  });

  test('has each code once', () => {
    const codes = rules.map(({ code }) => code);

    assert.deepEqual(codes, [...new Set(codes)]);
  });
});

/** Codes of everything found in an example; of a good one, of everything but notes of others. */
function judged(rule: Rule, files: Files): readonly string[] {
  const options = { tree: treeOf(files), profiles, registry };
  const findings: readonly Finding[] = rule.of === 'settings' ? lintSettings(options).findings : lintStates(options);
  return [
    ...new Set(findings.filter((each) => each.severity !== 'note' || each.code === rule.code).map(({ code }) => code)),
  ];
}

function treeOf(files: Files): Tree {
  return {
    read: (path) => files[path],
    list: (prefix) => Object.keys(files).filter((path) => path.startsWith(prefix)),
  };
}
