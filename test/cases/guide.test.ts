import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createEngine } from '#engine/engine.ts';
import { registry } from '#modules/registry.ts';
import { treeOf } from './trees.ts';

const guide = readFileSync(new URL('../../docs/guide/states.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/```(?:yaml|jinja)\n(.*?)```/gs)].map(([, text = '']) => text);

/** What the examples include. */
const others = {
  'common/users.zy': 'deploy: user.present\n',
  'web.zy': blocks[0]?.replace(/^include:\n.*\n/m, '') ?? '',
};
const scope = {
  id: 'web-01',
  facts: { id: 'web-01', os: { family: 'debian' } },
  settings: { port: 8080, users: [{ name: 'anna', uid: 1001 }] },
};

for (const [index, text] of blocks.entries()) {
  test(`example ${index + 1} of the guide to state files compiles`, () => {
    const engine = createEngine({ registry, tree: treeOf({ ...others, 'example.zy': text }) });

    const { graph } = engine.compile(['example'], { scope });

    assert.ok(graph.steps.length > 0);
  });
}

test('the guide has examples', () => assert.ok(blocks.length >= 4));
