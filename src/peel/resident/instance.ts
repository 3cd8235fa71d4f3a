import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { findText } from '#trust/files.ts';

/** Which process this is, and on which machine: what tells a restart from a copy of the whole machine. */
export interface Instance {
  /** New with every start, so that two copies of one disk differ. */
  readonly run: string;
  /** The same for as long as the machine is; copies may share it. */
  readonly machine: string;
}

export function newInstance(): Instance {
  // A machine's id is not for others to know: its hash compares as well.
  const machine = findText('/etc/machine-id')?.trim() || hostname();
  return {
    run: randomBytes(8).toString('hex'),
    machine: createHash('sha256').update(`zester machine ${machine}`).digest('hex').slice(0, 12),
  };
}
