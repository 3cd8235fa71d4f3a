import { fact } from '#kit/fact.ts';

export const cpu = fact({
  name: 'cpu',
  summary: 'Processors',
  returns:
    '`cpu`: count and logical_count (processors), physical_count (cores), model, vendor, flags (`aes`), mhz, cache_size (KiB)',
  kind: 'identity',
  async read({ system }) {
    const { count, cores, model, vendor, flags, mhz, cache } = await system.processors();
    return {
      cpu: {
        count,
        logical_count: count,
        physical_count: cores,
        model,
        vendor,
        flags,
        mhz,
        cache_size: Math.round(cache / 1024),
      },
    };
  },
  examples: [
    {
      title: 'One core with two threads',
      given: {
        files: {
          '/proc/cpuinfo': [0, 1]
            .map(
              (processor) =>
                `processor\t: ${processor}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Processor\n` +
                'cpu MHz\t\t: 2300.000\nflags\t\t: fpu aes\ncache size\t: 266240 KB\nphysical id\t: 0\ncore id\t\t: 0\ncpu cores\t: 1\n',
            )
            .join('\n'),
        },
      },
      expect: {
        cpu: {
          count: 2,
          logical_count: 2,
          physical_count: 1,
          model: 'Intel(R) Xeon(R) Processor',
          vendor: 'GenuineIntel',
          flags: ['fpu', 'aes'],
          mhz: 2300,
          cache_size: 266240,
        },
      },
    },
    {
      title: 'An ARM board, whose kernel names no model',
      given: {
        files: {
          '/proc/cpuinfo':
            'processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nFeatures\t: fp aes\n\nHardware\t: BCM2835\n',
          '/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq': '1500000\n',
        },
      },
      expect: {
        cpu: {
          count: 1,
          logical_count: 1,
          physical_count: 1,
          model: 'BCM2835',
          vendor: '0x41',
          flags: ['fp', 'aes'],
          mhz: 1500,
          cache_size: 0,
        },
      },
    },
  ],
});
