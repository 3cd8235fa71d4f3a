import { fact } from '#kit/fact.ts';
import { textOf } from './text.ts';

export const uptime = fact({
  name: 'uptime',
  summary: 'Since when the machine runs, and how busy it is',
  returns: '`os`: uptime (seconds), boot_time (Unix time in seconds); `load`: averages over 1, 5 and 15 minutes',
  kind: 'volatile',
  async read({ system, files }) {
    const boot = /^btime (\d+)$/m.exec((await textOf(files, '/proc/stat')) ?? '')?.[1];
    return {
      os: { uptime: Math.floor(await system.uptime()), ...(boot === undefined ? {} : { boot_time: Number(boot) }) },
      load: await system.load(),
    };
  },
  examples: [
    {
      title: 'Half an hour up',
      given: {
        files: {
          '/proc/uptime': '1745.39 3317.18\n',
          '/proc/stat': 'cpu  4 0 3 2 0 0 0 0 0 0\nbtime 1795231000\nprocesses 11236\n',
          '/proc/loadavg': '0.26 0.09 0.05 1/93 11236\n',
        },
      },
      expect: { os: { uptime: 1745, boot_time: 1_795_231_000 }, load: [0.26, 0.09, 0.05] },
    },
  ],
});
