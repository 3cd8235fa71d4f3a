import * as z from 'zod';
import { moduleFunction } from '#kit/function.ts';

export const usage = moduleFunction({
  name: 'disk.usage',
  summary: 'Size, use and free space of mounted file systems',
  args: z.object({
    path: z
      .string()
      .optional()
      .describe('Only the file system mounted there')
      .meta({ primary: true, aliases: ['name'] }),
  }),
  returns:
    'Map of mount point to `filesystem`, `type`, `total`, `used` and `available` (bytes) and `capacity` (percent of use)',
  changes: false,
  async run({ path }, { system }) {
    const mounts = (await system.mounts()).filter(({ mountpoint, total }) => (path ? mountpoint === path : total > 0));
    return Object.fromEntries(
      mounts.map(({ device, mountpoint, type, total, used, free }) => [
        mountpoint,
        { filesystem: device, type, total, used, available: free, capacity: percent(used, used + free) },
      ]),
    );
  },
  examples: [
    {
      title: 'One file system',
      args: { path: '/' },
      given: { system: { filesystems: { '/': { total: 1000, free: 250 } } } },
      expect: {
        '/': { filesystem: '/dev/vda', type: 'ext4', total: 1000, used: 750, available: 250, capacity: '75%' },
      },
    },
    { title: 'Nothing mounted there', args: { path: '/mnt' }, expect: {} },
  ],
});

export const percentUsed = moduleFunction({
  name: 'disk.percent',
  summary: 'How full mounted file systems are',
  args: z.object({
    path: z
      .string()
      .optional()
      .describe('Only the file system mounted there')
      .meta({ primary: true, aliases: ['name'] }),
  }),
  returns: 'Map of mount point to its use in percent, such as `42%`',
  changes: false,
  async run({ path }, { system }) {
    const mounts = (await system.mounts()).filter(({ mountpoint, total }) => (path ? mountpoint === path : total > 0));
    return Object.fromEntries(mounts.map(({ mountpoint, used, free }) => [mountpoint, percent(used, used + free)]));
  },
  examples: [
    {
      title: 'One file system',
      args: { path: '/' },
      given: { system: { filesystems: { '/': { total: 1000, free: 250 } } } },
      expect: { '/': '75%' },
    },
  ],
});

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.ceil((part / whole) * 100)}%`;
}
