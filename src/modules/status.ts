import * as z from 'zod';
import { moduleFunction } from '#kit/function.ts';

export const uptime = moduleFunction({
  name: 'status.uptime',
  summary: 'How long the machine has been up',
  args: z.object({}),
  returns: 'Map of `seconds`, `days` and `time` (hours and minutes of the last day, such as `1:05`)',
  changes: false,
  async run(_args, { system }) {
    const seconds = Math.floor(await system.uptime());
    const [days, rest] = [Math.floor(seconds / 86_400), seconds % 86_400];
    const minutes = String(Math.floor((rest % 3_600) / 60)).padStart(2, '0');
    return { seconds, days, time: `${Math.floor(rest / 3_600)}:${minutes}` };
  },
  examples: [
    {
      title: 'A day, an hour and five minutes',
      args: {},
      given: { files: { '/proc/uptime': '90300.5 100.0\n' } },
      expect: { seconds: 90_300, days: 1, time: '1:05' },
    },
  ],
});

export const loadavg = moduleFunction({
  name: 'status.loadavg',
  summary: 'Average load of the last one, five and fifteen minutes',
  args: z.object({}),
  returns: 'Map of `1-min`, `5-min` and `15-min`',
  changes: false,
  async run(_args, { system }) {
    const [one, five, fifteen] = await system.load();
    return { '1-min': one, '5-min': five, '15-min': fifteen };
  },
  examples: [{ title: 'A quiet machine', args: {}, expect: { '1-min': 0.1, '5-min': 0.2, '15-min': 0.3 } }],
});

export const meminfo = moduleFunction({
  name: 'status.meminfo',
  summary: 'Memory and swap of the machine',
  args: z.object({}),
  returns: 'Map of `total`, `available`, `free`, `swapTotal` and `swapFree`, in bytes',
  changes: false,
  run: async (_args, { system }) => system.memory(),
  examples: [
    {
      title: 'A small machine',
      args: {},
      expect: { total: 1_073_741_824, available: 805_306_368, free: 536_870_912, swapTotal: 0, swapFree: 0 },
    },
  ],
});
