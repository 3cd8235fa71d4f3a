import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentJobKey } from '#trust/auth-dir.ts';
import { createKey } from '#trust/nkeys.ts';
import { openRoot, signRoot } from '#trust/orders.ts';
import { bundleOf } from '#trust/rotate.ts';
import { keyId, type SigningKey } from '#trust/signing.ts';
import { decode, encode } from '#wire/codec.ts';
import { rootKey, SignedRoot, type TreeFile, TreeIndex, type TreeRoot, treeVersion } from '#wire/files.ts';
import { buckets } from '#wire/stores.ts';
import { defaultTreeOptions } from '#wire/tree-options.ts';
import { testBus, until } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { type Arena, openArena, type Peel } from './support/arena.ts';

/** Whoever writes to the store of files, as the broker or with a master's credentials, cannot change what peels apply. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'the store serves a tree whose chunks were tampered with',
    quick: false,
    async run() {
      await using field = await openField();
      const { peel } = field;
      await peel.stop();
      const index = await field.index();
      const file = index.files.find(({ path }) => path === 'motd.sls');
      const [hash = ''] = file?.chunks ?? [];
      await field.write(hash, Buffer.from('motd:\n  cmd.run:\n    - name: touch /tampered\n'));
      // A peel that comes anew has nothing of its own to fall back to.
      const fresh = await field.arena.startPeel('db-01');
      await fresh.logged(/CHUNK_MISSING/);

      assert.ok(!existsSync(join(fresh.cache, 'current')), 'it took the tree');
      await peel.restart();
      assert.equal(peelText(peel), field.text);
    },
  },
  {
    promise: 'held',
    name: 'the store serves a root that nobody, or another key, or another purpose signed',
    quick: false,
    async run() {
      await using field = await openField();
      const { arena, peel } = field;
      const { root, signed } = await field.root();
      const evil = await field.plant([{ path: 'motd.sls', text: 'motd:\n  cmd.run:\n    - name: touch /evil\n' }]);
      const newer: TreeRoot = { ...root, ...evil, revision: root.revision + 1_000_000 };
      const { publicKey, seed } = createKey('user');
      const mine: SigningKey = { id: keyId(publicKey), seed };
      const truly = currentJobKey(arena.nats.auth, Date.now());
      const forged: unknown[] = [
        signRoot(newer, mine),
        { ...signRoot(newer, mine), key: truly.id },
        { ...signed, root: encode(newer) },
        { ...signRoot(newer, { id: truly.id, seed: arena.stolen('web-01').seed }) },
        { root: encode(newer), key: truly.id, signature: new Uint8Array(64) },
        { root: encode(newer) },
        'root',
        null,
      ];
      for (const each of forged) {
        const since = peel.mark();
        await field.write(rootKey, encode(each));
        await peel.logged(/State tree not synced/, { since });
        assert.equal(peelText(peel), field.text);
      }
    },
  },
  {
    promise: 'held',
    name: 'the store serves an older root, truly signed',
    quick: false,
    async run() {
      await using field = await openField();
      const { peel, arena } = field;
      const { bytes: older } = await field.root();
      writeFileSync(join(arena.states, 'motd.sls'), '# a hole was mended here\nmotd:\n  test.nop: []\n');
      await until(() => peelText(peel).includes('mended'), 'the peel has the newer tree', 20_000);
      const since = peel.mark();

      await field.write(rootKey, older);
      await peel.logged(/TREE_ROLLED_BACK/, { since });
      assert.match(peelText(peel), /mended/);
      await peel.restart();
      assert.match(peelText(peel), /mended/);
    },
  },
  {
    promise: 'held',
    name: 'a true key signs a tree whose paths lead out of it, and one that claims what it has not',
    quick: false,
    async run() {
      await using field = await openField();
      const { arena, peel } = field;
      const { root } = await field.root();
      const key = currentJobKey(arena.nats.auth, Date.now());
      const text = 'planted';
      const paths = [
        ...['../../../planted', '/planted', 'a/../../../../planted', 'a//../../planted', './../planted', '..'],
        ...['a/..', '.', '', 'a\0b', 'a/', 'a\\..\\b', '.zester-tree/../../planted', 'a\nb', 'x'.repeat(5_000)],
      ];
      let revision = root.revision + 1_000_000;
      for (const path of paths) {
        const planted = await field.plant([{ path, text }]);
        const since = peel.mark();
        await field.write(rootKey, encode(signRoot({ ...root, ...planted, revision: ++revision }, key)));
        await peel.logged(/State tree (not synced|synced)/, { since });
        assert.deepEqual(plantedIn(arena), [], `the path "${path.slice(0, 40)}" led out`);
      }
      for (const environments of [['../planted'], ['/planted'], ['..'], ['base', '../../planted']]) {
        const planted = await field.plant([{ path: 'planted', text, env: environments.at(-1) ?? '' }], environments);
        const since = peel.mark();
        await field.write(rootKey, encode(signRoot({ ...root, ...planted, revision: ++revision }, key)));
        await peel.logged(/State tree (not synced|synced)/, { since });
        assert.deepEqual(plantedIn(arena), [], `the environment "${environments}" led out`);
      }
    },
  },
];

const bucket = buckets.stateFiles.name;

interface Field extends AsyncDisposable {
  readonly arena: Arena;
  readonly peel: Peel;
  /** Puts a key into the store, with a master's credentials and none of its keys. */
  write(key: string, value: Uint8Array): Promise<void>;
  /** What the peel has of the file `motd.sls`. */
  readonly text: string;
  root(): Promise<{ readonly root: TreeRoot; readonly signed: SignedRoot; readonly bytes: Uint8Array }>;
  index(): Promise<TreeIndex>;
  /** Puts files and an index of them into the store: what a root has to say to name them. */
  plant(
    files: readonly Planted[],
    environments?: readonly string[],
  ): Promise<Pick<TreeRoot, 'tree' | 'index' | 'files' | 'bytes'>>;
}

interface Planted {
  readonly path: string;
  readonly text: string;
  readonly env?: string;
}

async function openField(): Promise<Field> {
  const text = 'motd:\n  test.nop: []\n';
  await using stack = new AsyncDisposableStack();
  const arena = stack.use(await openArena({ states: { 'motd.sls': text, 'top.sls': "base:\n  '*': [motd]\n" } }));
  const peel = arena.peel('web-01');
  const store = stack.use(await testBus(arena.nats, arena.nats.credentials.master, 'rogue', false));
  await until(() => peelText(peel) === text, 'the peel has the tree', 20_000);
  const read = async (key: string) => {
    const entry = await store.read(bucket, key);
    assert.ok(entry, `the store has "${key}"`);
    return entry.value;
  };
  const write = async (key: string, value: Uint8Array) => {
    const reply = await store.connection.request(`$KV.${bucket}.${key}`, value, { timeout: 5_000 });
    assert.ok(!reply.json<{ error?: unknown }>().error, reply.string());
  };
  const put = async (content: Uint8Array) => {
    const hash = createHash('sha256').update(content).digest('hex');
    await write(hash, content);
    return hash;
  };
  const kept = stack.move();
  const field: Field = {
    arena,
    peel,
    text,
    write,
    async root() {
      const bytes = await read(rootKey);
      const signed = SignedRoot.parse(decode(bytes));
      return { bytes, signed, root: openRoot(signed, { trust: bundleOf(arena.nats.auth.index), now: Date.now() }) };
    },
    async index() {
      const { root } = await field.root();
      return TreeIndex.parse(decode(Buffer.concat(await Promise.all(root.index.map(read)))));
    },
    async plant(all, environments = ['base']) {
      const files: TreeFile[] = [];
      for (const { path, text: content, env = 'base' } of all) {
        const chunk = await put(Buffer.from(content));
        files.push({ env, path, executable: false, size: content.length, chunks: [chunk] });
      }
      const index = encode({ v: treeVersion, environments: [...environments], options: defaultTreeOptions, files });
      const hash = await put(index);
      return { tree: hash, index: [hash], files: files.length, bytes: 0 };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  return field;
}

function peelText({ cache }: Peel): string {
  const path = join(cache, 'current', 'base', 'motd.sls');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** What is called "planted" where no tree of a peel is. */
function plantedIn({ dir }: Arena): string[] {
  const all = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const here = all.filter((path) => path.includes('planted') && !/\/tree-[0-9a-f]+(\.new)?\/base\//.test(path));
  return [...here, ...['/planted', '/tmp/planted'].filter((path) => existsSync(path))];
}
