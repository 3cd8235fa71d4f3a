import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import type { Context } from '#kit/context.ts';
import type { ModuleFunction } from '#kit/function.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { type Pools, randomArguments } from './arguments.ts';
import { hashOf, realFolder } from './folder.ts';
import { type Random, randomFrom, seeds } from './random.ts';
import { fewNames, randomGiven, tree } from './states.ts';

/** What templates may call while a plan is made, and guards ask for. */
const reading = [...registry.functions.values()].filter(({ changes }) => !changes);

/** Functions that always refuse: one by its nature, one where no job left an output. */
const refusing = ['job.output', 'test.fail'];

const isRoot = process.getuid?.() === 0;

test('a function that says it changes nothing changes nothing', async () => {
  const answered = new Set<string>();
  for (const seed of seeds(60)) {
    const random = randomFrom(seed);
    const given = givenFor(random);
    const machine = fakeMachine(given);
    const context = contextOn(machine, { given, registry });
    for (const each of reading) {
      const args = argumentsOf(each, random);
      const before = machine.snapshot();

      if (await answers(each, args, context)) answered.add(each.name);

      assert.deepEqual(machine.snapshot(), before, `seed ${seed}: ${each.name} ${JSON.stringify(args)}`);
    }
  }
  const silent = reading.map(({ name }) => name).filter((name) => !answered.has(name));
  assert.deepEqual(silent, refusing, 'all others have answered');
});

test('a function that says it changes nothing touches no file of a real folder', {
  skip: isRoot ? false : 'only root may give files away',
}, async () => {
  for (const seed of seeds(10)) {
    const random = randomFrom(seed);
    const given = givenFor(random);
    await using folder = await realFolder(given);
    // A command would run outside of the folder.
    const commands = { ...folder.machine.commands, run: async () => assert.fail('a command was run') };
    const context = contextOn({ ...folder.machine, commands }, { given, registry });
    const before = await hashOf(folder.root);
    for (const each of reading.filter(({ name }) => /^(file|user|group|facts|settings|sys)\./.test(name))) {
      const args = argumentsOf(each, random);

      await answers(each, args, context);

      assert.deepEqual(await hashOf(folder.root), before, `seed ${seed}: ${each.name} ${JSON.stringify(args)}`);
    }
  }
});

test('only what is asked to refresh the package lists does, among the functions that change nothing', async () => {
  for (const seed of seeds(40)) {
    const random = randomFrom(seed);
    const given = givenFor(random);
    const machine = fakeMachine(given);
    let refreshed = 0;
    const packages = { ...machine.packages, refresh: async () => void refreshed++ };
    const context = contextOn({ ...machine, packages }, { given, registry });
    for (const each of reading) {
      const args = argumentsOf(each, random);
      refreshed = 0;

      await answers(each, args, context);

      assert.ok(refreshed === 0 || args.refresh === true, `seed ${seed}: ${each.name} ${JSON.stringify(args)}`);
    }
  }
});

const pools: Pools = {
  path: [...fewNames.paths, '/etc/motd', '/nowhere', '/etc'],
  file_hash: ['sha256=00', 'md5=d41d8cd98f00b204e9800998ecf8427e'],
  form: ['sha256', 'md5', 'odd'],
  parts: [
    ['/etc', 'app'],
    ['a', '/b'],
  ],
  program: ['sh', 'nginx', 'nowhere'],
  key: ['os', 'os:family', 'site:name', 'nothing'],
  keys: [['os'], ['site:name', 'nothing']],
  delimiter: [':', '.'],
  merge: [true, false],
  name: [...fewNames.users, ...fewNames.groups, ...fewNames.packages, ...fewNames.services, 'file', 'file.managed'],
  pkg1: ['1.0', '2:1.0-1'],
  pkg2: ['1.0', '1.0~rc1'],
  host: ['10.0.0.1', 'localhost'],
  count: [1],
  interface: ['eth0', 'lo'],
  cidr: ['10.0.0.0/8'],
  text: ['hello'],
  message: ['no'],
};

/** Arguments for one function; now and then one of a wrong type. */
function argumentsOf({ args }: ModuleFunction, random: Random): Readonly<Record<string, unknown>> {
  return randomArguments(args, random, { pools, wrong: 5 });
}

function givenFor(random: Random): Given {
  const given = randomGiven(random, [fewNames]);
  return {
    ...given,
    tree,
    files: { ...given.files, '/usr/bin/nginx': { content: '', mode: 0o755 } },
    commands: { 'ping -c 1 -- 10.0.0.1': { stdout: '1 received\n' } },
    system: {
      interfaces: [{ name: 'eth0', addresses: ['10.0.0.7/24'] }],
      filesystems: { '/': { total: 100, free: 50 } },
    },
  };
}

async function answers(
  called: ModuleFunction,
  args: Readonly<Record<string, unknown>>,
  context: Context,
): Promise<boolean> {
  try {
    await called.run(rawArguments(called.args, args), context);
    return true;
  } catch (error) {
    if (isError(error)) return false;
    throw error;
  }
}
