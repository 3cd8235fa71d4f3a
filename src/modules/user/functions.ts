import * as z from 'zod';
import { moduleFunction } from '#kit/function.ts';

const name = z.string().describe('Name of the user').meta({ primary: true });

export const info = moduleFunction({
  name: 'user.info',
  summary: 'One user: ids, home, shell, full name and groups',
  args: z.object({ name }),
  returns:
    'Map of `name`, `uid`, `gid`, `home`, `shell`, `fullname`, `roomnumber`, `workphone`, `homephone`, `other` and `groups` (a sorted list); empty when there is none',
  changes: false,
  async run({ name }, { users }) {
    return (await users.find(name)) ?? {};
  },
  examples: [
    {
      title: 'A user',
      args: { name: 'anna' },
      given: { groups: { wheel: { gid: 10 } }, users: { anna: { uid: 1200, groups: ['wheel'] } } },
      expect: {
        name: 'anna',
        uid: 1200,
        gid: 1200,
        fullname: '',
        roomnumber: '',
        workphone: '',
        homephone: '',
        other: '',
        home: '/home/anna',
        shell: '/bin/sh',
        groups: ['wheel'],
      },
    },
    { title: 'An unknown user', args: { name: 'anna' }, expect: {} },
  ],
  notes: ['Empty rather than an error, as in Salt, so that a template can ask.'],
});

export const primaryGroup = moduleFunction({
  name: 'user.primary_group',
  summary: 'Name of the primary group of a user',
  args: z.object({ name }),
  returns: 'The name; empty for an unknown user',
  changes: false,
  async run({ name }, { users, groups }) {
    const user = await users.find(name);
    return user === undefined
      ? ''
      : ((await groups.list()).find(({ gid }) => gid === user.gid)?.name ?? String(user.gid));
  },
  examples: [
    {
      title: 'A user with a group of the same name',
      args: { name: 'anna' },
      given: { users: { anna: {} } },
      expect: 'anna',
    },
    { title: 'An unknown user', args: { name: 'anna' }, expect: '' },
  ],
});

export const getent = moduleFunction({
  name: 'user.getent',
  summary: 'Every user with ids, home, shell, full name and groups',
  args: z.object({}),
  returns: 'List of maps, in the order of the user file',
  changes: false,
  run: async (_args, { users }) => users.list(),
  examples: [
    {
      title: 'A small machine',
      args: {},
      expect: [
        {
          name: 'root',
          uid: 0,
          gid: 0,
          fullname: 'root',
          roomnumber: '',
          workphone: '',
          homephone: '',
          other: '',
          home: '/root',
          shell: '/bin/bash',
          groups: [],
        },
      ],
    },
  ],
});

export const listUsers = moduleFunction({
  name: 'user.list_users',
  summary: 'Names of all users',
  args: z.object({}),
  returns: 'Sorted list of names',
  changes: false,
  run: async (_args, { users }) => (await users.list()).map(({ name }) => name).toSorted(),
  examples: [{ title: 'A small machine', args: {}, given: { users: { anna: {} } }, expect: ['anna', 'root'] }],
});

export const listGroups = moduleFunction({
  name: 'user.list_groups',
  summary: 'Groups a user is in',
  args: z.object({ name }),
  returns: 'Sorted list of supplementary groups; empty for an unknown user',
  changes: false,
  run: async ({ name }, { users }) => (await users.find(name))?.groups ?? [],
  examples: [
    {
      title: 'A user with a group',
      args: { name: 'anna' },
      given: { groups: { wheel: { gid: 10 } }, users: { anna: { groups: ['wheel'] } } },
      expect: ['wheel'],
    },
  ],
});
