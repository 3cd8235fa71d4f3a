/**
 * Writes the reference: `docs/reference/`, the JSON files of `src/cli/` for a program that does not load the modules, and
 * where each module is, for one that loads only what it uses.
 * `--check` writes nothing and fails when a file is out of step.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jsonSchemas } from '#cli/json/schema.ts';
import { allCommands } from '#cli/registry.ts';
import { topics } from '#cli/topics.ts';
import { commonArguments } from '#engine/common-arguments.ts';
import { stateFunctions } from '#engine/state-functions.ts';
import { type DescribedFunction, describeAll, describeArguments, describeFact } from '#kit/describe.ts';
import type { FactDefinition } from '#kit/fact.ts';
import { rules } from '#lint/rules/registry.ts';
import { registry } from '#modules/registry.ts';
import { ambiguous, collectErrors, errorsPage } from './docs/errors.ts';
import { homesFile } from './docs/homes.ts';
import { lintPage, ruleRecord } from './docs/lint.ts';
import { channelsPage, optionsFile } from './docs/manual.ts';
import { commandsPage, commonPage, factsPage, indexPage, manualPage, subjectPages } from './docs/pages.ts';
import { settingsFileSchema, stateFileSchema, topFileSchema } from './docs/schema.ts';

const root = join(import.meta.dirname, '..');
const folder = 'docs/reference';

const errors = collectErrors(sources());
const written = await reference();
const mistakes = ambiguous(errors);
const stale = [...existing()].filter((path) => !written.has(path));
const unlike = [...written].filter(([path, text]) => textAt(path) !== text).map(([path]) => path);

if (process.argv.includes('--check')) {
  for (const path of unlike) console.error(`${path}: is out of step`);
  for (const path of stale) console.error(`${path}: describes nothing that is there`);
  if (unlike.length + stale.length > 0) console.error('Run "npm run docs" and commit what it writes');
} else {
  for (const path of stale) rmSync(join(root, path));
  for (const path of unlike) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), written.get(path) ?? '');
  }
  console.log(`${written.size} files, ${unlike.length} written, ${stale.length} removed`);
}
for (const mistake of mistakes) console.error(mistake);
const isChecked = process.argv.includes('--check');
process.exitCode = mistakes.length > 0 || (isChecked && unlike.length + stale.length > 0) ? 1 : 0;

/** Path → text of everything that is generated. */
async function reference(): Promise<ReadonlyMap<string, string>> {
  const functions = new Map<string, DescribedFunction>([...registry.functions, ...stateFunctions]);
  const records = describeAll({ ...registry, functions });
  const facts = (await factDefinitions()).map(describeFact);
  const pages = [
    ['states', subjectPages(records.filter(({ kind }) => kind === 'state'))],
    ['functions', subjectPages(records.filter(({ kind }) => kind === 'function'))],
  ] as const;
  const common = describeArguments(commonArguments);
  const schemas = { state: stateFileSchema(registry), top: topFileSchema(), settings: settingsFileSchema() };
  return new Map([
    ['src/modules/homes.ts', await homesFile()],
    ['src/cli/reference.json', json({ modules: records, facts, common })],
    [`${folder}/README.md`, indexPage(records, facts)],
    ...pages.flatMap(([kind, all]) => all.map(([subject, text]) => [`${folder}/${kind}/${subject}.md`, text] as const)),
    [`${folder}/facts.md`, factsPage(facts)],
    [`${folder}/errors.md`, errorsPage(errors)],
    [`${folder}/common.md`, commonPage(common)],
    [`${folder}/lint.md`, lintPage(rules)],
    [`${folder}/commands.md`, commandsPage(await allCommands())],
    ...[...topics, optionsFile, channelsPage].map((page) => [`${folder}/${page.name}.md`, manualPage(page)] as const),
    [
      'src/cli/explanations.json',
      json({
        errors: errors.map(({ files: _files, claims: _claims, ...each }) => each),
        rules: rules.map(ruleRecord),
      }),
    ],
    ['src/cli/schemas.json', json(schemas)],
    ...Object.entries(jsonSchemas()).map(
      ([name, schema]) => [`${folder}/schemas/json/${name}.schema.json`, json(schema, 2)] as const,
    ),
    ...Object.entries(schemas).map(
      ([kind, schema]) => [`${folder}/schemas/${kind}-file.schema.json`, json(schema, 2)] as const,
    ),
  ]);
}

function json(value: unknown, indent = 1): string {
  return `${JSON.stringify(value, null, indent)}\n`;
}

async function factDefinitions(): Promise<readonly FactDefinition[]> {
  const path = join(root, 'src/facts/registry.ts');
  if (!existsSync(path)) return [];
  const exported: Readonly<Record<string, unknown>> = await import(path);
  const list = Object.values(exported).find((each): each is FactDefinition[] => Array.isArray(each));
  return (list ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Path → text of every source file that is not a test. */
function sources(): ReadonlyMap<string, string> {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts')).toSorted();
  return new Map(files.map((path) => [`src/${path}`, readFileSync(join(root, 'src', path), 'utf8')]));
}

function existing(): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name).slice(root.length + 1));
}

function textAt(path: string): string | undefined {
  const place = join(root, path);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}
