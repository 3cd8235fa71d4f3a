import assert from 'node:assert/strict';
import { after, before, describe, test as unhurried } from 'node:test';
import { isError } from '#base/errors.ts';
import type { Machine } from '../machine.ts';

type Accounts = Pick<Machine, 'users' | 'groups' | 'files'>;

/** Real tools on a busy machine take their time. */
const test = (title: string, body: () => Promise<void>) => unhurried(title, { timeout: 60_000 }, body);

const code = (expected: string) => (error: unknown) => isError(error, expected) || assert.fail(String(error));

/**
 * What every users and groups port promises, together: they write the same files. All names start with `zt-`, all
 * ids lie between 3000 and 3999, so that the cases do not mind what else a machine has.
 */
export function accountsContract(
  title: string,
  open: () => Promise<Accounts & AsyncDisposable>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  describe(`groups and users: ${title}`, { skip }, () => {
    let machine: Accounts & AsyncDisposable;
    before(async () => {
      machine = await open();
    });
    after(async () => machine[Symbol.asyncDispose]());

    test('a group that is not there is undefined, and cannot be changed or removed', async () => {
      const { groups } = machine;

      assert.equal(await groups.find('zt-none'), undefined);
      await assert.rejects(groups.setId('zt-none', 3999), code('GROUP_UNKNOWN'));
      await assert.rejects(groups.setMembers('zt-none', []), code('GROUP_UNKNOWN'));
      await assert.rejects(groups.remove('zt-none'), code('GROUP_UNKNOWN'));
    });

    test('a group is added with the id given, or one of the system’s choosing', async () => {
      const { groups } = machine;
      await groups.add('zt-one', { gid: 3001 });
      await groups.add('zt-two');
      await groups.add('zt-sys', { system: true });

      assert.deepEqual(await groups.find('zt-one'), { name: 'zt-one', gid: 3001, members: [] });
      assert.ok(((await groups.find('zt-two'))?.gid ?? 0) >= 1000);
      assert.ok(((await groups.find('zt-sys'))?.gid ?? 1000) < 1000);
      const names = (await groups.list()).map((group) => group.name);
      assert.deepEqual(
        ['root', 'zt-one', 'zt-two', 'zt-sys'].filter((name) => !names.includes(name)),
        [],
      );
    });

    test('a taken name and a taken id are told apart', async () => {
      const { groups } = machine;

      await assert.rejects(groups.add('zt-one'), code('GROUP_EXISTS'));
      await assert.rejects(groups.add('zt-three', { gid: 3001 }), code('GROUP_ID_TAKEN'));
      await assert.rejects(groups.setId('zt-two', 3001), code('GROUP_ID_TAKEN'));
      await groups.setId('zt-two', 3001, { sharesId: true });
      assert.equal((await groups.find('zt-two'))?.gid, 3001);
      await assert.rejects(groups.add('zt/bad'), code('ACCOUNT_NAME_INVALID'));
    });

    test('a group changes its id and is removed', async () => {
      const { groups } = machine;
      await groups.setId('zt-two', 3002);
      assert.equal((await groups.find('zt-two'))?.gid, 3002);

      await groups.remove('zt-two');
      assert.equal(await groups.find('zt-two'), undefined);
    });

    test('a user that is not there is undefined, and cannot be changed or removed', async () => {
      const { users } = machine;

      assert.equal(await users.find('zt-none'), undefined);
      assert.equal(await users.passwordHash('zt-none'), undefined);
      await assert.rejects(users.change('zt-none', { shell: '/bin/sh' }), code('USER_UNKNOWN'));
      await assert.rejects(users.remove('zt-none'), code('USER_UNKNOWN'));
      await assert.rejects(users.setPasswordHash('zt-none', '!'), code('USER_UNKNOWN'));
    });

    test('a user comes with a group of its own, and without a home unless asked', async () => {
      const { users, groups, files } = machine;
      await users.add('zt-plain', { uid: 3010 });

      assert.deepEqual(await users.find('zt-plain'), {
        name: 'zt-plain',
        uid: 3010,
        gid: 3010,
        fullname: '',
        roomnumber: '',
        workphone: '',
        homephone: '',
        other: '',
        home: '/home/zt-plain',
        shell: '/bin/sh',
        groups: [],
      });
      assert.deepEqual(await groups.find('zt-plain'), { name: 'zt-plain', gid: 3010, members: [] });
      assert.equal(await files.stat('/home/zt-plain'), undefined);
    });

    test('a user is added with all that was wished for', async () => {
      const { users, groups, files } = machine;
      await groups.add('zt-team', { gid: 3020 });
      await users.add('zt-full', {
        uid: 3021,
        gid: 3020,
        fullname: 'Full Name',
        workphone: '555',
        home: '/home/zt-elsewhere',
        shell: '/bin/false',
        groups: ['zt-one', 'zt-sys'],
        createHome: true,
      });

      assert.deepEqual(await users.find('zt-full'), {
        name: 'zt-full',
        uid: 3021,
        gid: 3020,
        fullname: 'Full Name',
        roomnumber: '',
        workphone: '555',
        homephone: '',
        other: '',
        home: '/home/zt-elsewhere',
        shell: '/bin/false',
        groups: ['zt-one', 'zt-sys'],
      });
      assert.deepEqual((await groups.find('zt-one'))?.members, ['zt-full']);
      assert.equal(await groups.find('zt-full'), undefined);
      const home = await files.stat('/home/zt-elsewhere');
      assert.deepEqual([home?.kind, home?.uid, home?.gid], ['directory', 3021, 3020]);
    });

    test('a system user has a system id', async () => {
      const { users } = machine;
      await users.add('zt-daemon', { system: true });

      const daemon = await users.find('zt-daemon');
      assert.ok((daemon?.uid ?? 1000) < 1000);
      assert.ok((daemon?.gid ?? 1000) < 1000);
      assert.ok((await users.list()).some((user) => user.name === 'zt-daemon'));
    });

    test('what cannot be met is refused, and nothing is left behind', async () => {
      const { users } = machine;

      await assert.rejects(users.add('zt-plain', {}), code('USER_EXISTS'));
      await assert.rejects(users.add('zt-new', { uid: 3010 }), code('USER_ID_TAKEN'));
      await assert.rejects(users.add('zt-new', { gid: 3998 }), code('GROUP_UNKNOWN'));
      await assert.rejects(users.add('zt-new', { groups: ['zt-none'] }), code('GROUP_UNKNOWN'));
      await assert.rejects(users.add('zt-one', {}), code('GROUP_EXISTS'));
      await assert.rejects(users.add('zt/bad', {}), code('ACCOUNT_NAME_INVALID'));
      await assert.rejects(users.change('zt-plain', { uid: 3021 }), code('USER_ID_TAKEN'));
      await assert.rejects(users.change('zt-plain', { gid: 3998 }), code('GROUP_UNKNOWN'));
      await assert.rejects(users.change('zt-plain', { groups: ['zt-none'] }), code('GROUP_UNKNOWN'));
      assert.equal(await users.find('zt-new'), undefined);
    });

    test('a change touches only what it names', async () => {
      const { users } = machine;
      const before = await users.find('zt-full');
      await users.change('zt-full', { shell: '/bin/sh' });
      assert.deepEqual(await users.find('zt-full'), { ...before, shell: '/bin/sh' });

      await users.change('zt-full', { fullname: 'Other', gid: 3001, groups: ['zt-team'] });
      assert.deepEqual(await users.find('zt-full'), {
        ...before,
        shell: '/bin/sh',
        fullname: 'Other',
        gid: 3001,
        groups: ['zt-team'],
      });

      await users.change('zt-full', { groups: [] });
      assert.deepEqual((await users.find('zt-full'))?.groups, []);
    });

    test('fields of the comment change one by one', async () => {
      const { users } = machine;
      await users.change('zt-full', { roomnumber: '7', other: 'x,y' });
      const { fullname, roomnumber, workphone, homephone, other } = (await users.find('zt-full')) ?? {};

      assert.deepEqual([fullname, roomnumber, workphone, homephone, other], ['Other', '7', '555', '', 'x,y']);
    });

    test('a user may share its id, and do without a group of its own, when that is asked for', async () => {
      const { users, groups } = machine;
      if ((await groups.find('users')) === undefined) await groups.add('users');
      await users.add('zt-shared', { ownGroup: false });
      const shared = await users.find('zt-shared');

      assert.equal(shared?.gid, (await groups.find('users'))?.gid);
      assert.equal(await groups.find('zt-shared'), undefined);
      await assert.rejects(users.change('zt-shared', { uid: 3010 }), code('USER_ID_TAKEN'));
      await users.change('zt-shared', { uid: 3010, sharesId: true });
      assert.equal((await users.find('zt-shared'))?.uid, 3010);
      await users.remove('zt-shared');
    });

    test('the days of a password are kept, and change one by one', async () => {
      const { users } = machine;
      const ages = { mindays: 1, maxdays: 90, warndays: 9, inactdays: 5, expire: 16_426, date: 19_000 };
      await users.setPasswordAges('zt-plain', ages);
      assert.deepEqual(await users.passwordAges('zt-plain'), ages);

      await users.setPasswordAges('zt-plain', { maxdays: 60, expire: -1, inactdays: -1 });
      assert.deepEqual(await users.passwordAges('zt-plain'), { ...ages, maxdays: 60, expire: -1, inactdays: -1 });
      assert.equal(await users.passwordAges('zt-none'), undefined);
      await assert.rejects(users.setPasswordAges('zt-none', { maxdays: 1 }), code('USER_UNKNOWN'));
    });

    test('a home moves with what is in it, and changes hands with the id', async () => {
      const { users, files } = machine;
      await files.write('/home/zt-elsewhere/note', new TextEncoder().encode('x'));
      await files.setOwner('/home/zt-elsewhere/note', { uid: 3021 });
      await users.change('zt-full', { home: '/home/zt-full', moveHome: true });
      assert.equal(await files.stat('/home/zt-elsewhere'), undefined);

      await users.change('zt-full', { uid: 3022 });
      assert.equal((await files.stat('/home/zt-full/note'))?.uid, 3022);
      assert.equal((await users.find('zt-full'))?.home, '/home/zt-full');
    });

    test('members of a group are replaced, and must exist', async () => {
      const { groups } = machine;
      await groups.setMembers('zt-team', ['zt-plain', 'zt-full']);
      assert.deepEqual((await groups.find('zt-team'))?.members, ['zt-full', 'zt-plain']);

      await assert.rejects(groups.setMembers('zt-team', ['zt-none']), code('USER_UNKNOWN'));
      await groups.setMembers('zt-team', []);
      assert.deepEqual((await groups.find('zt-team'))?.members, []);
    });

    test('a new id of a group is followed by those whose primary group it is', async () => {
      const { users, groups } = machine;
      await groups.setId('zt-one', 3003);

      assert.equal((await users.find('zt-full'))?.gid, 3003);
    });

    test('a user’s primary group stays', async () => {
      await assert.rejects(machine.groups.remove('zt-one'), code('GROUP_PRIMARY'));
    });

    test('a password hash is kept as it is, locks included', async () => {
      const { users } = machine;
      assert.match((await users.passwordHash('zt-plain')) ?? '', /^[!*]/);

      const hash = '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/';
      await users.setPasswordHash('zt-plain', hash);
      assert.equal(await users.passwordHash('zt-plain'), hash);
      await users.setPasswordHash('zt-plain', '!');
      assert.equal(await users.passwordHash('zt-plain'), '!');
    });

    test('a removed user leaves its groups, and its home unless purged', async () => {
      const { users, groups, files } = machine;
      await users.change('zt-full', { groups: ['zt-team'] });
      await users.remove('zt-full');
      assert.deepEqual((await groups.find('zt-team'))?.members, []);
      assert.equal((await files.stat('/home/zt-full'))?.kind, 'directory');

      await users.add('zt-purged', { createHome: true });
      await users.remove('zt-purged', { purge: true });
      assert.equal(await users.find('zt-purged'), undefined);
      assert.equal(await groups.find('zt-purged'), undefined);
      assert.equal(await files.stat('/home/zt-purged'), undefined);
    });
  });
}
