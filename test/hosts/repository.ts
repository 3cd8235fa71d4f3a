import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';

export interface DebPackage {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  readonly provides?: string;
  /** Path → content. */
  readonly files?: Readonly<Record<string, string>>;
  /** Those of the files that are configuration. */
  readonly conffiles?: readonly string[];
  /** Maintainer scripts: `postinst`, `prerm`… */
  readonly scripts?: Readonly<Record<string, string>>;
}

const place = '/srv/zester-repository';

/**
 * Makes a repository of small packages inside a host, and the only one its apt knows: nothing needs a network.
 * Returns where the package files are: `zt-plain_1.0.deb`.
 */
export async function debRepository(host: Host, packages: readonly DebPackage[]): Promise<string> {
  const folder = join(host.root, place);
  fs.mkdirSync(folder, { recursive: true });
  const paragraphs = [];
  for (const each of packages) paragraphs.push(await build(host, each));
  publish(folder, paragraphs);
  useOnly(host);
  return place;
}

/** Adds to what a repository offers; a refresh shows it. */
function publish(folder: string, paragraphs: readonly string[]): void {
  const index = `${paragraphs.join('\n')}\n`;
  fs.writeFileSync(join(folder, 'Packages'), index);
  const sha256 = createHash('sha256').update(index).digest('hex');
  const release = ['Origin: zester', 'Suite: test', `Date: ${new Date().toUTCString()}`, 'SHA256:'];
  fs.writeFileSync(join(folder, 'Release'), [...release, ` ${sha256} ${index.length} Packages`, ''].join('\n'));
}

async function build(host: Host, deb: DebPackage): Promise<string> {
  const file = `${deb.name}_${deb.version}.deb`;
  const source = `${place}/${deb.name}-${deb.version}`;
  const at = (path: string) => join(host.root, source, path);
  const control = [
    `Package: ${deb.name}`,
    `Version: ${deb.version}`,
    'Architecture: all',
    'Maintainer: Zester <test@example.invalid>',
    ...(deb.depends === undefined ? [] : [`Depends: ${deb.depends}`]),
    ...(deb.provides === undefined ? [] : [`Provides: ${deb.provides}`]),
    'Description: a package for tests',
  ];
  fs.mkdirSync(at('DEBIAN'), { recursive: true });
  fs.writeFileSync(at('DEBIAN/control'), `${control.join('\n')}\n`);
  if (deb.conffiles !== undefined) fs.writeFileSync(at('DEBIAN/conffiles'), `${deb.conffiles.join('\n')}\n`);
  for (const [name, text] of Object.entries(deb.scripts ?? {})) {
    fs.writeFileSync(at(`DEBIAN/${name}`), text, { mode: 0o755 });
  }
  for (const [path, content] of Object.entries({ [`/usr/share/${deb.name}/version`]: deb.version, ...deb.files })) {
    fs.mkdirSync(at(join(path, '..')), { recursive: true });
    fs.writeFileSync(at(path), content);
  }
  const built = await host.run(['dpkg-deb', '-Znone', '--root-owner-group', '--build', source, `${place}/${file}`]);
  if (built.code !== 0) throw new Error(`Cannot build ${file}: ${built.stderr}`);
  fs.rmSync(join(host.root, source), { recursive: true });
  const content = fs.readFileSync(join(host.root, place, file));
  const sha256 = createHash('sha256').update(content).digest('hex');
  return [...control, `Filename: ./${file}`, `Size: ${content.length}`, `SHA256: ${sha256}`, ''].join('\n');
}

function useOnly(host: Host): void {
  const apt = join(host.root, '/etc/apt');
  for (const folder of ['sources.list.d', 'preferences.d']) {
    fs.rmSync(join(apt, folder), { recursive: true, force: true });
    fs.mkdirSync(join(apt, folder));
  }
  fs.writeFileSync(join(apt, 'sources.list'), `deb [trusted=yes] file:${place} ./\n`);
  const lists = join(host.root, '/var/lib/apt/lists');
  for (const name of fs.readdirSync(lists)) fs.rmSync(join(lists, name), { recursive: true });
}
