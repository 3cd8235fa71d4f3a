import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authenticator, type ConnectionOptions, credsAuthenticator } from '@nats-io/nats-core';
import { userJwt } from '#trust/account.ts';
import { type AuthDir, authFiles, openAuthDir } from '#trust/auth-dir.ts';
import { type Authority, createAuthority, issueLeaf } from '#trust/ca.ts';
import { writeFile } from '#trust/files.ts';
import { inboxPrefix } from '#trust/grants.ts';
import { createUser, initAuth } from '#trust/init-auth.ts';
import { type Credentials, formatCredentials, readUserJwt } from '#trust/jwt.ts';
import { createKey } from '#trust/nkeys.ts';
import { findNatsServer } from '../../tools/nats-server.ts';

/** A real nats-server with TLS 1.3 and the identities that `zester nats-auth init` makes, gone when disposed. */
export interface TestNats extends AsyncDisposable {
  /** `tls://127.0.0.1:<port>`; the same after a restart. */
  readonly url: string;
  /** The server's process. */
  readonly pid: number;
  /** The CA's root, PEM, and the file it is in. */
  readonly ca: string;
  readonly caFile: string;
  readonly authority: Authority;
  /** A temp folder of its own; `auth/` in it is the auth folder. */
  readonly dir: string;
  readonly auth: AuthDir;
  readonly credentials: TestCredentials;
  /** Options for the NATS client: verified TLS, these credentials, this user's inbox. */
  options(credentials: Credentials): TestOptions;
  /** The keys that these peels were given, as their enrolment would have them. */
  keysOf(peel: string): readonly string[];
  /** What the server logged since its last start. */
  logs(): string;
  /**
   * Each thing the server refused somebody: `publish "zester.dispatch" by "web-01"`. A test that does not ask must
   * cause none: disposing throws then.
   */
  permissionViolations(): readonly string[];
  /** Stops in order, keeps the store. */
  stop(): Promise<void>;
  /** `kill -9`, keeps the store. */
  kill(): Promise<void>;
  /** Starts again (after `stop` if need be) with the same store and port. */
  restart(): Promise<void>;
}

export interface TestCredentials {
  readonly master: Credentials;
  readonly sys: Credentials;
  /** `admin` when no name is given; any other name is a new operator. */
  operator(name?: string): Credentials;
  /** A peel's credentials as enrolment issues them; its own key when one is given. */
  peel(id: string, seed?: { readonly publicKey: string; readonly seed: string }): Credentials;
}

export type TestOptions = ConnectionOptions & {
  readonly servers: string;
  readonly authenticator: Authenticator;
  readonly inboxPrefix: string;
};

/** With `refusals` the test provokes them, and looks at each answer itself. */
export async function testNats({ refusals = false } = {}): Promise<TestNats> {
  const dir = mkdtempSync(join(tmpdir(), 'zester-nats-'));
  const authority = createAuthority({ name: 'Test', now: Date.now() });
  const leaf = issueLeaf(authority.intermediate, {
    names: ['localhost', '127.0.0.1'],
    now: Date.now(),
    lifetimeMs: 86_400_000,
  });
  const authPath = join(dir, 'auth');
  const caFile = join(authPath, authFiles.natsCa);
  const server = { host: '127.0.0.1', storeDir: join(dir, 'jetstream'), resolverDir: join(dir, 'accounts') };
  initAuth({ dir: authPath, server });
  writeFile(caFile, authority.root.certificate, 0o644);
  writeFile(join(authPath, 'nats-server.crt'), leaf.certificate, 0o644);
  writeFile(join(authPath, 'nats-server.key'), leaf.key);
  const auth = openAuthDir(authPath);
  const config = join(authPath, authFiles.serverConf);
  setPort(config, -1);

  const names = new Map<string, string>();
  const keys = new Map<string, string[]>();

  let asked = refusals;
  let running = await start(config);
  setPort(config, running.port);
  const url = `tls://127.0.0.1:${running.port}`;
  const restart = async () => {
    await end(running, 'SIGTERM');
    running = await start(config);
  };

  return {
    url,
    get pid() {
      return running.child.pid ?? 0;
    },
    ca: authority.root.certificate,
    caFile,
    authority,
    dir,
    auth,
    credentials: credentialsOf(auth, names, keys),
    keysOf: (peel) => keys.get(peel) ?? [],
    options: ({ jwt, seed }) => ({
      servers: url,
      authenticator: credsAuthenticator(new TextEncoder().encode(formatCredentials({ jwt, seed }))),
      inboxPrefix: inboxPrefix(readUserJwt(jwt).key),
      tls: { ca: authority.root.certificate, handshakeFirst: true },
    }),
    logs: () => running.log.join(''),
    permissionViolations() {
      asked = true;
      return violations(running.log.join(''), names);
    },
    stop: () => end(running, 'SIGTERM'),
    kill: () => end(running, 'SIGKILL'),
    restart,
    async [Symbol.asyncDispose]() {
      await end(running, 'SIGKILL');
      const refused = asked ? [] : violations(running.log.join(''), names);
      rmSync(dir, { recursive: true, force: true });
      if (refused.length > 0)
        throw new Error(`The server refused what should be allowed: ${refused.slice(0, 5).join(', ')}`);
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly log: readonly string[];
}

/** The server says in its log which port it got, and when it is ready: nothing is polled. */
async function start(config: string): Promise<Running> {
  const child = spawn(findNatsServer(), ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  const stopWithUs = () => void child.kill('SIGKILL');
  process.once('exit', stopWithUs);
  child.once('exit', () => process.off('exit', stopWithUs));
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      log.push(text);
      if (text.includes('Server is ready')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${log.join('')}`)));
  });
  const port = Number(/Listening for client connections on [^\n]*:(\d+)/.exec(log.join(''))?.[1]);
  return { child, port, log };
}

async function end({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function setPort(config: string, port: number): void {
  const text = readFileSync(config, 'utf8').replace(/^listen: .*$/m, `listen: "127.0.0.1:${port}"`);
  writeFileSync(config, text);
}

/** Log lines name the user's key: `…/nkey:U…" - Publish Violation - Subject "zester.dispatch"`. */
function violations(log: string, names: ReadonlyMap<string, string>): string[] {
  const lines = log.matchAll(/(?:nkey|jwt):(U\w+)" - (Publish|Subscription) Violation - Subject "([^"]+)"/g);
  return [...lines].map(([, key = '', kind, subject]) => {
    const verb = kind === 'Publish' ? 'publish' : 'subscribe';
    return `${verb} "${subject}" by "${names.get(key) ?? key}"`;
  });
}

function credentialsOf(auth: AuthDir, names: Map<string, string>, keys: Map<string, string[]>): TestCredentials {
  const { control, peels } = auth.index.accounts;
  const named = (credentials: Credentials) => {
    const { key, name } = readUserJwt(credentials.jwt);
    names.set(key, name);
    keys.set(name, [...(keys.get(name) ?? []), key]);
    return credentials;
  };
  return {
    master: named(auth.credentials('master')),
    sys: named(auth.credentials('sys')),
    operator(name = 'admin') {
      if (name === 'admin') return named(auth.credentials(name));
      return named(createUser({ name, account: control, now: Date.now() }, auth.roleSeed('operator')));
    },
    peel(id, { publicKey, seed } = createKey('user')) {
      const jwt = userJwt({ name: id, key: publicKey, account: peels, now: Date.now() }, auth.roleSeed('peel'));
      return named({ jwt, seed });
    },
  };
}
