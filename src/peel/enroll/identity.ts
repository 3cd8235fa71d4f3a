import { hostname as systemHostname } from 'node:os';
import { join } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { isPeelId, type PeelId, toHuman, toWire } from '#base/ids.ts';
import { findBytes, findText, writeFile } from '#trust/files.ts';
import { createKey, type KeyKind, type KeyPair, keyFromSeed } from '#trust/nkeys.ts';
import { sumOf } from '../shared/records/frame.ts';

/** Who this peel is. The seeds never leave this machine. */
export interface Identity {
  readonly peel: PeelId;
  /** Its name on the bus, and what proves it. */
  readonly key: KeyPair;
  /** What settings are sealed for. */
  readonly curve: KeyPair;
}

export interface IdentitySources {
  readonly authDir: string;
  /** As the options say; wins over everything and is not pinned. */
  readonly id?: string | undefined;
  readonly hostname?: () => string;
  readonly hostsFile?: string;
}

/** Where the identity lies in the auth folder. */
export const identityFiles = {
  pinnedId: 'peel-id',
  seed: (peel: PeelId) => `${peel}.seed`,
  curveSeed: (peel: PeelId) => `${peel}.curve.seed`,
} as const;

/**
 * Settles who this peel is: once, for a host name may change and a fleet's memory of it must not. Keys are on disk
 * before anybody hears of them. Throws `PEEL_ID_INVALID`, `PEEL_ID_DAMAGED`, `HOSTNAME_UNUSABLE`, `KEY_INVALID`.
 */
export function resolveIdentity({ authDir, id, ...host }: IdentitySources): Identity {
  const peel = id === undefined ? pinnedId(authDir, host) : toWire(id);
  return {
    peel,
    key: keyIn(join(authDir, identityFiles.seed(peel)), 'user'),
    curve: keyIn(join(authDir, identityFiles.curveSeed(peel)), 'curve'),
  };
}

function pinnedId(authDir: string, host: Pick<IdentitySources, 'hostname' | 'hostsFile'>): PeelId {
  const file = join(authDir, identityFiles.pinnedId);
  const pinned = findBytes(file);
  if (pinned !== undefined) return readPin(file, pinned.toString());
  const peel = fromHostname(host);
  writeFile(file, `${peel}\n${sumLine(peel)}\n`);
  return peel;
}

/**
 * A flipped bit makes another valid id, and an id derived anew may be another, too: either would be a stranger to the
 * fleet. The line with the sum may be missing, when the file is older than sums or was written by hand.
 */
function readPin(file: string, text: string): PeelId {
  // Without the end of its line it may be the first half of an id.
  const [peel = '', sum] = text.split('\n');
  if (isPeelId(peel) && (sum === '' || sum === sumLine(peel))) return peel;
  throw new ZesterError(
    'machine',
    'PEEL_ID_DAMAGED',
    `Cannot read this peel's id in "${file}": it is not what we wrote`,
    {
      hint: 'Write the id alone into the file, in a line of its own, as "zester peel list" shows it, or set "id" in peel.yaml',
    },
  );
}

function sumLine(peel: PeelId): string {
  return `sum ${sumOf(Buffer.from(peel)).toString(16)}`;
}

function fromHostname({
  hostname = systemHostname,
  hostsFile = '/etc/hosts',
}: Pick<IdentitySources, 'hostname' | 'hostsFile'>): PeelId {
  const short = hostname().trim().toLowerCase().replace(/\.$/, '');
  const name = short.includes('.') ? short : (qualified(short, findText(hostsFile) ?? '') ?? short);
  // These are what a machine is called before anybody named it: two of them would be one peel.
  const nameless =
    name === '' || name === '(none)' || /^(localhost|ip6-localhost)\b/.test(name) || /^[\d.]+$/.test(name);
  if (nameless) throw unusable(name, 'it names no machine in particular');
  if (name.includes('_')) throw unusable(name, 'an underscore is how a dot travels');
  return toWire(name);
}

/** The full name the hosts file has for a short one, as `hostname -f` finds it. */
function qualified(short: string, hosts: string): string | undefined {
  for (const line of hosts.split('\n')) {
    const [, ...names] = (line.split('#')[0] ?? '').trim().toLowerCase().split(/\s+/);
    if (!names.includes(short)) continue;
    const full = names.find((each) => each.startsWith(`${short}.`));
    if (full !== undefined) return full;
  }
  return undefined;
}

function keyIn(file: string, kind: KeyKind): KeyPair {
  const seed = findText(file);
  if (seed === undefined) {
    const made = createKey(kind);
    writeFile(file, `${made.seed}\n`);
    return made;
  }
  const key = keyFromSeed(seed);
  if (key.kind === kind) return key;
  throw new ZesterError('machine', 'IDENTITY_KEY_KIND', `Cannot use the key in "${file}": it is of another kind`, {
    hint: 'Put the right file back; without it, remove this one, and the peel enrols anew',
  });
}

function unusable(name: string, reason: string): ZesterError {
  return new ZesterError(
    'source',
    'HOSTNAME_UNUSABLE',
    `Cannot derive the peel's id from the host name "${toHuman(name)}": ${reason}`,
    {
      hint: 'Set "id" in peel.yaml',
    },
  );
}
