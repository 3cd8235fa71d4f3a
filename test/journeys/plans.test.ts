import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '#cli/main.ts';
import { localWorker } from '#peel/runner/main.ts';
import { localTree } from '#peel/shared/tree.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { type TestPeel, testMaster, testPeel, until } from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';

interface Stage extends AsyncDisposable {
  /** Runs a command line of `zester` as the operator. */
  zester(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** A path on a peel's machine. */
  on(peel: string, path: string): string;
  write(path: string, text: string): void;
  readonly planFile: string;
}

const names = ['web-01', 'web-02'] as const;

/** A master and two peels whose runs are real, each on a folder of its own as its machine. */
async function stage(files: Readonly<Record<string, string>>): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'zester-plans-'));
  const states = join(folder, 'states');
  const write = (path: string, text: string) => writeFileSync(join(states, path), text);
  mkdirSync(states);
  for (const [path, text] of Object.entries(files)) write(path, text);
  const nats = await testNats();
  const master = await testMaster(nats, { statesDir: states });
  const peels = await Promise.all(names.map((id) => workingPeel(nats, id, { folder, states })));
  await until(() => master.master.fleet.size === names.length, 'the facts of the peels are known');
  writeFileSync(join(folder, 'ca.pem'), nats.ca);
  writeFileSync(join(folder, 'alice.creds'), formatCredentials(nats.credentials.operator('alice')));
  const access = ['--server', nats.url, '--ca', join(folder, 'ca.pem'), '--creds', join(folder, 'alice.creds')];
  return {
    on: (peel, path) => join(folder, peel, path),
    write,
    planFile: join(folder, 'plan.json'),
    async zester(...argv) {
      let out = '';
      let err = '';
      const io = { environment: {}, isTerminal: false, errIsTerminal: false, width: 120 };
      const code = await main([...argv, ...access], {
        ...io,
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
      });
      return { code, out, err };
    },
    async [Symbol.asyncDispose]() {
      for (const each of [...peels, master, nats]) await each[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function workingPeel(
  nats: TestNats,
  id: string,
  { folder, states }: { readonly folder: string; readonly states: string },
): Promise<TestPeel> {
  const root = join(folder, id);
  mkdirSync(join(root, 'srv'), { recursive: true });
  const worker = localWorker({ root, runs: join(folder, `${id}-runs`), immutable: false });
  return testPeel(nats, {
    id,
    run: (request, signal) => worker.run({ ...request, tree: localTree(states) }, { signal, onOutcome: () => {} }),
  });
}

const files = {
  'web.zy': [
    '/srv/site.conf:',
    '  file.managed: {contents: "peel = {{ facts.id }}", mode: "0644"}',
    '/srv/reload:',
    '  file.managed: {contents: reloaded, onchanges: [/srv/site.conf]}',
    '',
  ].join('\n'),
};

test('a saved plan is applied exactly, and only where it still holds', async () => {
  await using fleet = await stage(files);

  const planned = await fleet.zester('web*', 'state.plan', 'web', '--out', fleet.planFile);
  assert.equal(planned.code, 0, planned.out + planned.err);
  assert.equal(existsSync(fleet.on('web-01', 'srv/site.conf')), false, 'a plan does nothing');
  writeFileSync(fleet.on('web-02', 'srv/site.conf'), 'somebody was here\n');
  const applied = await fleet.zester('apply', fleet.planFile, '--json');

  assert.equal(applied.code, 2);
  const returns = JSON.parse(applied.out) as { peel_id: string; success: boolean; error?: { code: string } }[];
  assert.deepEqual(
    returns.map(({ peel_id, success, error }) => [peel_id, success, error?.code]),
    [
      ['web-01', true, undefined],
      ['web-02', false, 'PLAN_CHANGED'],
    ],
  );
  assert.equal(readFileSync(fleet.on('web-01', 'srv/site.conf'), 'utf8'), 'peel = web-01\n');
  assert.equal(readFileSync(fleet.on('web-02', 'srv/site.conf'), 'utf8'), 'somebody was here\n');
  assert.equal(existsSync(fleet.on('web-02', 'srv/reload')), false);
});

test('a saved plan is read as what it would do, and is not replaced by the way', async () => {
  await using fleet = await stage(files);
  await fleet.zester('web*', 'state.plan', 'web', '--out', fleet.planFile);

  const shown = await fleet.zester('plan', 'show', fleet.planFile);
  const refused = await fleet.zester('web*', 'state.plan', 'web', '--out', fleet.planFile);
  const replaced = await fleet.zester('web*', 'state.plan', 'web', '--out', fleet.planFile, '--overwrite');
  const plain = JSON.parse((await fleet.zester('plan', 'show', fleet.planFile, '--json')).out);

  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /web-01:\n {4}\+ add +file\.managed {2}\/srv\/site\.conf\n[\s\S]*\+peel = web-01\n/);
  assert.match(shown.out, /2 peels: 4 to add\n/);
  assert.deepEqual([refused.code, /PLAN_FILE_EXISTS/.test(refused.err)], [64, true], refused.err);
  assert.equal(replaced.code, 0, replaced.err);
  assert.deepEqual(
    plain.peels.map(({ peel_id, steps }: { peel_id: string; steps: { action: string }[] }) => [
      peel_id,
      steps.map(({ action }) => action),
    ]),
    [
      ['web-01', ['add', 'add']],
      ['web-02', ['add', 'add']],
    ],
  );
});

test('a plan whose states were edited since is refused, and what changed is named', async () => {
  await using fleet = await stage(files);
  await fleet.zester('web-01', 'state.plan', 'web', '--out', fleet.planFile);
  fleet.write('web.zy', files['web.zy'].replace('0644', '0600'));

  const applied = await fleet.zester('apply', fleet.planFile);

  assert.equal(applied.code, 2);
  assert.match(applied.out, /file\.managed \/srv\/site\.conf: mode: was planned none → 0644, now none → 0600/);
  assert.equal(existsSync(fleet.on('web-01', 'srv/site.conf')), false);
});

test('a plan file that was edited is refused before any peel is asked', async () => {
  await using fleet = await stage(files);
  await fleet.zester('web*', 'state.plan', 'web', '--out', fleet.planFile);
  writeFileSync(fleet.planFile, readFileSync(fleet.planFile, 'utf8').replace('0644', '0640'));

  const applied = await fleet.zester('apply', fleet.planFile);

  assert.equal(applied.code, 1);
  assert.match(applied.err, /PLAN_FILE_ALTERED/);
});

test('a run is explained and taken back by its job id', async () => {
  await using fleet = await stage({
    ...files,
    'shell.zy': 'touched:\n  cmd.run: {name: "true"}\n/srv/note:\n  file.managed: {contents: hello}\n',
  });
  const applied = await fleet.zester('web-01', 'state.apply', 'web,shell', '--json');
  const [{ jid }] = JSON.parse(applied.out) as [{ jid: string }];

  const reverted = await fleet.zester('web-01', 'state.revert', jid, '--json');

  assert.equal(reverted.code, 2, 'a command that ran cannot be taken back');
  const [{ results }] = JSON.parse(reverted.out) as [
    { results: { id: string; result: string; error?: { code: string } }[] },
  ];
  assert.deepEqual(results.map(({ id, result, error }) => [id, result, error?.code]).toSorted(), [
    ['/srv/note', 'changed', undefined],
    ['/srv/reload', 'changed', undefined],
    ['/srv/site.conf', 'changed', undefined],
    ['touched', 'failed', 'REVERT_IMPOSSIBLE'],
  ]);
  assert.equal(existsSync(fleet.on('web-01', 'srv/site.conf')), false);
});
