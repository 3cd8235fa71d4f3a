import { join, resolve } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { accountJwt, operatorJwt, systemAccountJwt, userJwt } from './account.ts';
import { type AuthIndex, authFiles, writeIndex } from './auth-dir.ts';
import { createFile, findText, makePrivateFolder, publicMode } from './files.ts';
import { type Credentials, formatCredentials } from './jwt.ts';
import { createKey, type KeyPair } from './nkeys.ts';
import { serverConf } from './server-conf.ts';
import { keyId } from './signing.ts';

export interface NewAuth {
  readonly dir: string;
  /** Names the accounts: one environment has one for masters and operators, and one for peels. */
  readonly environment?: string | undefined;
  /** Name of the first administrator. */
  readonly admin?: string | undefined;
  readonly now?: number | undefined;
  /** What the server configuration says beside the identities. */
  readonly server?: NewServer | undefined;
}

export interface NewServer {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly storeDir?: string | undefined;
  readonly resolverDir?: string | undefined;
}

export interface MadeAuth {
  readonly dir: string;
  readonly index: AuthIndex;
  /** Files written, relative to the folder. */
  readonly files: readonly string[];
}

const year = 365 * 86_400_000;

/**
 * Makes the identities of an environment: operator, accounts, system account, scoped signing keys, users, the first job
 * and settings keys, and a server configuration. Offline. Throws `AUTH_EXISTS` rather than overwrite.
 */
export function initAuth({
  dir,
  environment = 'main',
  admin = 'admin',
  now = Date.now(),
  server = {},
}: NewAuth): MadeAuth {
  const path = resolve(dir);
  if ([authFiles.index, authFiles.operatorJwt].some((file) => findText(join(path, file)) !== undefined)) {
    throw new ZesterError('usage', 'AUTH_EXISTS', `Cannot make "${path}": it holds the identities of an environment`, {
      hint: 'Choose another folder; replacing these would cut off the whole fleet',
    });
  }
  for (const name of [environment, admin]) checkName(name);
  const keys = createKeys();
  const index = indexOf(keys, environment, now);
  const account = { name: environment, accounts: index.accounts, roles: index.roles, now };
  const jwts = {
    operator: operatorJwt(
      {
        name: `zester-${environment}`,
        operator: keys.operator.publicKey,
        signingKey: keys.operatorSigning.publicKey,
        systemAccount: keys.system.publicKey,
        now,
      },
      keys.operator.seed,
    ),
    control: accountJwt({ side: 'control', ...account }, keys.operatorSigning.seed),
    peels: accountJwt({ side: 'peels', ...account }, keys.operatorSigning.seed),
    system: systemAccountJwt({ account: index.systemAccount, key: keys.sys.publicKey, now }, keys.operatorSigning.seed),
  };
  const files: string[] = [];
  const write = (file: string, content: string, mode?: number) => {
    createFile(join(path, file), content, mode);
    files.push(file);
  };
  makePrivateFolder(path);
  write(authFiles.operatorSeed, `${keys.operator.seed}\n`);
  write(authFiles.operatorSigningSeed, `${keys.operatorSigning.seed}\n`);
  for (const role of ['master', 'operator', 'peel', 'sys'] as const) {
    write(authFiles.roleSeed(role), `${keys[role === 'operator' ? 'operatorRole' : role].seed}\n`);
  }
  write(authFiles.jobSeed(keyId(keys.jobs.publicKey)), `${keys.jobs.seed}\n`);
  write(authFiles.settingsSeed(keys.settings.publicKey), `${keys.settings.seed}\n`);
  write(authFiles.operatorJwt, `${jwts.operator}\n`, publicMode);
  for (const side of ['control', 'peels'] as const) write(authFiles.accountJwt(side), `${jwts[side]}\n`, publicMode);
  write(authFiles.systemAccountJwt, `${jwts.system}\n`, publicMode);
  const users: readonly (readonly [string, string, KeyPair])[] = [
    ['master', index.accounts.control, keys.master],
    [admin, index.accounts.control, keys.operatorRole],
    ['sys', index.systemAccount, keys.sys],
  ];
  for (const [name, of, role] of users) {
    write(authFiles.credentials(name), formatCredentials(createUser({ name, account: of, now }, role.seed)));
  }
  const preload = {
    [index.accounts.control]: jwts.control,
    [index.accounts.peels]: jwts.peels,
    [index.systemAccount]: jwts.system,
  };
  write(authFiles.serverConf, confFor(path, index.systemAccount, preload, server), publicMode);
  writeIndex(path, index);
  return { dir: path, index, files: [...files, authFiles.index] };
}

/** A user with a new key of its own. */
export function createUser(
  { lifetimeMs, ...user }: { name: string; account: string; now: number; lifetimeMs?: number | undefined },
  roleSeed: string,
): Credentials {
  const key = createKey('user');
  return { jwt: userJwt({ ...user, key: key.publicKey, lifetimeMs }, roleSeed), seed: key.seed };
}

/** Throws `AUTH_NAME_INVALID`. */
export function checkName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return;
  throw new ZesterError(
    'usage',
    'AUTH_NAME_INVALID',
    `Cannot use "${name}" as a name: it becomes a file and a subject`,
    {
      hint: 'Use small letters, digits and hyphens, starting with a letter or digit',
    },
  );
}

type Keys = ReturnType<typeof createKeys>;

function createKeys() {
  return {
    operator: createKey('operator'),
    operatorSigning: createKey('operator'),
    control: createKey('account'),
    peels: createKey('account'),
    system: createKey('account'),
    master: createKey('account'),
    operatorRole: createKey('account'),
    peel: createKey('account'),
    sys: createKey('account'),
    jobs: createKey('user'),
    settings: createKey('curve'),
  };
}

function indexOf(keys: Keys, environment: string, now: number): AuthIndex {
  const job = { id: keyId(keys.jobs.publicKey), key: keys.jobs.publicKey, notBefore: now - 3_600_000 };
  return {
    v: 2,
    environment,
    operator: keys.operator.publicKey,
    accounts: { control: keys.control.publicKey, peels: keys.peels.publicKey },
    systemAccount: keys.system.publicKey,
    roles: { master: keys.master.publicKey, operator: keys.operatorRole.publicKey, peel: keys.peel.publicKey },
    jobKeys: [{ ...job, notAfter: now + 2 * year }],
    settingsKeys: [keys.settings.publicKey],
    revoked: {},
    revision: 1,
  };
}

function confFor(path: string, systemAccount: string, preload: Record<string, string>, server: NewServer): string {
  const { host, port, certificate, key, storeDir, resolverDir } = server;
  return serverConf({
    authDir: path,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    certificate: certificate ?? join(path, 'nats-server.crt'),
    key: key ?? join(path, 'nats-server.key'),
    storeDir: storeDir ?? '/var/lib/nats/jetstream',
    resolverDir: resolverDir ?? '/var/lib/nats/accounts',
    operatorJwt: join(path, authFiles.operatorJwt),
    systemAccount,
    preload,
  });
}
