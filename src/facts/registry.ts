import type { FactDefinition } from '#kit/fact.ts';
import { cpu } from './cpu.ts';
import { custom } from './custom.ts';
import { defaultIpv4 } from './default-ipv4.ts';
import { disk } from './disk.ts';
import { hardware } from './hardware.ts';
import { memory, memoryUse } from './memory.ts';
import { network } from './network.ts';
import { os } from './os.ts';
import { selinux } from './selinux.ts';
import { uptime } from './uptime.ts';

/** All collectors, by name. */
export const facts: readonly FactDefinition[] = [
  cpu,
  custom,
  defaultIpv4,
  disk,
  hardware,
  memory,
  memoryUse,
  network,
  os,
  selinux,
  uptime,
];
