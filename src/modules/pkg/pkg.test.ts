import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import type { Packages } from '#machine/machine.ts';
import { installed } from './installed.ts';
import { latest } from './latest.ts';

const nginx = { nginx: { versions: ['1.22.1', '1.24.1', '1.24.2', '1.25.0'] } };

describe('what is installed is what was asked:', () => {
  for (const [wish, version] of [
    ['1.24.*', '1.24.2'],
    ['<1.25', '1.24.2'],
    ['>=1.22,<1.24.2', '1.24.1'],
    ['!=1.25.0', '1.24.2'],
    ['latest', '1.25.0'],
    ['1.22.1', '1.22.1'],
  ] as const) {
    test(`"${wish}" is ${version}`, async () => {
      const { machine, context } = world({ repository: nginx });

      const plan = await build({ name: 'nginx', version: wish }).plan(context);
      await plan.apply();

      assert.deepEqual(plan.changes, { nginx: { from: undefined, to: version } });
      assert.deepEqual(await machine.packages.installed(), new Map([['nginx', version]]));
    });
  }

  test('a version that comes with fresh lists is found in them', async () => {
    const { machine, context } = world({ repository: { nginx: { versions: ['1.25.0'] } } });
    const fresh = fakeMachine({ repository: nginx });
    let lists: Packages = machine.packages;
    const refresh = async () => {
      lists = fresh.packages;
    };
    const packages = new Proxy({} as Packages, {
      get: (_, verb: keyof Packages) => (verb === 'refresh' ? refresh : lists[verb]),
    });

    const plan = await build({ name: 'nginx', version: '1.24.*' }).plan({ ...context, packages });
    await plan.apply();

    assert.deepEqual(plan.changes, { nginx: { from: undefined, to: 'newest' } });
    assert.deepEqual(await fresh.packages.installed(), new Map([['nginx', '1.24.2']]));
  });

  test('a version that nobody offers is refused with those that are', async () => {
    const { context } = world({ repository: nginx });

    await assert.rejects(build({ name: 'nginx', version: '2.*', refresh: false }).plan(context), (error) => {
      assert.ok(isError(error, 'PACKAGE_VERSION_UNKNOWN'));
      assert.equal(error.hint, 'Offered are 1.22.1, 1.24.1, 1.24.2, 1.25.0');
      return true;
    });
  });
});

describe('a held package', () => {
  test('stays, unless the state says so', async () => {
    const { machine, context } = world({ packages: { nginx: '1.22.1' }, repository: nginx });
    await machine.packages.hold(['nginx']);
    const plan = (args: object) => build({ name: 'nginx', version: '1.24.2', ...args }).plan(context);

    await assert.rejects(plan({}), (error) => isError(error, 'PACKAGE_HELD'));
    await (await plan({ update_holds: true })).apply();

    assert.deepEqual(await machine.packages.installed(), new Map([['nginx', '1.24.2']]));
    assert.deepEqual(await machine.packages.held(), ['nginx']);
  });

  test('is changed by the state that holds it', async () => {
    const { machine, context } = world({ packages: { nginx: '1.22.1' }, repository: nginx });
    await machine.packages.hold(['nginx']);

    await (await build({ name: 'nginx', version: '1.24.2', hold: true }).plan(context)).apply();

    assert.deepEqual(await machine.packages.installed(), new Map([['nginx', '1.24.2']]));
    assert.deepEqual(await machine.packages.held(), ['nginx']);
  });

  test('is not asked after where nothing is to be done', async () => {
    const { machine, context } = world({ packages: { nginx: '1.22.1' } });
    const packages: Packages = { ...machine.packages, held: () => assert.fail('asked') };

    assert.deepEqual((await build({ name: 'nginx' }).plan({ ...context, packages })).changes, {});
  });

  test('is brought to the latest when that is asked for', async () => {
    const { machine, context } = world({ packages: { nginx: '1.22.1' }, repository: nginx });
    await machine.packages.hold(['nginx']);
    const upgrades = async () => new Map<string, string>();
    const packages: Packages = { ...machine.packages, upgrades };
    const state = latest.build(rawArguments(latest.args, { name: 'nginx', update_holds: true }));

    await (await state.plan({ ...context, packages })).apply();

    assert.deepEqual(await machine.packages.installed(), new Map([['nginx', '1.25.0']]));
    assert.deepEqual(await machine.packages.held(), ['nginx']);
  });
});

describe('options of an installation', () => {
  test('reach the package manager', async () => {
    const { machine, context } = world({ repository: nginx });
    const seen: unknown[] = [];
    const packages: Packages = {
      ...machine.packages,
      install: async (wishes, options) => {
        seen.push(options);
        await machine.packages.install(wishes, options);
      },
    };
    const args = { name: 'nginx', install_recommends: false, fromrepo: 'backports', skip_verify: true };

    await (await build(args).plan({ ...context, packages })).apply();

    assert.deepEqual(seen, [{ recommends: false, from: 'backports', unverified: true }]);
  });

  test('are refused by the plan, by the name they were written under, where there is nothing of the kind', async () => {
    const { context } = world({ repository: nginx });

    await assert.rejects(build({ name: 'nginx', enablerepo: 'epel' }).plan(context), {
      code: 'PACKAGE_OPTION_UNKNOWN',
      message: 'Cannot use "enablerepo" here: apt has nothing of the kind',
    });
  });

  test('an upgrade of what is there leaves alone what is not', async () => {
    const { context } = world({ packages: { nginx: '1.22.1' }, repository: { ...nginx, vim: '9' } });
    const args = { name: 'x', pkgs: [{ nginx: '1.25.0' }, 'vim'], only_upgrade: true };

    assert.deepEqual(Object.keys((await build(args).plan(context)).changes), ['nginx']);
  });

  test('what is there is installed again when that is asked for, each time', async () => {
    const { context } = world({ packages: { nginx: '1.25.0' }, repository: nginx });
    const state = build({ name: 'nginx', reinstall: true });

    await (await state.plan(context)).apply();

    assert.deepEqual((await state.plan(context)).changes, { 'reinstall nginx': { from: undefined, to: '1.25.0' } });
  });

  test('questions are answered before the package asks them', async () => {
    const given = {
      repository: nginx,
      tree: { answers: 'nginx x boolean true\n' },
      commands: { 'debconf-set-selections': {} },
    };
    const { machine, context } = world(given);

    await (await build({ name: 'nginx', debconf: 'zester://answers' }).plan(context)).apply();

    assert.deepEqual(machine.calls, ['debconf-set-selections']);
  });

  test('answers that debconf does not take stop the installation, and are not told', async () => {
    const stderr = "error: parse error on line 1: 'root_password password hunter2'\n";
    const commands = { 'debconf-set-selections': { code: 1, stderr } };
    const { machine, context } = world({ repository: nginx, tree: { answers: 'x' }, commands });
    const plan = await build({ name: 'nginx', debconf: 'zester://answers' }).plan(context);

    await assert.rejects(plan.apply(), {
      code: 'DEBCONF_REFUSED',
      message: 'Cannot answer the questions of packages: error: parse error on line 1',
    });
    assert.equal((await machine.packages.installed()).size, 0);
  });
});

describe('a package file', () => {
  const tree = { 'agent.deb': 'agent 2.1' };
  const args = { name: 'agent', sources: [{ agent: 'zester://agent.deb' }] };

  test('replaces another version', async () => {
    const { context } = world({ tree, packages: { agent: '2.0' } });

    assert.deepEqual((await build(args).plan(context)).changes, { agent: { from: '2.0', to: '2.1' } });
  });

  test('is not installed again', async () => {
    const { context } = world({ tree, packages: { agent: '2.1' } });

    assert.deepEqual((await build(args).plan(context)).changes, {});
  });

  test('that holds another package is refused', async () => {
    const { context } = world({ tree: { 'agent.deb': 'zabbix-agent 2.1' } });

    await assert.rejects(build(args).plan(context), {
      code: 'PACKAGE_FILE_MISMATCH',
      message: 'Cannot install "agent" from "zester://agent.deb": the file holds "zabbix-agent"',
    });
  });

  test('that is not there yet may be put there by another state', async () => {
    const { context } = world();

    const plan = build({ name: 'agent', sources: [{ agent: '/srv/agent.deb' }] }).plan(context);
    await assert.rejects(plan, (error) => isError(error, 'FILE_UNKNOWN'));
  });

  test('behind an address that is written wrongly is told as one that cannot be fetched', async () => {
    for (const address of ['http://127.0.0.1:1/agent_%zz_all.deb', 'http://']) {
      const { context } = world();
      const plan = await build({ name: 'x', sources: [{ agent: address }] }).plan(context);

      await assert.rejects(plan.apply(), (error) => isError(error, 'DOWNLOAD_FAILED'));
    }
  });

  test('behind a URL is fetched, and compared by its name', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/agent_2.1_all.deb' ? 200 : 404;
      response.end('agent 2.1');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const source = (file: string) => ({ name: 'x', sources: [{ agent: `http://127.0.0.1:${port}/${file}` }] });
    const { machine, context } = world({ packages: { agent: '2.0' } });
    try {
      const plan = await build(source('agent_2.1_all.deb')).plan(context);
      await plan.apply();

      assert.deepEqual(plan.changes, { agent: { from: '2.0', to: '2.1' } });
      assert.deepEqual(await machine.packages.installed(), new Map([['agent', '2.1']]));
      assert.deepEqual((await build(source('agent_2.1_all.deb')).plan(context)).changes, {});
      await assert.rejects((await build(source('agent_2.2_all.deb')).plan(context)).apply(), (error) =>
        isError(error, 'DOWNLOAD_FAILED'),
      );
    } finally {
      server.close();
    }
  });
});

function build(args: Readonly<Record<string, unknown>>) {
  return installed.build(rawArguments(installed.args, args));
}

function world(given: Given = {}) {
  const machine = fakeMachine(given);
  return { machine, context: contextOn(machine, { given }) };
}
