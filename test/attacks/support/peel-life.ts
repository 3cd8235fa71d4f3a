import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '#base/log.ts';
import { resolveOptions } from '#base/options.ts';
import { runPeel } from '#peel/resident/boot.ts';
import { peelOptions } from '#peel/resident/options.ts';

/** A whole peel, as its program runs it, until it is disposed. */
export interface PeelLife extends AsyncDisposable {
  /** Everything it logged so far. */
  log(): string;
  /** How often it logged this. */
  times(sentence: string): number;
}

export async function peelLife(settings: Readonly<Record<string, string>>): Promise<PeelLife> {
  const { auth_dir: authDir = '' } = settings;
  const data = join(authDir, 'data');
  mkdirSync(data, { recursive: true });
  const all = { health_addr: '', data_dir: data, states_cache: join(data, 'states'), stop_timeout: '1s', ...settings };
  const flags = new Map(Object.entries(all).map(([key, value]) => [key.replaceAll('_', '-'), [value]]));
  const { values } = await resolveOptions(peelOptions, { flags });
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const stopping = new AbortController();
  const ended = runPeel(values, { log, signal: stopping.signal }).catch((error) => {
    if (!stopping.signal.aborted) lines.push(`ENDED ${error}`);
  });
  return {
    log: () => lines.join(''),
    times: (sentence) => lines.filter((line) => line.includes(`"msg":"${sentence}"`)).length,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}
