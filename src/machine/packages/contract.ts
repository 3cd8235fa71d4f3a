import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test as unhurried } from 'node:test';
import { isError } from '#base/errors.ts';
import type { Packages } from '../machine.ts';

export interface PackagesUnderTest extends AsyncDisposable {
  readonly packages: Packages;
  /** How this tool writes the version `1.0`. */
  version(written: string): string;
  /** The path of a package file: `zt-file` 1.0. */
  readonly file?: string;
  /** A package whose configuration outlives it: `zt-conf`; tools that keep none do without. */
  readonly keepsConfiguration?: boolean;
  /** Tools whose repositories have only the newest version cannot go to an older one. */
  readonly hasOnlyNewest?: boolean;
  /** Nothing can be held without a plug-in that is not there. */
  readonly cannotHold?: boolean;
}

/** Real tools on a busy machine take their time. */
const test = (title: string, body: (context: TestContext) => Promise<void>) =>
  unhurried(title, { timeout: 60_000 }, body);

const code = (expected: string) => (error: unknown) => isError(error, expected) || assert.fail(String(error));

/**
 * What every packages port promises. The repository offers `zt-plain` 1.0 and 2.0, `zt-other` 1.0, `zt-dep` 1.0 that
 * needs `zt-plain`, and `zt-conf` 1.0 with a configuration file; nothing of it is installed.
 */
export function packagesContract(
  title: string,
  open: () => Promise<PackagesUnderTest>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  describe(`packages: ${title}`, { skip }, () => {
    let under: PackagesUnderTest;
    let packages: Packages;
    let v: (written: string) => string;
    const versionOf = async (name: string) => (await packages.installed([name])).get(name);
    before(async () => {
      under = await open();
      packages = under.packages;
      v = (written) => under.version(written);
      await packages.refresh();
    });
    after(async () => under[Symbol.asyncDispose]());

    test('what is not installed is not listed, and what is not offered neither', async () => {
      assert.deepEqual(await packages.installed(['zt-plain', 'zt-none']), new Map());
      assert.deepEqual(await packages.available(['zt-plain', 'zt-none']), new Map([['zt-plain', v('2.0')]]));
      assert.deepEqual(await packages.installed([]), new Map());
      assert.deepEqual(await packages.available([]), new Map());
    });

    test('every version that is offered is listed', async () => {
      const versions = await packages.versions(['zt-plain', 'zt-none']);

      assert.equal(versions.get('zt-none'), undefined);
      const expected = under.hasOnlyNewest ? [v('2.0')] : [v('1.0'), v('2.0')];
      assert.deepEqual([...(versions.get('zt-plain') ?? [])].toSorted(), expected);
    });

    test('one unknown name, and nothing of the transaction is done', async () => {
      await assert.rejects(packages.install([{ name: 'zt-plain' }, { name: 'zt-none' }]), code('PACKAGE_UNKNOWN'));
      assert.equal(await versionOf('zt-plain'), undefined);
    });

    test('a version that nobody offers is refused', async () => {
      const wish = { name: 'zt-plain', version: v('9.0') };

      await assert.rejects(packages.install([wish]), code('PACKAGE_VERSION_UNKNOWN'));
    });

    test('without a version the newest is installed, also over an older one', async () => {
      if (!under.hasOnlyNewest) {
        await packages.install([{ name: 'zt-plain', version: v('1.0') }]);
        assert.equal(await versionOf('zt-plain'), v('1.0'));
        assert.equal((await packages.upgrades()).get('zt-plain'), v('2.0'));
      }
      await packages.install([{ name: 'zt-plain' }]);
      assert.equal(await versionOf('zt-plain'), v('2.0'));
      assert.equal((await packages.upgrades()).get('zt-plain'), undefined);
      assert.equal((await packages.installed()).get('zt-plain'), v('2.0'));
    });

    test('installing again is fine', async () => {
      await packages.install([{ name: 'zt-plain' }]);
      await packages.install([{ name: 'zt-plain', version: v('2.0') }]);
      await packages.install([]);

      assert.equal(await versionOf('zt-plain'), v('2.0'));
    });

    test('a pin may go back, in one transaction with a new package', async (context) => {
      if (under.hasOnlyNewest) return context.skip('its repositories have only the newest version');
      await packages.install([{ name: 'zt-plain', version: v('1.0') }, { name: 'zt-other' }]);

      assert.deepEqual(
        await packages.installed(['zt-plain', 'zt-other']),
        new Map([
          ['zt-plain', v('1.0')],
          ['zt-other', v('1.0')],
        ]),
      );
      await packages.remove(['zt-other']);
    });

    test('what is held is left out of an upgrade, until it is released', async (context) => {
      if (under.hasOnlyNewest || under.cannotHold) return context.skip('nothing can be held here');
      await packages.hold(['zt-plain']);
      assert.deepEqual(await packages.held(), ['zt-plain']);
      await packages.upgrade();
      assert.equal(await versionOf('zt-plain'), v('1.0'));

      await packages.release(['zt-plain']);
      assert.deepEqual(await packages.held(), []);
      await packages.upgrade();
      assert.equal(await versionOf('zt-plain'), v('2.0'));
    });

    test('removing what is not there is fine', async () => {
      await packages.remove(['zt-none', 'zt-other']);
      await packages.remove([]);
      await packages.remove(['zt-plain', 'zt-none']);

      assert.equal(await versionOf('zt-plain'), undefined);
    });

    test('a package comes with what it needs, and goes with it', async () => {
      await packages.install([{ name: 'zt-dep' }]);
      assert.equal(await versionOf('zt-plain'), v('2.0'));

      await packages.remove(['zt-plain']);
      assert.deepEqual(await packages.installed(['zt-plain', 'zt-dep']), new Map());
    });

    test('configuration is left by a removal, and taken by a purge', async () => {
      await packages.install([{ name: 'zt-conf' }]);
      assert.deepEqual(await packages.remnants(['zt-conf', 'zt-none']), []);
      await packages.remove(['zt-conf']);
      assert.deepEqual(await packages.remnants(['zt-conf', 'zt-none']), under.keepsConfiguration ? ['zt-conf'] : []);
      assert.equal(await versionOf('zt-conf'), undefined);

      await packages.remove(['zt-conf'], { purge: true });
      assert.deepEqual(await packages.remnants(['zt-conf']), []);
    });

    test('a package is installed from its file', async (context) => {
      if (under.file === undefined) return context.skip('there are no package files');
      assert.deepEqual(await packages.describe(under.file), { name: 'zt-file', version: v('1.0') });
      await packages.install([{ name: 'zt-file', file: under.file }]);

      assert.equal(await versionOf('zt-file'), v('1.0'));
      await packages.remove(['zt-file'], { purge: true });
    });

    test('an option that means nothing to the tool is refused before anything is done', async () => {
      const known = await packages.knows();
      const values = { from: 'zt', enable: ['zt'], disable: ['zt'], onlyUpgrade: true, newConfiguration: true };
      for (const [option, value] of Object.entries(values)) {
        if (known.includes(option as keyof typeof values)) continue;
        const installing = packages.install([{ name: 'zt-other' }], { [option]: value });
        await assert.rejects(installing, code('PACKAGE_OPTION_UNKNOWN'));
      }
      assert.equal(await versionOf('zt-other'), undefined);
    });
  });
}
