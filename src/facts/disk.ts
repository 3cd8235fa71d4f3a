import { fact } from '#kit/fact.ts';
import { percent } from './text.ts';

/** Mounts that hold no data of their own: made by the kernel, in memory, or a file of a container engine. */
const notReal = /^(tmpfs|ramfs|squashfs|fuse\.(lxcfs|snapfuse|gvfsd-fuse|portal))$/;

export const disk = fact({
  name: 'disk',
  summary: 'Mounted file systems and how full they are',
  returns:
    '`disk`: mounts (device, mountpoint, fstype, opts, total, used, free, used_percent; sizes in bytes), of real file systems only',
  kind: 'volatile',
  async read({ system }) {
    const mounts = await system.mounts();
    const real = mounts.filter(({ type, total, mountpoint }) => {
      // Containers mount single files such as /etc/hosts.
      return total > 0 && !notReal.test(type) && !/^\/(proc|sys|dev|run\/(user|credentials)|etc)\//.test(mountpoint);
    });
    return {
      disk: {
        mounts: real.map(({ device, mountpoint, type, options, total, used, free }) => ({
          device,
          mountpoint,
          fstype: type,
          opts: options,
          total,
          used,
          free,
          used_percent: percent(used, used + free),
        })),
      },
    };
  },
  examples: [
    {
      title: 'Two disks, one with a space in its name',
      given: {
        files: {
          '/proc/self/mounts':
            'proc /proc proc rw,relatime 0 0\n/dev/vda / ext4 rw,relatime,discard 0 0\n' +
            'tmpfs /run tmpfs rw,nosuid 0 0\n/dev/vdb /mnt/my\\040disk xfs ro 0 0\n',
        },
        system: {
          filesystems: { '/': { total: 1_000, free: 250 }, '/mnt/my disk': { total: 500, free: 500 } },
        },
      },
      expect: {
        disk: {
          mounts: [
            {
              device: '/dev/vda',
              mountpoint: '/',
              fstype: 'ext4',
              opts: ['rw', 'relatime', 'discard'],
              total: 1_000,
              used: 750,
              free: 250,
              used_percent: 75,
            },
            {
              device: '/dev/vdb',
              mountpoint: '/mnt/my disk',
              fstype: 'xfs',
              opts: ['ro'],
              total: 500,
              used: 0,
              free: 500,
              used_percent: 0,
            },
          ],
        },
      },
    },
  ],
});
