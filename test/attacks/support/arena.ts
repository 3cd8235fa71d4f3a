import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Bus } from '#bus/bus.ts';
import { memberFiles } from '#peel/enroll/standing.ts';
import { initCa } from '#trust/ca-dir.ts';
import { writeFile } from '#trust/files.ts';
import { type Credentials, formatCredentials, parseCredentials, readUserJwt } from '#trust/jwt.ts';
import { signDecision } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import type { EnrollDecision, EnrollDecisionReply } from '#wire/enroll.ts';
import type { JobRequest } from '#wire/job.ts';
import { executables as built, type Program as Executable } from '../../../bench/executables.ts';
import { freePort } from '../../../tools/port.ts';
import { type Asked, dispatch, testBus, until, type Wish } from '../../harness/fleet.ts';
import { type TestNats, testNats } from '../../harness/nats.ts';
import { type Enemy, openEnemy } from './bus-enemy.ts';
import { type Program, type Ran, runProgram, startProgram } from './program.ts';
import { type Shared, share } from './sharing.ts';

/** A fleet of real programs: a server, masters with their door, peels that enrolled by it. */
export interface Arena extends Shared {
  readonly nats: TestNats;
  /** A folder for whatever an attack writes, and looks for. */
  readonly dir: string;
  /** Folder of the state tree. */
  readonly states: string;
  readonly masters: readonly Master[];
  /** Pin and root certificate of the CA behind the HTTPS door. */
  readonly pin: string;
  readonly ca: string;
  /** The administrator, and a connection of theirs. */
  readonly admin: Credentials;
  readonly bus: Bus;
  startMaster(): Promise<Master>;
  /** Starts a peel that enrols with a join token; resolves when the master sees it, and has its facts. */
  startPeel(id: string, options?: PeelOptions): Promise<Peel>;
  peel(id: string): Peel;
  /** The credentials of a peel, as whoever took its machine over finds them. */
  stolen(id: string): Credentials;
  /** Somebody on the server with these credentials, who sends what they like. */
  enemy(credentials: Credentials): Promise<Enemy>;
  /** A decision about enrolment, signed by the administrator. */
  decide(decision: Partial<EnrollDecision>): Promise<EnrollDecisionReply>;
  /** A token for any peel, unless the wish is another. */
  joinToken(wish?: Partial<EnrollDecision>): Promise<string>;
  /** A job of the administrator's, as soon as a master has it. */
  dispatch(wish: Wish): Promise<Asked>;
  /** The same, to its end. */
  run(target: string, name: string, wish?: Partial<JobRequest>): Promise<Asked>;
  /** Runs `zester` as the administrator. */
  zester(...argv: readonly string[]): Promise<Ran>;
  /** Resolves when a master sees the peel, and knows what it is. */
  online(id: string): Promise<void>;
}

export interface Master extends Program {
  /** Its door: `https://127.0.0.1:<port>`. */
  readonly url: string;
}

export interface Peel extends Program {
  /** Resolves when its new life is heard of on the bus. */
  restart(): Promise<void>;
  readonly id: string;
  readonly authDir: string;
  readonly dataDir: string;
  /** The folder that is `/` for it. */
  readonly root: string;
  readonly cache: string;
}

export interface PeelOptions {
  /** Further keys of its `peel.yaml`, or others than usual. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Does not wait for anything but its first word. */
  readonly alone?: boolean;
}

export interface ArenaOptions {
  readonly masters?: number;
  readonly peels?: readonly string[];
  /** Files of the state tree, by path. */
  readonly states?: Readonly<Record<string, string>>;
  /** What is done to the server's folders before a master starts. */
  readonly prepare?: (nats: TestNats) => void | Promise<void>;
  /** As they are built, instead of from source. */
  readonly executables?: boolean;
}

/** One for all attacks that leave it as it was: two peels, `web-01` and `db-01`. */
export function sharedArena(): Promise<Arena> {
  return share('arena', () => openArena({ peels: ['web-01', 'db-01'] }));
}

export async function openArena(options: ArenaOptions = {}): Promise<Arena> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(stack, options);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(stack: AsyncDisposableStack, options: ArenaOptions): Promise<Arena> {
  const { masters: masterCount = 1, peels: ids = ['web-01'], states: files = {}, prepare, executables } = options;
  const nats = stack.use(await testNats({ refusals: true }));
  const dir = mkdtempSync(join(tmpdir(), 'zester-arena-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const programs = executables === true ? built(['zester', 'zester-master', 'zester-peel']) : undefined;
  const command = (name: Executable) => (programs ? [programs[name]] : [process.execPath, `src/bin/${name}.ts`]);
  const ca = initCa({ dir: join(nats.auth.path, 'ca') });
  const states = join(dir, 'states');
  mkdirSync(states);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(states, path)), { recursive: true });
    writeFileSync(join(states, path), text);
  }
  await prepare?.(nats);
  const admin = nats.credentials.operator();
  const credentialsFile = join(dir, 'admin.creds');
  writeFile(credentialsFile, formatCredentials(admin));
  const bus = stack.use(await testBus(nats, admin, 'admin'));
  const masters: Master[] = [];
  const peels = new Map<string, Peel>();
  let decisions = 0;

  const arena: Arena = {
    nats,
    dir,
    states,
    masters,
    pin: ca.pin,
    ca: readFileSync(join(ca.dir, 'root.crt'), 'utf8'),
    admin,
    bus,
    folders: [basename(nats.dir), basename(dir)],
    get pids() {
      return [nats.pid, ...[...masters, ...peels.values()].map(({ pid }) => pid)];
    },
    async startMaster() {
      // The port stays when it starts again: peels were told it.
      const port = await freePort();
      const program = await startProgram({
        name: `master ${masters.length + 1}`,
        argv: [
          ...command('zester-master'),
          '--config=/dev/null',
          `--nats-url=${nats.url}`,
          `--auth-dir=${nats.auth.path}`,
          `--states-dir=${states}`,
          `--enroll-addr=127.0.0.1:${port}`,
          '--health-addr=',
        ],
        ready: /Master ready/,
      });
      const master = stack.use(Object.assign(program, { url: `https://127.0.0.1:${port}` }));
      masters.push(master);
      return master;
    },
    async startPeel(id, { config = {}, alone = false } = {}) {
      const home = join(dir, 'peels', id);
      const folders = {
        authDir: join(home, 'auth'),
        dataDir: home,
        root: join(home, 'root'),
        cache: join(home, 'states'),
      };
      mkdirSync(folders.root, { recursive: true });
      const keys = {
        id,
        master_urls: masters.map(({ url }) => url),
        enroll_ca_pin: [ca.pin],
        ...('join_token' in config || alone ? {} : { join_token: await arena.joinToken() }),
        auth_dir: folders.authDir,
        data_dir: folders.dataDir,
        states_cache: folders.cache,
        root: folders.root,
        health_addr: '',
        runner_warm: '5s',
        ...config,
      };
      const file = join(home, 'peel.yaml');
      writeFile(file, stringify(keys));
      const program = await startProgram({
        name: `peel ${id}`,
        argv: [...command('zester-peel'), `--config=${file}`],
        ...(alone ? {} : { ready: /"Ready"/ }),
      });
      const { restart } = program;
      const peel = stack.use(Object.assign(program, { id, ...folders }));
      peel.restart = () => heartbeatOf(nats, id, restart);
      peels.set(id, peel);
      if (!alone) await arena.online(id);
      return peel;
    },
    peel(id) {
      const peel = peels.get(id);
      if (peel === undefined) throw new Error(`The arena has no peel "${id}"`);
      return peel;
    },
    stolen: (id) => parseCredentials(readFileSync(join(arena.peel(id).authDir, memberFiles.credentials(id)), 'utf8')),
    enemy: (credentials) => openEnemy(nats, credentials),
    async decide(decision) {
      // Two of one moment would be one.
      const whole = {
        v: 1,
        action: 'approve',
        issuedAt: Date.now() + ++decisions / 1_000,
        ...decision,
      } as EnrollDecision;
      const reply = await bus.request(channels.enrollDecide, {}, signDecision(whole, admin));
      if (reply.error) throw new Error(`${reply.error.code}: ${reply.error.message}`);
      return reply;
    },
    async joinToken(wish = {}) {
      const { token } = await arena.decide({ action: 'token-create', tokenPeels: '*', ...wish });
      if (token === undefined) throw new Error('The master gave no token');
      return token;
    },
    dispatch: (wish) => dispatch({ keysOf: (id) => [readUserJwt(arena.stolen(id).jwt).key] }, bus, admin, wish),
    async run(target, name, wish = {}) {
      const asked = await arena.dispatch({ target, function: name, ...wish });
      await asked.done;
      return asked;
    },
    zester: (...argv) =>
      runProgram([...command('zester'), ...argv], {
        env: { NATS_URL: nats.url, NATS_CA_FILE: nats.caFile, ZESTER_CREDS: credentialsFile, HOME: dir },
      }),
    async online(id) {
      const isThere = async () => (await bus.request(channels.peel, {}, { peel: id })).peel?.online === true;
      await until(() => isThere().catch(() => false), `"${id}" is there`, 20_000);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  for (let count = 0; count < masterCount; count++) await arena.startMaster();
  await Promise.all(ids.map((id) => arena.startPeel(id)));
  return arena;
}

/** Presence remembers an earlier life for a while: only a heartbeat tells that a new one has come. */
async function heartbeatOf(nats: TestNats, peel: string, restart: () => Promise<void>): Promise<void> {
  const since = Date.now();
  let isHeard = false;
  await using bus = await testBus(nats, nats.credentials.master, 'watch');
  using _listening = bus.listen(channels.heartbeat, { peel }, ({ body: { state, startedAt } }) => {
    if (state === 'up' && startedAt >= since) isHeard = true;
  });
  await bus.flush();
  await restart();
  await until(() => isHeard, `"${peel}" is there again`, 20_000);
}
