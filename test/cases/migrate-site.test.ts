import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import * as z from 'zod';
import { createEngine, type RunScope } from '#engine/engine.ts';
import type { Tree } from '#engine/tree.ts';
import { type Profile, profileOf, profiles } from '#lint/profiles.ts';
import { worldOf } from '#migrate/compile.ts';
import { readFolder, treeOf } from '#migrate/folder.ts';
import { migrate } from '#migrate/migrate.ts';
import { registry } from '#modules/registry.ts';
import { match } from '#target/match.ts';
import { parse as parseTarget } from '#target/parse.ts';
import type { TargetType } from '#target/syntax.ts';

// A site of its own: pillar, maps, macros, includes, `extend`, `exclude`, every kind of target and most requisites.
const site = fileURLToPath(new URL('./migrate/site/', import.meta.url));

/** What Salt 3006.9 said of it, with the grains of a profile: `state.show_lowstate` and `pillar.items`. */
const Recorded = z.array(
  z.object({
    profile: z.string(),
    id: z.string(),
    pillar: z.record(z.string(), z.unknown()),
    lowstate: z.array(z.record(z.string(), z.unknown())),
  }),
);
const recorded = Recorded.parse(parse(fs.readFileSync(path.join(site, 'recorded.yaml'), 'utf8'))).map((each) => ({
  ...each,
  lowstate: each.lowstate.map(sorted),
}));
const nodegroups = { frontends: 'L@web01.example.com' };

for (const { profile, id, pillar, lowstate } of recorded) {
  test(`the site runs unmodified as in Salt, on ${profile}`, async () => {
    const low = lowstateOf(await folderTree('states'), { profile, id, pillar });

    assert.deepEqual(low, lowstate);
  });

  test(`the site's settings are what its pillar was, on ${profile}`, async () => {
    const trees = { states: await folderTree('states'), settings: await folderTree('pillar') };

    const world = worldOf({ ...trees, groups: { salt: nodegroups, native: nodegroups } }, machineOf(profile, id));

    assert.deepEqual(world.settings, pillar);
  });

  for (const rename of [false, true]) {
    test(`the site means the same when it is migrated${rename ? ' and renamed' : ''}, on ${profile}`, async () => {
      const out = fs.mkdtempSync(path.join(os.tmpdir(), 'zester-migrate-'));
      try {
        const report = await migrate({
          states: path.join(site, 'states'),
          settings: path.join(site, 'pillar'),
          out,
          rename,
        });

        assert.deepEqual(report.mistakes, []);
        const low = lowstateOf(treeOf((await readFolder(path.join(out, 'states'))).files), { profile, id, pillar });
        assert.deepEqual(low, lowstate);
      } finally {
        fs.rmSync(out, { recursive: true });
      }
    });
  }
}

async function folderTree(name: string): Promise<Tree> {
  return treeOf((await readFolder(path.join(site, name))).files);
}

function machineOf(profile: string, id: string): Profile {
  const sample = profiles.find(({ name }) => name === profile);
  return profileOf(profile, { ...sample?.facts, id });
}

interface Machine {
  readonly profile: string;
  readonly id: string;
  readonly pillar: Readonly<Record<string, unknown>>;
}

/** The highstate of a machine, broken down as Salt does; all of it compiles. */
function lowstateOf(tree: Tree, { profile, id, pillar }: Machine): readonly unknown[] {
  const { facts, grains } = machineOf(profile, id);
  const scope: RunScope = {
    id,
    facts,
    grains,
    settings: pillar,
    has: (name) => registry.functions.has(name),
    // No package is installed where this was recorded.
    call: () => '',
  };
  const matches = (target: string, kind: string) => {
    const dialect = kind === 'native' ? {} : { dialect: 'salt' as const, type: kind as TargetType };
    return match(parseTarget(target, { groups: nodegroups, ...dialect }), { id, facts, grains, settings: pillar });
  };
  const engine = createEngine({ registry, tree });
  engine.compile(engine.showTop({ scope, matches }).base ?? [], { scope });
  return engine.showLowstate({ scope, matches }).map(sorted);
}

/** What neither orders nor places a state, keys sorted; `zester://` is `salt://`. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === 'string') return value.replace(/^zester:/, 'salt:');
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'order' && key !== '__env__');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
