/** Where each kind lives, and where it is registered. */
export const kinds = {
  state: { folder: 'src/modules', registry: 'src/modules/registry.ts' },
  function: { folder: 'src/modules', registry: 'src/modules/registry.ts' },
  fact: { folder: 'src/facts', registry: 'src/facts/registry.ts' },
} as const;

export type Kind = keyof typeof kinds;

/** The text of a new file, with an example that fails until somebody fills it in. */
export function blank(kind: Kind, name: string): string {
  const [subject = name, verb = ''] = name.split('.');
  const identifier = verb.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (kind === 'fact') return factText(name);
  return kind === 'state' ? stateText(subject, name, identifier) : functionText(subject, name, identifier);
}

/** The registry with the subject in it, in its place in the alphabet. */
export function register(kind: Kind, subject: string, text: string): string {
  const line =
    kind === 'fact'
      ? `import { ${subject} } from './${subject}.ts';`
      : `import * as ${subject} from './${subject}.ts';`;
  const lines = text.split('\n');
  const imports = lines
    .map((each, index) => ({ each, index }))
    .filter(({ each }) => /^import .* from '\.\//.test(each));
  const next = imports.find(({ each }) => moduleOf(each) > moduleOf(line))?.index ?? (imports.at(-1)?.index ?? -1) + 1;
  lines.splice(next, 0, line);
  return lines.join('\n').replace(/(= \[)([^\]]*)(\])/, (_, open: string, names: string, close: string) => {
    const all = [
      ...names
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
      subject,
    ].toSorted();
    const short = `${open}${all.join(', ')}${close}`;
    return short.length < 60 ? short : `${open}\n${all.map((each) => `  ${each},\n`).join('')}${close}`;
  });
}

function moduleOf(line: string): string {
  return /from '(.*)'/.exec(line)?.[1] ?? '';
}

function stateText(subject: string, name: string, identifier: string): string {
  return `import * as z from 'zod';
import { differences } from '#kit/changes.ts';
import { state } from '#kit/state.ts';

export const ${identifier} = state({
  name: '${name}',
  summary: 'Ensure …',
  args: z.object({
    name: z.string().describe('Name of the ${subject}').meta({ primary: true }),
  }),
  async check({ name }, { files }) {
    const stat = await files.stat(\`/…/\${name}\`);
    return differences({ exists: true }, { exists: stat !== undefined });
  },
  async apply(changes, { name }, { files }) {
    if (changes.exists) await files.makeDirectory(\`/…/\${name}\`);
  },
  async revert(_changes, { name }, { files }) {
    await files.remove(\`/…/\${name}\`);
  },
  examples: [
    { title: 'A ${subject} to make', args: { name: 'x' }, expect: { exists: { from: false, to: true } } },
    { title: 'A ${subject} that is already so', args: { name: 'x' }, given: {}, expect: {} },
  ],
});
`;
}

function functionText(subject: string, name: string, identifier: string): string {
  return `import * as z from 'zod';
import { moduleFunction } from '#kit/function.ts';

export const ${identifier} = moduleFunction({
  name: '${name}',
  summary: 'What …',
  args: z.object({
    name: z.string().describe('Name of the ${subject}').meta({ primary: true }),
  }),
  returns: 'Text of …',
  changes: false,
  async run({ name }, { files }) {
    return (await files.stat(\`/…/\${name}\`)) !== undefined;
  },
  examples: [{ title: 'A ${subject} that is there', args: { name: 'x' }, given: {}, expect: true }],
});
`;
}

function factText(name: string): string {
  return `import { fact } from '#kit/fact.ts';

export const ${name} = fact({
  name: '${name}',
  summary: 'What …',
  returns: '\`${name}\`: text of …',
  kind: 'identity',
  async read({ files }) {
    return { ${name}: (await files.read('/…')) === undefined ? 'none' : 'some' };
  },
  examples: [{ title: 'A machine with it', given: {}, expect: { ${name}: 'some' } }],
});
`;
}
