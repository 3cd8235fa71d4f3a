import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import type { Context } from '#kit/context.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { managed } from './managed.ts';

const bytes = (...each: number[]) => Uint8Array.from(each);

describe('a managed file', () => {
  test('whose source is a folder is told which state puts that down', async () => {
    const { context } = world({ tree: { 'app/a': 'a' } });

    await assert.rejects(
      built({ name: '/etc/app', source: 'salt://app' }).plan(context),
      (error) => isError(error, 'SOURCE_MISSING') && /file\.recurse/.test(error.hint ?? ''),
    );
  });

  test('has its mode from the first moment', async () => {
    const { machine, context } = world();
    const modes: (number | undefined)[] = [];
    const files = {
      ...machine.files,
      write: (...args: Parameters<Context['files']['write']>) => {
        modes.push(args[2]?.mode);
        return machine.files.write(...args);
      },
    };

    await (await built({ name: '/etc/key', contents: 'k', mode: '0600' }).plan({ ...context, files })).apply();

    assert.deepEqual(modes, [0o600]);
  });

  test('is left as it was by a check that refuses, and no copy stays behind', async () => {
    const { machine, context } = world({ files: { '/etc/sudoers': 'fine\n' } });
    const before = machine.snapshot();
    const plan = await built({ name: '/etc/sudoers', contents: 'broken', check_cmd: 'false' }).plan(context);

    await assert.rejects(plan.apply(), (error) => isError(error, 'CHECK_REFUSED'));

    assert.deepEqual(machine.snapshot(), before);
  });

  test('gives its check a copy of the new content', async () => {
    const { machine, context } = world({ files: { '/etc/sudoers': 'old\n' } });
    const plan = await built({
      name: '/etc/sudoers',
      contents: 'new',
      check_cmd: 'grep -q new',
      tmp_ext: '.conf',
    }).plan(context);

    await plan.apply();

    assert.match(machine.calls[0] ?? '', /^\/bin\/sh -c grep -q new \/tmp\/\.zester-[\w-]+\.conf$/);
    assert.equal(text(await machine.files.read('/etc/sudoers')), 'new\n');
  });

  test('keeps what it replaces when a backup is asked for', async () => {
    const { machine, context } = world({ files: { '/etc/motd': { content: 'old\n', mode: 0o600 } } });

    await (await built({ name: '/etc/motd', contents: 'new', backup: '.orig' }).plan(context)).apply();

    assert.equal(text(await machine.files.read('/etc/motd.orig')), 'old\n');
    assert.equal((await machine.files.stat('/etc/motd.orig'))?.mode, 0o600);
  });

  test('follows a symlink to what it manages', async () => {
    const { machine, context } = world({ files: { '/etc/motd': { link: '/srv/motd' }, '/srv/motd': 'old\n' } });

    await (await built({ name: '/etc/motd', contents: 'new' }).plan(context)).apply();

    assert.equal((await machine.files.stat('/etc/motd'))?.kind, 'symlink');
    assert.equal(text(await machine.files.read('/srv/motd')), 'new\n');
  });

  test('carries binary content as a note, and writes exactly what was planned', async () => {
    const { machine, context } = world();
    const plan = await built({ name: '/srv/logo', source: 'logo' }).plan(serving(context, bytes(0, 1, 2)));

    await plan.apply();

    assert.equal((plan.changes.contents?.to as { bytes?: number })?.bytes, 3);
    assert.deepEqual(await machine.files.read('/srv/logo'), bytes(0, 1, 2));
  });

  test('is not written with other binary content than was planned', async () => {
    const { context } = world();
    const answers = [bytes(0, 1), bytes(0, 9)];
    const sources = { ...context.sources, read: async () => answers.shift() };
    const plan = await built({ name: '/srv/logo', source: 'logo' }).plan({ ...context, sources });

    await assert.rejects(plan.apply(), (error) => isError(error, 'CONTENT_MOVED'));
  });

  test('does not pretend to put binary content back', async () => {
    const { machine, context } = world();
    await machine.files.write('/srv/logo', bytes(0, 1));
    const wish = built({ name: '/srv/logo', contents: 'text' });
    const plan = await wish.plan(context);
    await plan.apply();

    await assert.rejects(Promise.resolve(plan.revert?.()), (error) => isError(error, 'REVERT_LOST'));
  });

  test('hides its content when that is asked for', async () => {
    const { context } = world();
    const wish = built({ name: '/etc/key', contents: 'k3y\nk4y', show_changes: false });
    const plan = await wish.plan(context);

    assert.doesNotMatch(JSON.stringify(wish.show(plan.changes)), /k3y|k4y/);
  });

  test('refuses a source with another hash', async () => {
    const { context } = world({ tree: { motd: 'x' } });

    await assert.rejects(
      built({ name: '/etc/motd', source: 'motd', source_hash: `sha256=${'0'.repeat(64)}` }).plan(context),
      (error) => isError(error, 'SOURCE_HASH_WRONG'),
    );
  });

  test('never reads a file that cannot be read as one that is not there', async () => {
    const { context } = world();
    const denied = new TypeError('EIO');
    const files = { ...context.files, stat: () => Promise.reject(denied) };

    await assert.rejects(built({ name: '/etc/motd', contents: 'x' }).plan({ ...context, files }), denied);
  });
});

function built(args: Readonly<Record<string, unknown>>) {
  return managed.build(rawArguments(managed.args, args));
}

function world(given: Given = {}) {
  const machine = fakeMachine(given);
  return { machine, context: contextOn(machine, { given }) };
}

function serving(context: Context, content: Uint8Array): Context {
  return { ...context, sources: { ...context.sources, read: async () => content } };
}

function text(content: Uint8Array | undefined): string {
  return new TextDecoder().decode(content);
}
