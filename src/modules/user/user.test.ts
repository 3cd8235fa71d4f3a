import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { absent } from './absent.ts';
import { present } from './present.ts';

const given = { users: { anna: { passwordHash: '$6$old$hash' } } };

test('nobody sees a password hash, neither the old nor the new', async () => {
  const built = present.build(rawArguments(present.args, { name: 'anna', password: '$6$new$hash' }));

  const { changes } = await built.plan(contextOn(fakeMachine(given)));

  assert.equal(changes.password?.to, '$6$new$hash');
  assert.doesNotMatch(JSON.stringify(built.show(changes)), /\$6\$/);
  assert.doesNotMatch(JSON.stringify(built.mask({ stderr: 'bad hash $6$new$hash' })), /\$6\$/);
});

test('nobody sees the password hash of a user that is removed', async () => {
  const built = absent.build(rawArguments(absent.args, { name: 'anna' }));

  const { changes } = await built.plan(contextOn(fakeMachine(given)));

  assert.doesNotMatch(JSON.stringify(built.show(changes)), /\$6\$/);
});

test('a group that would only now be made does not count among the optional ones', async () => {
  const built = present.build(rawArguments(present.args, { name: 'anna', optional_groups: ['docker'] }));

  const { changes } = await built.plan(contextOn(fakeMachine(given)));

  assert.deepEqual(changes, {});
});

describe('a password in clear', () => {
  const args = { name: 'anna', password: 'correct horse', hash_password: true };

  test('is hashed, the same in each plan, and not again', async () => {
    const { context, machine } = world({ users: { anna: {} } });
    const step = build(args);

    const [first, second] = [await step.plan(context), await step.plan(context)];
    await first.apply();

    assert.deepEqual(first.changes, second.changes);
    assert.match((await machine.users.passwordHash('anna')) ?? '', /^\$6\$.{16}\$.{86}$/);
    assert.deepEqual((await step.plan(context)).changes, {});
  });

  test('keeps the salt it was hashed with', async () => {
    const hash = '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1';
    const { context } = world({ users: { anna: { passwordHash: hash } } });

    assert.deepEqual((await build({ ...args, password: 'Hello world!' }).plan(context)).changes, {});
  });

  test('is seen by nobody', async () => {
    const { context } = world({ users: { anna: {} } });
    const step = build(args);

    assert.doesNotMatch(JSON.stringify(step.show((await step.plan(context)).changes)), /horse|\$6\$/);
  });

  test('may begin as a hash does', () => {
    assert.doesNotThrow(() => build({ ...args, password: '$ecret!' }));
  });

  test('is refused when it is a hash', () => {
    assert.throws(
      () => build({ ...args, password: '$6$a$b' }),
      (error) => isError(error, 'ARGUMENT_INVALID'),
    );
  });
});

describe('a password', () => {
  for (const [title, hash, args, expected] of [
    ['that was never set is set also where others are left alone', '!', { enforce_password: false }, '$6$new'],
    ['that somebody chose is left alone when that is asked for', '$6$old', { enforce_password: false }, undefined],
    ['is locked as it is set', '$6$old', { password_lock: true }, '!$6$new'],
    ['that is locked already stays locked', '!$6$new', { password_lock: true }, undefined],
    ['is unlocked', '!$6$new', { password_lock: false }, '$6$new'],
  ] as const) {
    test(title, async () => {
      const { context } = world({ users: { anna: { passwordHash: hash } } });

      const { changes } = await build({ name: 'anna', password: '$6$new', ...args }).plan(context);

      assert.equal(changes.password?.to, expected);
    });
  }
});

describe('a user', () => {
  test('may have a primary group that no entry names', async () => {
    const { context } = world({ users: { anna: {} } });
    const groups = { ...context.groups, list: async () => [], find: async () => undefined };

    assert.deepEqual((await build({ name: 'anna' }).plan({ ...context, groups })).changes, {});
  });

  test('gets a home that was missing, and loses it again only while it is empty', async () => {
    const { context, machine } = world({ users: { anna: { uid: 1200, hasHome: false } } });
    const step = build({ name: 'anna' });
    const { changes, apply } = await step.plan(context);

    await apply();
    const home = await machine.files.stat('/home/anna');
    await machine.files.write('/home/anna/note', new Uint8Array());
    await step.revert?.(changes, context);
    const kept = await machine.files.stat('/home/anna');
    await machine.files.remove('/home/anna/note');
    await step.revert?.(changes, context);

    assert.deepEqual([home?.kind, home?.mode, home?.uid, home?.gid], ['directory', 0o755, 1200, 1200]);
    assert.equal(kept?.kind, 'directory');
    assert.equal(await machine.files.stat('/home/anna'), undefined);
  });

  for (const args of [{ createhome: false }, { home: '/nonexistent' }]) {
    test(`gets none with ${JSON.stringify(args)}`, async () => {
      const { context } = world({ users: { anna: { hasHome: false, home: '/nonexistent' } } });

      assert.deepEqual((await build({ name: 'anna', ...args }).plan(context)).changes, {});
    });
  }

  test('need not be listed in its primary group', async () => {
    const { context } = world({ groups: { staff: { gid: 50 } }, users: { anna: { gid: 50 } } });

    assert.deepEqual((await build({ name: 'anna', groups: ['staff'] }).plan(context)).changes, {});
  });

  test('is made with the group of its name, or in that for everybody', async () => {
    const { context, machine } = world({ groups: { users: { gid: 100 } } });
    const made = async (args: { readonly name: string }) => {
      await (await build(args).plan(context)).apply();
      const user = await machine.users.find(args.name);
      return (await machine.groups.list()).find(({ gid }) => gid === user?.gid)?.name;
    };

    assert.equal(await made({ name: 'anna', ...{ gid_from_name: true } }), 'anna');
    assert.equal(await made({ name: 'ben', ...{ usergroup: false } }), 'users');
  });

  test('has days that are dates, and an end of zero is none', async () => {
    const { context, machine } = world({ users: { anna: {} } });
    await (await build({ name: 'anna', date: '1970-01-03', expire: 0, mindays: 0 }).plan(context)).apply();

    const ages = await machine.users.passwordAges('anna');
    assert.deepEqual([ages?.date, ages?.expire, ages?.mindays], [2, -1, 0]);
    assert.throws(
      () => build({ name: 'anna', expire: 'soon' }),
      (error) => isError(error, 'ARGUMENT_INVALID'),
    );
  });

  test('may take an id that another has, when that is said', async () => {
    const { context, machine } = world({ users: { anna: { uid: 1200 } } });

    await (await build({ name: 'ben', uid: 1200, unique: false }).plan(context)).apply();

    assert.equal((await machine.users.find('ben'))?.uid, 1200);
  });
});

function build(args: Readonly<Record<string, unknown>>) {
  return present.build(rawArguments(present.args, args));
}

function world(given: Given) {
  const machine = fakeMachine(given);
  return { machine, context: contextOn(machine, { given }) };
}
