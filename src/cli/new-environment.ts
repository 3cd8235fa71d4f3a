import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { authFiles } from '#trust/auth-dir.ts';
import { initCa, issueCertificate, openCa } from '#trust/ca-dir.ts';
import { createFile, publicMode, writeFile } from '#trust/files.ts';
import { initAuth } from '#trust/init-auth.ts';
import type { Contexts } from './config.ts';
import { addContext, refuseContext } from './contexts.ts';
import { exists, makeFolder, removeAll } from './files.ts';

export interface NewEnvironment {
  readonly dir: string;
  readonly environment: string;
  /** Name of the first administrator. */
  readonly admin: string;
  /** Names and addresses that peels reach NATS servers and masters by; none for an environment of this machine alone. */
  readonly names: readonly string[];
  /** Where its context is added. */
  readonly contexts: Contexts;
  readonly now: number;
}

export interface MadeEnvironment {
  readonly dir: string;
  /** What peels believe: the pin of the CA. */
  readonly pin: string;
  readonly server: string;
  readonly names: readonly string[];
  /** When the certificate of the NATS servers ends. */
  readonly expiresAt: number;
  readonly creds: string;
  readonly ca: string;
  readonly serverConf: string;
  readonly masterConf: string;
  readonly peelConf: string;
  readonly logs: string;
  /** Of the name of the environment, and whether it is the one that counts now. */
  readonly context: { readonly name: string; readonly file: string; readonly counts: boolean };
}

/** Where everything lies in the folder of an environment. */
const places = { auth: 'auth', master: 'master.yaml', peel: 'peel.yaml', states: 'states', logs: 'logs' } as const;

/**
 * Makes all that an environment begins with: CA, certificate, identities, and the files of a NATS server, a master and a
 * peel, and the context. Offline, and wholly or not at all. Throws `ENVIRONMENT_EXISTS` and `CONTEXT_EXISTS` rather than
 * overwrite, and what its parts throw.
 */
export async function makeEnvironment(wish: NewEnvironment): Promise<MadeEnvironment> {
  const { environment, contexts } = wish;
  const dir = resolve(wish.dir);
  const mine = [places.auth, places.master, places.peel].map((name) => join(dir, name));
  const taken = mine.find(exists);
  if (taken !== undefined) {
    throw new ZesterError(
      'usage',
      'ENVIRONMENT_EXISTS',
      `Cannot make an environment in "${dir}": "${taken}" is there`,
      {
        hint: 'Choose another folder with --dir; replacing these keys would cut off the whole fleet',
      },
    );
  }
  refuseContext(environment, contexts);
  try {
    const made = await make(dir, wish);
    const { server, creds, ca } = made;
    const counts = await addContext(environment, { servers: [server], creds, ca }, contexts);
    return { ...made, context: { name: environment, file: contexts.file, counts } };
  } catch (error) {
    // None of it was there before; half of it would be in the way of the next try.
    for (const path of mine) removeAll(path);
    throw error;
  }
}

async function make(
  dir: string,
  { environment, admin, names: given, now }: NewEnvironment,
): Promise<Omit<MadeEnvironment, 'context'>> {
  // Whom nobody else is to reach listens to nobody else.
  const [names, host] = given.length === 0 ? [['localhost', '127.0.0.1'], '127.0.0.1'] : [given, '0.0.0.0'];
  const auth = join(dir, places.auth);
  const ca = join(auth, 'ca');
  const { pin } = initCa({ dir: ca, now });
  const { expiresAt } = issueCertificate({ dir: ca, names, out: join(auth, 'nats-server'), now });
  const natsCa = join(auth, authFiles.natsCa);
  writeFile(natsCa, openCa(ca).root, publicMode);
  const server = { host, storeDir: join(dir, 'jetstream'), resolverDir: join(dir, 'accounts') };
  initAuth({ dir: auth, environment, admin, now, server });

  const [first = 'localhost'] = names;
  const reached = isIP(first) === 6 ? `[${first}]` : first;
  const url = `tls://${reached}:4222`;
  const states = join(dir, places.states);
  const logs = join(dir, places.logs);
  for (const folder of [states, logs]) makeFolder(folder);
  const { stringify } = await import('yaml');
  const master = {
    nats_url: [url],
    auth_dir: auth,
    states_dir: states,
    enroll_addr: `${host}:8443`,
    enroll_sans: names,
  };
  const peel = { master_urls: [`https://${reached}:8443`], enroll_ca_pin: [pin] };
  const made = '# Made by "zester init".';
  const [masterConf, peelConf] = [join(dir, places.master), join(dir, places.peel)];
  createFile(masterConf, `${made}\n${stringify(master)}`, publicMode);
  createFile(peelConf, `${made} For each machine, as /etc/zester/peel.yaml.\n${stringify(peel)}`, publicMode);
  return {
    dir,
    pin,
    server: url,
    names,
    expiresAt,
    creds: join(auth, authFiles.credentials(admin)),
    ca: natsCa,
    serverConf: join(auth, authFiles.serverConf),
    masterConf,
    peelConf,
    logs,
  };
}
