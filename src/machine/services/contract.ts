import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test as unhurried } from 'node:test';
import { isError } from '#base/errors.ts';
import type { Services } from '../machine.ts';

export interface ServicesUnderTest extends AsyncDisposable {
  readonly services: Services;
  /** True when the manager can keep a service from starting. */
  readonly canMask: boolean;
  /** Written anew where the manager reads definitions only when told: `zt-new` exists after it. */
  readonly addService?: () => Promise<void>;
  /** Whether there are `zt-broken`, which dies a moment after its start, and `zt-once`, which does its work and ends. */
  readonly hasBroken?: boolean;
}

/** Real tools on a busy machine take their time. */
const test = (title: string, body: (context: TestContext) => Promise<void>) =>
  unhurried(title, { timeout: 60_000 }, body);

const code = (expected: string) => (error: unknown) => isError(error, expected) || assert.fail(String(error));

/** What every services port promises. There is a service `zt-svc`, stopped and disabled, that can reload. */
export function servicesContract(
  title: string,
  open: () => Promise<ServicesUnderTest>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  describe(`services: ${title}`, { skip }, () => {
    let under: ServicesUnderTest;
    let services: Services;
    before(async () => {
      under = await open();
      services = under.services;
    });
    after(async () => under[Symbol.asyncDispose]());

    test('a service that is not there is undefined, and every verb refuses it', async () => {
      assert.equal(await services.find('zt-none'), undefined);
      for (const verb of ['start', 'stop', 'restart', 'reload', 'enable', 'disable'] as const) {
        await assert.rejects(services[verb]('zt-none'), code('SERVICE_UNKNOWN'), verb);
      }
    });

    test('a service starts and stops, again and again', async () => {
      assert.deepEqual(await services.find('zt-svc'), { running: false, enabled: false, masked: false });
      await services.start('zt-svc');
      await services.start('zt-svc');
      assert.equal((await services.find('zt-svc'))?.running, true);

      await services.stop('zt-svc');
      await services.stop('zt-svc');
      assert.equal((await services.find('zt-svc'))?.running, false);
    });

    test('a restart starts what was stopped', async () => {
      await services.restart('zt-svc');
      await services.restart('zt-svc');

      assert.equal((await services.find('zt-svc'))?.running, true);
    });

    test('a reload needs a running service', async () => {
      await services.reload('zt-svc');
      assert.equal((await services.find('zt-svc'))?.running, true);

      await services.stop('zt-svc');
      await assert.rejects(services.reload('zt-svc'), code('SERVICE_FAILED'));
    });

    test('enabling and disabling do not start or stop', async () => {
      await services.enable('zt-svc');
      await services.enable('zt-svc');
      assert.deepEqual(await services.find('zt-svc'), { running: false, enabled: true, masked: false });

      await services.disable('zt-svc');
      await services.disable('zt-svc');
      assert.deepEqual(await services.find('zt-svc'), { running: false, enabled: false, masked: false });
    });

    test('a masked service cannot be started or enabled, until it is unmasked', async () => {
      if (!under.canMask) {
        await assert.rejects(services.mask('zt-svc'), code('SERVICE_FAILED'));
        return;
      }
      await services.enable('zt-svc');
      await services.mask('zt-svc');
      assert.deepEqual(await services.find('zt-svc'), { running: false, enabled: false, masked: true });
      await assert.rejects(services.start('zt-svc'), code('SERVICE_MASKED'));
      await assert.rejects(services.enable('zt-svc'), code('SERVICE_MASKED'));

      await services.unmask('zt-svc');
      assert.deepEqual(await services.find('zt-svc'), { running: false, enabled: false, masked: false });
      await services.start('zt-svc');
      await services.stop('zt-svc');
    });

    test('the suffix of a service is no part of its name', async () => {
      assert.deepEqual(await services.find('zt-svc.service'), await services.find('zt-svc'));
      assert.ok((await services.list()).includes('zt-svc'));
    });

    test('a definition that is new is found without being told', async (context) => {
      if (under.addService === undefined) return context.skip('definitions are always read anew');
      await under.addService();
      await services.start('zt-new');

      assert.equal((await services.find('zt-new'))?.running, true);
    });

    test('a service that dies a moment after its start is told, with its last words', async (context) => {
      if (!under.hasBroken) return context.skip('there is no broken service');

      await assert.rejects(services.start('zt-broken'), code('SERVICE_FAILED'));
      await assert.rejects(services.restart('zt-broken'), code('SERVICE_FAILED'));
      assert.equal((await services.find('zt-broken'))?.running, false);
    });

    test('a service that does its work and ends was started, and is told as it is', async (context) => {
      if (!under.hasBroken) return context.skip('there is no service that ends');
      await services.start('zt-once');

      assert.deepEqual(await services.find('zt-once'), { running: false, enabled: false, masked: false, ends: true });
    });
  });
}
