import { didYouMean, ZesterError } from '#base/errors.ts';
import { command } from '../command.ts';

export const schema = command({
  name: 'schema',
  summary: 'JSON Schema of state, top or settings files, for editors; or of what a command prints with --json',
  positionals: [
    {
      name: 'kind',
      summary: 'state, top, settings, error, event, or a command: job list',
      required: true,
      many: true,
      offers: ['state', 'top', 'settings', 'error', 'event'],
    },
  ],
  examples: [
    { title: 'A schema to point an editor to', line: 'schema state' },
    { title: 'What a program may rely on', line: 'schema job show' },
  ],
  bus: false,
  paged: true,
  async run({ kind }) {
    const { default: files } = await import('../schemas.json', { with: { type: 'json' } });
    const { jsonSchemas } = await import('../json/schema.ts');
    const all: Readonly<Record<string, unknown>> = { ...files, ...jsonSchemas() };
    const name = kind.join(' ').replaceAll(' ', '-');
    const found = all[name];
    if (found !== undefined) return found;
    const kinds = Object.keys(all);
    throw new ZesterError('usage', 'SCHEMA_UNKNOWN', `Cannot print the schema of "${kind.join(' ')}": there is none`, {
      hint: didYouMean(name, kinds) ?? `There are ${kinds.join(', ')}`,
    });
  },
  show: (found) => `${JSON.stringify(found, null, 2)}\n`,
});
