import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** One step on the way to a master, and what came of it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** It works, and somebody should look. */
  readonly warn?: boolean;
  readonly detail: string;
  readonly hint?: string;
}

const timeoutMs = 5_000;
const defaultPort = 4222;

/** Name, port and certificate of one server, each told apart; the first that fails is the last. */
export async function diagnoseServer(server: string, ca: string | undefined): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const address = server.match(/^tls:\/\/(?:\[([^\]]+)\]|([^:/]+))(?::(\d+))?/);
  const host = address?.[1] ?? address?.[2];
  if (address === null || host === undefined) {
    return [{ name: 'address', ok: false, detail: `"${server}" is no TLS address`, hint: 'Write tls://host:4222' }];
  }
  const port = Number(address[3] ?? defaultPort);
  const at = `${host}:${port}`;

  try {
    const found = await lookup(host, { all: true });
    checks.push({ name: 'name', ok: true, detail: `${host} is ${found.map((each) => each.address).join(', ')}` });
  } catch (error) {
    const hint = 'Check the spelling, /etc/hosts and the resolver of this machine';
    return [{ name: 'name', ok: false, detail: `${host} cannot be resolved: ${codeOf(error)}`, hint }];
  }

  let socket: Socket;
  try {
    socket = await openSocket(host, port);
    checks.push({ name: 'port', ok: true, detail: `${at} is open` });
  } catch (error) {
    const refused = codeOf(error) === 'ECONNREFUSED';
    const hint = refused
      ? 'Nothing listens there: check that nats-server runs, and its port'
      : 'Check the route and firewalls between here and there';
    return [...checks, { name: 'port', ok: false, detail: `${at} cannot be reached: ${codeOf(error)}`, hint }];
  }

  socket.destroy();
  try {
    const secured = await secure({ host, port }, host, ca).catch(async (error: unknown) => {
      // Certificates are judged in either order; anything else may be a server that speaks before the handshake.
      if (isCertificate(error)) throw error;
      return secure({ socket: await greeted(host, port), host }, host, ca);
    });
    const { valid_to: until, subject } = secured.getPeerCertificate();
    const name = [subject?.CN].flat().join(', ');
    const detail = `${name || host}, until ${until}, ${secured.getProtocol() ?? 'TLS'}`;
    checks.push({ name: 'certificate', ok: true, detail });
    secured.destroy();
  } catch (error) {
    const hint = isCertificate(error)
      ? certificateHint(codeOf(error), host, ca)
      : 'Check that this is the port of nats-server';
    checks.push({ name: 'certificate', ok: false, detail: (error as Error).message, hint });
  }
  return checks;
}

/** What the operator's own JWT says of its time. */
export function diagnoseCredentials(jwt: string, nowMs: number): Check {
  const payload = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
    name?: string;
    exp?: number;
  };
  const name = payload.name ?? 'unnamed';
  if (payload.exp === undefined) return { name: 'credentials', ok: true, detail: `${name}, without an end` };
  const end = new Date(payload.exp * 1_000);
  const isOver = end.getTime() <= nowMs;
  return {
    name: 'credentials',
    ok: !isOver,
    detail: `${name}, ${isOver ? 'expired' : 'until'} ${end.toISOString()}`,
    ...(isOver ? { hint: 'Make new ones with "zester nats-auth add"' } : {}),
  };
}

/** Requests are refused when clocks are minutes apart: say so before they are. */
export function diagnoseClock(masterMs: number, sentMs: number, receivedMs: number): Check {
  const skew = Math.round(masterMs - (sentMs + receivedMs) / 2);
  const apart = `${Math.abs(skew) < 1_000 ? `${Math.abs(skew)}ms` : `${Math.round(Math.abs(skew) / 1_000)}s`}`;
  const ok = Math.abs(skew) < 30_000;
  return {
    name: 'clock',
    ok,
    detail: `the master is ${apart} ${skew < 0 ? 'behind' : 'ahead'}`,
    ...(ok ? {} : { hint: 'Set both clocks by NTP: signed requests expire within minutes' }),
  };
}

function openSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, timeout: timeoutMs }, () => resolve(socket));
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
    socket.once('error', reject);
  });
}

/** A server without `handshake_first` greets in clear, and expects the handshake then. */
async function greeted(host: string, port: number): Promise<Socket> {
  const socket = await openSocket(host, port);
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new Error('it speaks neither TLS nor NATS'));
    const timer = setTimeout(refuse, 1_000);
    socket.once('error', refuse);
    socket.once('data', (data) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      if (data.toString('latin1').startsWith('INFO ')) resolve(socket);
      else refuse();
    });
  });
}

type Place = { readonly host: string; readonly port: number } | { readonly socket: Socket; readonly host: string };

function secure(place: Place, host: string, ca: string | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const trust = ca === undefined ? {} : { ca };
    // An address is no server name, but it is what the certificate has to carry.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const secured = connectTls({ ...place, ...name, ...trust, minVersion: 'TLSv1.3', timeout: timeoutMs }, () => {
      if (secured.authorized) resolve(secured);
      else reject(secured.authorizationError ?? new Error('the certificate is not trusted'));
    });
    secured.once('timeout', () => secured.destroy(new Error('the TLS handshake timed out')));
    secured.once('error', reject);
  });
}

function isCertificate(error: unknown): boolean {
  return /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO|certificate/i.test(`${codeOf(error)} ${(error as Error).message}`);
}

function certificateHint(code: string, host: string, ca: string | undefined): string {
  if (code === 'CERT_HAS_EXPIRED') return 'Renew it with "zester ca issue nats-server"';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `Issue it for the name "${host}", or use a name it carries`;
  return ca === undefined
    ? 'Give the CA that issued it with --ca'
    : 'The CA given is not the one that issued it: compare with "zester ca fingerprint"';
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}

/** Stores that were lost are made again by masters; what was in them may not be. */
export function diagnoseStores(said: {
  readonly recreated: readonly { readonly store: string; readonly at: number; readonly note: string }[];
  readonly full: number;
}): Check[] {
  const lost = said.recreated.map(({ store, at, note }): Check => {
    const detail = `${store} was gone at ${new Date(at).toISOString()} and was made again: ${note}`;
    return { name: 'stores', ok: true, warn: true, detail };
  });
  if (said.full === 0) return lost;
  const detail = `a store is full: ${said.full} writes were refused within a minute, and no job is accepted`;
  const hint = 'Give the stream, the account or the disk of the NATS servers more room';
  return [...lost, { name: 'stores', ok: false, detail, hint }];
}
