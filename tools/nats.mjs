import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem } from './dependencies.mjs';

const oldest = [2, 10];
const built = 'v2.15.1';

/**
 * Path of a nats-server that is new enough: `$NATS_SERVER`, the one on the PATH, the project's own in `.tools`, one built
 * with Go, one from the operating system's package, in this order.
 */
export async function ensureNatsServer(root) {
  const named = process.env.NATS_SERVER;
  if (named) return requireNewEnough(named);

  const tools = join(root, '.tools');
  const own = join(tools, 'nats-server');
  const found = [...onPath('nats-server'), own].find(isNewEnough);
  if (found !== undefined) return found;

  mkdirSync(tools, { recursive: true });
  if (buildWithGo(tools) && isNewEnough(own)) return own;
  if (unpackDebian(tools) && isNewEnough(own)) return own;
  throw new Problem(
    `Cannot find a nats-server of version ${oldest.join('.')} or newer: there is none on the PATH, and neither Go nor this system's packages can provide one`,
    'Install it from https://github.com/nats-io/nats-server/releases (or "brew install nats-server", "apk add nats-server"), or set NATS_SERVER to its path',
  );
}

function requireNewEnough(path) {
  const version = versionOf(path);
  if (version === undefined) {
    throw new Problem(`Cannot use NATS_SERVER "${path}": it does not run`, 'Set it to the path of a nats-server');
  }
  if (isNewEnough(path)) return path;
  throw new Problem(
    `Cannot use NATS_SERVER "${path}": it is ${version.join('.')}, and ${oldest.join('.')} is needed`,
    'Set it to a newer nats-server, or unset it to have one built',
  );
}

function isNewEnough(path) {
  const version = versionOf(path);
  if (version === undefined) return false;
  return version[0] > oldest[0] || (version[0] === oldest[0] && version[1] >= oldest[1]);
}

/** `[2, 15]`, or undefined when there is nothing that runs. */
function versionOf(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return majorMinor(stdout?.match(/v(\d+\.\d+)/)?.[1]);
}

function majorMinor(text) {
  return text?.split('.', 2).map(Number);
}

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter(existsSync);
}

function buildWithGo(tools) {
  if (spawnSync('go', ['version']).status !== 0) return false;
  process.stderr.write(`Building nats-server ${built} with Go (once, about a minute)\n`);
  // Built under another name and renamed, so that an interrupted build leaves nothing that looks finished.
  const staging = join(tools, 'go');
  const { status, stderr } = spawnSync(
    'go',
    ['install', '-trimpath', '-ldflags=-s -w', `github.com/nats-io/nats-server/v2@${built}`],
    { encoding: 'utf8', env: { ...process.env, GOBIN: staging, CGO_ENABLED: '0' } },
  );
  if (status === 0) renameSync(join(staging, 'nats-server'), join(tools, 'nats-server'));
  else process.stderr.write(`Go could not build it: ${stderr}\n`);
  rmSync(staging, { recursive: true, force: true });
  return status === 0;
}

/** Debian and its family: the package is unpacked into `.tools`, not installed, so no rights are needed. */
function unpackDebian(tools) {
  const { stdout } = spawnSync('apt-cache', ['policy', 'nats-server'], { encoding: 'utf8' });
  const [major, minor] = majorMinor(stdout?.match(/Candidate: (?:\d+:)?(\d+\.\d+)/)?.[1]) ?? [0, 0];
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) return false;
  process.stderr.write(`Unpacking this system's package of nats-server ${major}.${minor}\n`);
  const staging = join(tools, 'apt');
  mkdirSync(staging, { recursive: true });
  const download = spawnSync('apt-get', ['download', 'nats-server'], { cwd: staging });
  const [archive] = readdirSync(staging);
  const unpack = archive && spawnSync('dpkg-deb', ['-x', archive, '.'], { cwd: staging });
  const done = download.status === 0 && unpack?.status === 0;
  const binary = ['usr/sbin/nats-server', 'usr/bin/nats-server'].map((path) => join(staging, path)).find(existsSync);
  if (done && binary !== undefined) renameSync(binary, join(tools, 'nats-server'));
  rmSync(staging, { recursive: true, force: true });
  return done && binary !== undefined;
}
