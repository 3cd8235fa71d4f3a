import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { placeText } from '#base/errors.ts';
import { profiles } from '#lint/profiles.ts';
import type { TreeFile } from '#migrate/folder.ts';
import { readSaltGroups } from '#migrate/groups.ts';
import { migrateTrees } from '#migrate/trees.ts';

const Texts = z.record(z.string(), z.string());

const Case = z.object({
  name: z.string(),
  states: Texts,
  pillar: Texts.optional(),
  /** Configuration of the Salt master, for its nodegroups. */
  master: z.string().optional(),
  rename: z.boolean().optional(),
  /** What is told of each file that has more to tell than that it runs as it is. */
  report: z.record(z.string(), z.unknown()).optional(),
  notes: z.array(z.string()).optional(),
  /** Files that were rewritten. */
  written: Texts.optional(),
});
type Case = z.output<typeof Case>;

/** A few states by name: what a case says must not change with every new module. */
const modules = {
  states: new Map(
    Object.entries({
      'cmd.run': ['cwd', 'runas'],
      'cmd.script': ['source'],
      'file.absent': [],
      'file.managed': ['source', 'contents', 'contents_pillar', 'template', 'context', 'mode', 'user', 'makedirs'],
      'file.replace': ['pattern', 'repl'],
      'module.run': [],
      'pkg.installed': ['pkgs', 'version'],
      'pkgrepo.managed': ['humanname', 'refresh'],
      'service.running': ['enable'],
      'test.nop': [],
    }).map(([name, args]) => [
      name,
      {
        argumentNames: new Set(args),
        takesAny: name === 'module.run',
        lends: name === 'test.nop',
        takesTemplateNames: name === 'file.managed',
        passesOver: () => name === 'file.absent',
      },
    ]),
  ),
  functions: new Set(['cmd.run', 'service.restart', 'settings.get', 'pillar.get', 'pkg.version']),
};

const folder = new URL('./migrate/', import.meta.url);

for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const path = new URL(file, folder);
  const cases = z.array(Case).parse(parse(fs.readFileSync(path, 'utf8')));
  // With RECORD=1 the file is rewritten with what is said now: look at the difference before it is kept.
  if (process.env.RECORD) {
    const recorded = cases.map((each) => ({ ...each, ...outcomeOf(each) }));
    fs.writeFileSync(path, stringify(recorded, { lineWidth: 0 }));
    continue;
  }
  for (const each of cases) {
    test(`${file}: ${each.name}`, () => {
      const { report = {}, notes = [], written = {} } = each;
      assert.deepEqual(outcomeOf(each), { report, notes, written });
    });
  }
}

function outcomeOf({ states, pillar = {}, master, rename = false }: Case) {
  const given = { states: filesOf(states), settings: filesOf(pillar) };
  const { report, written } = migrateTrees(
    { states: { files: given.states, leftOut: [] }, settings: { files: given.settings, leftOut: [] } },
    {
      rename,
      modules,
      samples: profiles.filter(({ name }) => name === 'debian' || name === 'rocky'),
      groups: master === undefined ? [] : readSaltGroups('master', master),
      // It judges by all modules there are.
      lint: () => ({ states: [], settings: [] }),
    },
  );
  assert.deepEqual(
    report.mistakes.map(({ text }) => text),
    [],
  );
  const told = report.files.filter((each) => each.outcome !== 'runs as is' || each.notes.length > 0);
  return {
    report: Object.fromEntries(
      told.map(({ tree, path, to, outcome, changes, missing, notes }) => [
        tree === 'settings' ? `pillar/${path}` : path,
        {
          outcome,
          ...(to === path ? {} : { to }),
          ...list(
            'changes',
            changes.map(({ at, from, to: now, why }) => `${at.line}:${at.column} ${from} → ${now} (${why})`),
          ),
          ...list(
            'missing',
            missing.map(
              ({ at, kind, name, hint, reached }) =>
                `${at.line}:${at.column} ${kind} ${name}${reached ? '' : ', not reached'}${hint ? ` (${hint})` : ''}`,
            ),
          ),
          ...list(
            'notes',
            notes.map(({ at, text }) => `${at ? `${at.line}:${at.column} ` : ''}${text}`),
          ),
        },
      ]),
    ),
    notes: report.notes.map(({ at, text }) => `${at ? `${placeText(at)} ` : ''}${text}`),
    written: { ...changed(given.states, written.states, ''), ...changed(given.settings, written.settings, 'pillar/') },
  };
}

function list(key: string, values: readonly string[]): Record<string, readonly string[]> {
  return values.length === 0 ? {} : { [key]: values };
}

function filesOf(texts: Readonly<Record<string, string>>): readonly TreeFile[] {
  return Object.entries(texts)
    .map(([path, text]) => ({ path, content: new TextEncoder().encode(text), executable: false }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function changed(before: readonly TreeFile[], after: readonly TreeFile[], prefix: string): Record<string, string> {
  const old = new Map(before.map(({ path, content }) => [path, new TextDecoder().decode(content)]));
  const texts = after.map(({ path, content }) => [path, new TextDecoder().decode(content)] as const);
  return Object.fromEntries(
    texts.filter(([path, text]) => old.get(path) !== text).map(([path, text]) => [prefix + path, text]),
  );
}
