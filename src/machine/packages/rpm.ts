import { packageFileInvalid } from '../errors.ts';
import type { CommandResult } from '../machine.ts';
import { noMemory } from '../memory.ts';
import type { Tools } from '../provider.ts';
import { packageFailure } from './failure.ts';

const format = '%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\n';

/**
 * Installed packages of an rpm database, by name or by what they provide. A name with several versions (kernels)
 * has the one installed last.
 */
export async function rpmInstalled(
  { commands, memory = noMemory }: Pick<Tools, 'commands' | 'memory'>,
  names?: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return memory.recall(`rpm ${names?.join(' ')}`, () => queryInstalled({ commands }, names));
}

/** What a package file holds; rpm reads it from a path, or from its input. */
export async function rpmFile({ commands }: Pick<Tools, 'commands'>, file: string | Uint8Array) {
  const isPath = typeof file === 'string';
  const argv = ['rpm', '--query', '--queryformat', format, '--package', isPath ? file : '/dev/stdin'] as const;
  const result = await commands.run(argv, { env: { LC_ALL: 'C' }, ...(isPath ? {} : { input: file }) });
  const [found] = parseRpm(result.stdout);
  if (result.code === 0 && found !== undefined) return { name: found[0], version: found[1] };
  throw packageFileInvalid(isPath ? file : 'the file', { stderr: result.stderr });
}

async function queryInstalled(
  { commands }: Pick<Tools, 'commands'>,
  names: readonly string[] | undefined,
): Promise<ReadonlyMap<string, string>> {
  const ask = (argv: readonly [string, ...string[]]) => commands.run(argv, { env: { LC_ALL: 'C' } });
  if (names === undefined)
    return parseRpm(checked(await ask(['rpm', '--query', '--all', '--queryformat', format])).stdout);
  if (names.length === 0) return new Map();
  // The exit code counts the names that are not there; their lines have no tabs.
  const found = new Map(parseRpm((await ask(['rpm', '--query', '--queryformat', format, '--', ...names])).stdout));
  for (const name of names.filter((each) => !found.has(each))) {
    const providers = parseRpm(
      (await ask(['rpm', '--query', '--whatprovides', '--queryformat', format, '--', name])).stdout,
    );
    const version = [...providers.values()][0];
    if (version !== undefined) found.set(name, version);
  }
  return found;
}

/** Lines of name, epoch and version, as rpm and dnf print them when asked so. */
export function parseRpm(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [name = '', epoch, version] = line.split('\t');
    if (version !== undefined) found.set(name, fullVersion(epoch, version));
  }
  return found;
}

/** The same where a name stands with several versions. */
export function parseRpmVersions(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [name = '', epoch, version] = line.split('\t');
    if (version === undefined) continue;
    const versions = found.get(name) ?? [];
    found.set(name, versions);
    versions.push(fullVersion(epoch, version));
  }
  return found;
}

/** An epoch of 0 is not written. */
export function fullVersion(epoch: string | undefined, version: string): string {
  return epoch === undefined || epoch === '0' || epoch === '' || epoch === '(none)' ? version : `${epoch}:${version}`;
}

function checked(result: CommandResult): CommandResult {
  if (result.code !== 0) throw packageFailure('read the installed packages', result, []);
  return result;
}
