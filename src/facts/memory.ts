import { fact } from '#kit/fact.ts';
import { percent } from './text.ts';

const captured = [
  'MemTotal:        8000000 kB',
  'MemFree:         1000000 kB',
  'MemAvailable:    6000000 kB',
  'Buffers:          204636 kB',
  'SwapTotal:       2000000 kB',
  'SwapFree:        1500000 kB',
  '',
].join('\n');

export const memory = fact({
  name: 'memory',
  summary: 'How much memory and swap there is',
  returns: '`memory`: total and swap_total, in bytes',
  kind: 'identity',
  async read({ system }) {
    const { total, swapTotal } = await system.memory();
    return { memory: { total, swap_total: swapTotal } };
  },
  examples: [
    {
      title: 'Eight gigabytes, with swap',
      given: { files: { '/proc/meminfo': captured } },
      expect: { memory: { total: 8_192_000_000, swap_total: 2_048_000_000 } },
    },
  ],
});

export const memoryUse = fact({
  name: 'memory_use',
  summary: 'How memory and swap are used now',
  returns: '`memory`: available, free, used, used_percent, swap_free, swap_used; sizes in bytes',
  kind: 'volatile',
  async read({ system }) {
    const { total, available, free, swapTotal, swapFree } = await system.memory();
    const used = total - available;
    return {
      memory: {
        available,
        free,
        used,
        used_percent: percent(used, total),
        swap_free: swapFree,
        swap_used: swapTotal - swapFree,
      },
    };
  },
  examples: [
    {
      title: 'A quarter of the memory in use',
      given: { files: { '/proc/meminfo': captured } },
      expect: {
        memory: {
          available: 6_144_000_000,
          free: 1_024_000_000,
          used: 2_048_000_000,
          used_percent: 25,
          swap_free: 1_536_000_000,
          swap_used: 512_000_000,
        },
      },
    },
    {
      title: 'An old kernel that does not say what is available',
      given: { files: { '/proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 200 kB\nCached: 200 kB\n' } },
      expect: {
        memory: { available: 512_000, free: 102_400, used: 512_000, used_percent: 50, swap_free: 0, swap_used: 0 },
      },
    },
  ],
});
