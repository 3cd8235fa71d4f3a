import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { fakeMachine } from './fake.ts';
import { memoryFiles, plantDirectory, type Tree } from './files/memory.ts';
import type { Files } from './machine.ts';
import { supposedFiles } from './supposed/files.ts';
import { createLedger } from './supposed/ledger.ts';
import { answerOfTests } from './supposed/tests.ts';
import { supposedMachine, Unforeseen } from './supposed.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array | undefined) => content && new TextDecoder().decode(content);
const waitsFor = (author: string) => (error: unknown) => error instanceof Unforeseen && error.author === author;

describe('supposed files', () => {
  test('are at any time what they would be had it all been done', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed);
      const [done, machine] = [treeWith(), treeWith()];
      const before = structuredClone(machine);
      const real = memoryFiles(done);
      const supposed = supposedFiles(memoryFiles(machine), createLedger()).doneBy('a step');
      for (let step = 0; step < 12; step++) {
        const action = randomAction(random);

        const [expected, actual] = [await answer(action.run(real)), await answer(action.run(supposed))];

        assert.deepEqual(actual, expected, `seed ${seed}, step ${step}: ${action.says}`);
      }
      for (const path of paths) {
        const [expected, actual] = [await lookAt(real, path), await lookAt(supposed, path)];
        assert.deepEqual(actual, expected, `seed ${seed}: ${path}`);
      }
      assert.deepEqual(machine, before, `seed ${seed}: nothing is written`);
    }
  });

  test('are read by others, who may not write them', async () => {
    const { machine, doneBy } = supposedMachine(fakeMachine());
    await doneBy('a step').files.write('/etc/motd', bytes('hello'));

    assert.equal(text(await machine.files.read('/etc/motd')), 'hello');
    assert.ok((await machine.files.list('/etc'))?.includes('motd'));
    assert.throws(() => machine.files.remove('/etc/motd'), TypeError);
  });
});

describe('a supposed machine', () => {
  test('has the users and groups that steps would add, and says nothing of the files they are in', async () => {
    const { machine, doneBy } = supposedMachine(fakeMachine());
    const step = doneBy('the user');
    await step.users.add('app', { uid: 900, createHome: true });
    await step.users.setPasswordAges('app', { maxdays: 90 });

    assert.equal((await machine.users.find('app'))?.uid, 900);
    assert.equal((await machine.users.passwordAges('app'))?.maxdays, 90);
    assert.equal((await machine.users.passwordAges('app'))?.warndays, 7);
    assert.equal((await machine.groups.find('app'))?.gid, 900);
    assert.equal((await machine.files.stat('/home/app'))?.uid, 900);
    await assert.rejects(machine.files.read('/etc/passwd'), waitsFor('the user'));
  });

  test('has packages by name, but not what they bring', async () => {
    const { machine, doneBy, isUnfinished, isUnknown, takeRemark } = supposedMachine(
      fakeMachine({ repository: { nginx: '1.24' } }),
    );
    await doneBy('the package').packages.install([{ name: 'nginx' }]);

    assert.deepEqual(await machine.packages.installed(['nginx']), new Map([['nginx', '1.24']]));
    assert.deepEqual([isUnfinished('the package'), isUnknown('the package')], [true, false]);
    assert.equal(await machine.files.stat('/etc/nginx/nginx.conf'), undefined);
    assert.deepEqual([takeRemark()?.author, takeRemark()], ['the package', undefined]);
    await assert.rejects(machine.commands.run(['sh', '-c', 'dpkg -s nginx']), waitsFor('the package'));
    await assert.rejects(machine.commands.run(['htpasswd', '-v']), waitsFor('the package'));
    assert.equal((await machine.commands.run(['sh', '-c', 'test -d /etc'])).code, 0);
  });

  test('has services as they would be told to be, and those whose definition would be there', async () => {
    const { machine, doneBy } = supposedMachine(fakeMachine({ services: { cron: { running: true } } }));
    await doneBy('cron').services.stop('cron.service');
    await doneBy('unit').files.makeDirectory('/etc/systemd/system', { parents: true });
    await doneBy('unit').files.write('/etc/systemd/system/app.service', bytes('[Service]\n'));
    await doneBy('app').services.start('app');

    assert.equal((await machine.services.find('cron'))?.running, false);
    assert.deepEqual(await machine.services.find('app'), { running: true, enabled: false, masked: false });
    assert.equal(await machine.services.find('other'), undefined);
    await assert.rejects(doneBy('x').services.start('other'), (error) => isError(error, 'SERVICE_UNKNOWN'));
  });

  test('runs commands that look elsewhere, and none that looks at what is only supposed', async () => {
    const base = fakeMachine({ commands: { 'uname -r': { stdout: '6.1\n' } } });
    const { machine, doneBy, doubt } = supposedMachine(base);
    await doneBy('conf').files.write('/srv/app.conf', bytes('x'));
    await doneBy('user').users.add('app', {});
    doubt('build', ['make -C /opt/app install > /dev/null']);

    assert.equal((await machine.commands.run(['uname', '-r'])).stdout, '6.1\n');
    for (const [script, author] of [
      ['grep -q x /srv/app.conf', 'conf'],
      ['ls /srv | grep conf', 'conf'],
      ['id -u app', 'user'],
      ['cat "/opt/app/VERSION"', 'build'],
      ['no-such-program', 'build'],
    ] as const) {
      await assert.rejects(machine.commands.run(['/bin/sh', '-c', script]), waitsFor(author), script);
    }
    await assert.rejects(machine.commands.run(['id'], { user: 'app' }), waitsFor('user'));
    await assert.rejects(machine.files.stat('/opt/app/bin'), waitsFor('build'));
    await assert.rejects(doneBy('x').commands.run(['true']), (error) => isError(error, 'PLAN_EFFECT_UNKNOWN'));
    assert.deepEqual(base.calls, ['uname -r', '/bin/sh -c no-such-program']);
  });

  test('answers what only tests files, without running it', async () => {
    const base = fakeMachine({ files: { '/etc/old': 'x', '/etc/link': { link: '/etc/old' } } });
    const { machine, doneBy } = supposedMachine(base);
    await doneBy('a').files.write('/etc/new', bytes(''));
    await doneBy('b').files.remove('/etc/old');

    for (const [script, expected] of [
      ['test -f /etc/new', true],
      ['test -s /etc/new', false],
      ['[ -e /etc/old ]', false],
      ['! test -e "/etc/old" && [ -d /etc ]', true],
      ["[ ! -f '/etc/new' ] || test -d /etc/new", false],
      ['test -L /etc/link', true],
      ['test -e /etc/link', false],
    ] as const) {
      assert.equal((await machine.commands.run(['sh', '-c', script])).code === 0, expected, script);
    }
    assert.deepEqual(base.calls, []);
    for (const script of [
      'test -f /etc/$x',
      'test -f etc',
      'test -f /a; true',
      '[ -f /a',
      'test -r /a',
      'test -e /a*',
    ]) {
      assert.equal(await answerOfTests(script, machine.files), undefined, script);
    }
  });
});

const paths = [
  '/d',
  '/d/a',
  '/d/b',
  '/d/sub',
  '/d/sub/c',
  '/e',
  '/e/a',
  '/e/sub',
  '/e/sub/c',
  '/l',
  '/l/a',
  '/m',
  '/n',
  '/n/x',
];

function treeWith(): Tree {
  const tree: Tree = new Map();
  for (const path of ['/d/sub', '/e']) plantDirectory(tree, path);
  for (const path of ['/d/a', '/d/b', '/d/sub/c', '/m']) {
    tree.set(path, { kind: 'file', content: bytes(path), mode: 0o640, uid: 7, gid: 7 });
  }
  tree.set('/l', { kind: 'symlink', target: '/d', mode: 0o777, uid: 0, gid: 0 });
  return tree;
}

interface Action {
  readonly says: string;
  run(files: Files): Promise<unknown>;
}

function randomAction(random: (below: number) => number): Action {
  const path = () => paths[random(paths.length)] ?? '/d';
  const [one, other, parents] = [path(), path(), random(2) === 0];
  const actions: Readonly<Record<string, Action['run']>> = {
    [`write ${one}`]: (files) => files.write(one, bytes(other)),
    [`remove ${one}`]: (files) => files.remove(one),
    [`make ${one}`]: (files) => files.makeDirectory(one, { parents }),
    // Nothing moves into itself.
    [`rename ${one} ${other}`]: async (files) =>
      (await files.resolve(other)).startsWith(`${await files.resolve(one)}/`) ? 'itself' : files.rename(one, other),
    [`link ${one} ${other}`]: (files) => files.link(one, other, { replace: true }),
    [`mode ${one}`]: (files) => files.setMode(one, 0o700),
    [`owner ${one}`]: (files) => files.setOwner(one, { uid: 9 }),
    [`look at ${one}`]: (files) => lookAt(files, one),
  };
  const entries = Object.entries(actions);
  const [says, run] = entries[random(entries.length)] ?? ['nothing', async () => undefined];
  return { says, run };
}

async function lookAt(files: Files, path: string): Promise<unknown> {
  return [
    await answer(files.stat(path)),
    await answer(files.list(path)),
    await answer(files.read(path).then(text)),
    await answer(files.resolve(path)),
  ];
}

async function answer(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (isError(error)) return error.code;
    throw error;
  }
}

/** Small and seeded: a failing seed can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let value = seed * 2_654_435_761 + 1;
  return (below) => {
    value = Math.imul(value ^ (value >>> 15), 2_246_822_519) >>> 0;
    value = (value + 0x9e3779b9) >>> 0;
    return (value >>> 8) % below;
  };
}
