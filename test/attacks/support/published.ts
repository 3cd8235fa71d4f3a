import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '#base/log.ts';
import { defaultRules, type TreeRules } from '#master/files/source-tree.ts';
import type { Folders } from '#wire/environments.ts';
import { rootKey } from '#wire/files.ts';
import { buckets } from '#wire/stores.ts';
import { testMaster } from '../../harness/fleet.ts';
import { type TestNats, testNats } from '../../harness/nats.ts';

export interface Besieged extends AsyncDisposable {
  readonly nats: TestNats;
  /** The folder of the state tree; it has one good file, which is published. */
  readonly states: string;
  /** A folder of the enemy's, beside it. */
  readonly beside: string;
  /** Publishes, and demands that it is refused with this code and path while the last tree stays. */
  refuses(code: string, path: RegExp): Promise<void>;
  /** Publishes what is there now. */
  publishes(): Promise<void>;
}

/** A master with a published tree, and keys in its auth folder that somebody wants published. */
export async function besieged(
  more: { readonly environments?: Folders; readonly rules?: Partial<TreeRules> } = {},
): Promise<Besieged> {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats());
  const home = mkdtempSync(join(tmpdir(), 'zester-siege-'));
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  const [states, beside] = [join(home, 'states'), join(home, 'beside')];
  for (const folder of [states, beside]) mkdirSync(folder);
  writeFileSync(join(states, 'web.zy'), 'web: test.nop\n');
  const lines: string[] = [];
  const { master } = stack.use(
    await testMaster(nats, {
      statesDir: states,
      environments: more.environments ?? {},
      treeRules: { ...defaultRules, protectedDirs: [nats.auth.path], ...more.rules },
      log: createLog({ write: (line) => lines.push(line) }),
    }),
  );
  const root = async () => (await master.stores.kv(buckets.stateFiles).get(rootKey))?.revision;
  await master.publishFiles();
  return {
    nats,
    states,
    beside,
    async refuses(code, path) {
      const before = await root();
      await assert.rejects(master.publishFiles(), (error: Error & { readonly code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, path);
        return true;
      });
      assert.ok(before !== undefined);
      assert.equal(await root(), before, 'the last good tree stays');
    },
    async publishes() {
      const before = await root();
      await master.publishFiles();
      assert.notEqual(await root(), before);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
