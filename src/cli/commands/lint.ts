import { ZesterError } from '#base/errors.ts';
import { readYaml } from '#base/written.ts';
import type { LintReport } from '#lint/folders.ts';
import { command } from '../command.ts';
import { readText } from '../files.ts';
import { exitCodes } from '../report/exit.ts';
import { showFindings } from '../report/lint.ts';

type Answer = LintReport & { readonly strict: boolean };

export const lint = command({
  name: 'lint',
  summary: 'What is wrong with a state tree, found without a machine',
  notes: [
    'Reads the whole tree: every state file, top file, template and managed file, also where no machine comes by. Compiles every file as machines of several distributions would.',
    'What depends on a setting nobody gave is a note, not an error: give the settings with --settings.',
    'A comment silences a finding in its line: # zester-lint: ignore CODE, or {# lint: ignore CODE #}. The codes are explained by "zester explain CODE".',
    'Exit code 0: nothing to mend. 2: errors, or with --strict warnings.',
  ],
  positionals: [{ name: 'tree', summary: 'Folder of the state tree', required: true }],
  flags: [
    { name: 'settings', summary: 'Folder of the settings, which are judged, too', type: 'string' },
    {
      name: 'facts',
      summary:
        'YAML file of facts: those of a machine to judge for, or some that every machine has; given again, another',
      type: 'list',
    },
    { name: 'machine', summary: 'Judge for this sample machine only; given again, for several', type: 'list' },
    { name: 'env', summary: 'Folder of a further environment, dev=/srv/dev', type: 'map', default: {} },
    {
      name: 'link-dirs',
      summary: 'Folders outside of the tree that its links may lead into, as "link_dirs" of the master says',
      type: 'list',
    },
    { name: 'strict', summary: 'Warnings count as errors', type: 'bool' },
  ],
  examples: [
    { title: 'A tree', line: 'lint /srv/zester/states' },
    { title: 'With its settings', line: 'lint states --settings settings --strict' },
    { title: 'For two kinds of machines', line: 'lint states --machine debian --machine rocky' },
    { title: 'For a program', line: 'lint states --format json' },
  ],
  bus: false,
  paged: true,
  async run({ tree, settings, facts, machine, env, linkDirs, strict }, { quiet }): Promise<Answer> {
    const { lintFolders } = await import('#lint/folders.ts');
    const given = await Promise.all(facts.map(readFacts));
    const environments = Object.fromEntries(Object.entries(env).map(([name, folder]) => [name, String(folder)]));
    const report = lintFolders({ folder: tree, settings, facts: given, machines: machine, environments, linkDirs });
    const findings = quiet ? report.findings.filter(({ severity }) => severity !== 'note') : report.findings;
    return { ...report, findings, strict };
  },
  show: (report, style) => showFindings(report, style),
  plain: ({ findings, files, machines }) => ({ findings, files, machines }),
  exit: ({ findings, strict }) =>
    findings.some(({ severity }) => severity === 'error' || (strict && severity === 'warning'))
      ? exitCodes.failed
      : exitCodes.ok,
});

/** Facts as `zester <peel> facts.items --yaml` prints them, or as an administrator writes them. */
async function readFacts(path: string) {
  const facts = await parseYaml(path);
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) throw unusable(path, 'they are not a map');
  const name = path.replace(/^.*\//, '').replace(/\.\w+$/, '');
  return { name, facts: facts as Readonly<Record<string, unknown>> };
}

async function parseYaml(path: string): Promise<unknown> {
  const parse = await readYaml();
  const text = readText(path);
  try {
    return parse(text);
  } catch (error) {
    throw unusable(path, (error as Error).message.split('\n')[0] ?? '');
  }
}

function unusable(path: string, reason: string): ZesterError {
  return new ZesterError('usage', 'FACTS_UNUSABLE', `Cannot use the facts of "${path}": ${reason}`, {
    hint: 'Write "role: web", or what "zester <peel> facts.items --yaml" prints',
  });
}
