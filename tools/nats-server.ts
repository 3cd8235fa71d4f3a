import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ZesterError } from '../src/base/errors.ts';

/**
 * The nats-server to use: `NATS_SERVER`, else the project's own in `.tools` (see nats.mjs), else the first on the path.
 * Throws `NATS_SERVER_MISSING`.
 */
export function findNatsServer(environment: NodeJS.ProcessEnv = process.env): string {
  const { NATS_SERVER: named, PATH: path = '' } = environment;
  const candidates = [
    ...(named === undefined ? [] : [named]),
    join(import.meta.dirname, '../.tools/nats-server'),
    ...path.split(delimiter).map((folder) => join(folder, 'nats-server')),
  ];
  const found = candidates.find((each) => existsSync(each));
  if (found !== undefined) return found;
  throw new ZesterError('usage', 'NATS_SERVER_MISSING', 'Cannot start a NATS server: there is no nats-server program', {
    hint: 'Install nats-server 2.10 or newer, or name it in the environment variable NATS_SERVER',
  });
}
