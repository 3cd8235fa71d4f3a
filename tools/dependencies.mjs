import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something a person can mend: what could not be done, and what to do about it. */
export class Problem extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Installs what the lock asks for, unless it is there already; gives back the path of the Bun that belongs to it. */
export async function ensureDependencies(root) {
  const stampFile = join(root, 'node_modules', '.zester-stamp.json');
  const wanted = fingerprint(root);
  const stamp = readStamp(stampFile);
  if (stamp?.wanted === wanted && existsSync(stamp.bun)) return stamp.bun;

  install(root);
  const bun = findBun(root);
  writeFileSync(stampFile, `${JSON.stringify({ wanted, bun })}\n`);
  return bun;
}

/** What the installed tree depends on: the lock, what package.json asks for, and the platform. */
function fingerprint(root) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(JSON.stringify([dependencies, devDependencies, process.platform, process.arch, root]))
    .digest('hex');
}

function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function install(root) {
  process.stderr.write('Installing dependencies\n');
  // Not `npm ci`: it refuses a lock that lists the optional packages of some platforms only, and npm writes such locks.
  // `--no-save` keeps the lock as it is; no package needs its install script.
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  throw new Problem(
    'Cannot install the dependencies: "npm install" failed (see above)',
    'Check the network and "npm config get registry", then run this again',
  );
}

/**
 * Bun's package holds a placeholder that its install script replaces with the binary of the platform's own package.
 * That script does not run here, and where it did run it may have moved the binary: look in both places.
 */
function findBun(root) {
  const modules = join(root, 'node_modules');
  const places = [
    ...platforms().map((platform) => join(modules, '@oven', platform, 'bin', 'bun')),
    join(modules, 'bun', 'bin', 'bun.exe'),
  ];
  const bun = places.find((place) => isBinary(place) && spawnSync(place, ['--version']).status === 0);
  if (bun !== undefined) return bun;
  throw new Problem(
    `Cannot find a Bun that runs on ${process.platform} ${process.arch}: npm installed none`,
    `Remove node_modules and run this again; looked at ${places.join(', ')}`,
  );
}

function platforms() {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const base = `bun-${process.platform}-${arch}`;
  const isMusl = process.platform === 'linux' && !process.report?.getReport().header.glibcVersionRuntime;
  return isMusl ? [`${base}-musl`, `${base}-musl-baseline`] : [base, `${base}-baseline`];
}

function isBinary(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.size > 1_000_000;
}
