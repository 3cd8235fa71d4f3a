import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellWords } from '#cli/command-line.ts';
import { main } from '#cli/main.ts';
import { type Credentials, formatCredentials } from '#trust/jwt.ts';
import type { TestNats } from './nats.ts';

export interface Typed {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface TestTerminal extends Disposable {
  /** Runs a line as it is typed, without the leading `zester`; its output goes into a pipe. */
  zester(line: string, onOut?: (text: string) => void): Promise<Typed>;
}

/** The command line tool of one operator, on the test server or on what stands in its place. */
export function testTerminal(nats: TestNats, operator: Credentials, url = nats.url): TestTerminal {
  const folder = mkdtempSync(join(tmpdir(), 'zester-terminal-'));
  const [creds, ca] = [join(folder, 'creds'), join(folder, 'ca.crt')];
  writeFileSync(creds, formatCredentials(operator));
  writeFileSync(ca, nats.ca);
  const environment = {
    ZESTER_CONFIG: '/dev/null',
    NATS_URL: url,
    ZESTER_CREDS: creds,
    NATS_CA_FILE: ca,
    XDG_CACHE_HOME: join(folder, 'caches'),
  };
  return {
    async zester(line, onOut) {
      let [out, err] = ['', ''];
      const exit = await main(shellWords(line), {
        environment,
        out: (text) => {
          out += text;
          onOut?.(text);
        },
        err: (text) => {
          err += text;
        },
        isTerminal: false,
        errIsTerminal: false,
        width: 80,
      });
      return { exit, out, err };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
