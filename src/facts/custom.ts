import { type Place, ZesterError } from '#base/errors.ts';
import { writtenNumbers, writtenValue } from '#base/written.ts';
import { fact } from '#kit/fact.ts';
import type { Files } from '#machine/machine.ts';
import { textOf } from './text.ts';

/** Where an administrator writes facts of their own: one YAML file, or a folder of them. */
export const customFacts = '/etc/zester/facts';

export const custom = fact({
  name: 'custom',
  summary: 'Facts an administrator wrote into /etc/zester/facts',
  returns:
    'Whatever the file holds, a mapping in YAML; in a folder all files, in order of their names, later ones winning. ' +
    'A key of a built-in fact takes its place',
  kind: 'identity',
  async read({ files }) {
    const facts = {};
    for (const path of await sources(files)) Object.assign(facts, await readMapping(files, path));
    return facts;
  },
  examples: [
    {
      title: 'Roles and a rack in one file',
      given: { files: { '/etc/zester/facts': 'roles: [web, db]\nrack:\n  row: 4\n' } },
      expect: { roles: ['web', 'db'], rack: { row: 4 } },
    },
    {
      title: 'A folder, where later names win and editors’ leftovers do not count',
      given: {
        files: {
          '/etc/zester/facts/10-site.yaml': 'site: berlin\nowner: ops\n',
          '/etc/zester/facts/20-owner.json': '{"owner": "web"}',
          '/etc/zester/facts/20-owner.json~': 'owner: nobody',
          '/etc/zester/facts/.hidden': 'owner: nobody',
        },
      },
      expect: { site: 'berlin', owner: 'web' },
    },
    { title: 'No file', given: {}, expect: {} },
    { title: 'An empty file', given: { files: { '/etc/zester/facts': '# nothing yet\n' } }, expect: {} },
  ],
});

async function sources(files: Files): Promise<readonly string[]> {
  const stat = await files.stat(customFacts);
  const isFolder = stat?.kind === 'directory' || (stat?.kind === 'symlink' && (await isDirectory(files)));
  if (!isFolder) return stat === undefined ? [] : [customFacts];
  const names = ((await files.list(customFacts)) ?? []).filter((name) => /^[^.].*[^~]$|^[^.~]$/.test(name));
  return names.map((name) => `${customFacts}/${name}`);
}

async function isDirectory(files: Files): Promise<boolean> {
  return (await files.list(`${customFacts}/.`).catch(() => undefined)) !== undefined;
}

async function readMapping(files: Files, path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = (await textOf(files, path)) ?? '';
  // Loaded here, since a machine without facts of its own should not pay for it.
  const { parseDocument, visit } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true, ...writtenNumbers });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const [place] = problem.linePos ?? [];
    throw invalid(
      path,
      problem.message.split('\n')[0] ?? problem.message,
      place && { file: path, line: place.line, column: place.col },
    );
  }
  const value = writtenValue(document, visit);
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(path, 'it is not a mapping of names to values');
  return value as Readonly<Record<string, unknown>>;
}

function invalid(path: string, reason: string, at?: Place): ZesterError {
  return new ZesterError('source', 'FACTS_INVALID', `Cannot read the facts in "${path}": ${reason}`, {
    at: at ?? { file: path, line: 1, column: 1 },
    hint: 'Write one "name: value" a line',
  });
}
