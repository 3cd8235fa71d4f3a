import { didYouMean, ZesterError } from '#base/errors.ts';
import { command } from '../command.ts';

export const schema = command({
  name: 'schema',
  summary: 'JSON Schema of state, top or settings files, for editors',
  positionals: [{ name: 'kind', summary: 'state, top or settings', required: true }],
  examples: [{ title: 'A schema to point an editor to', line: 'schema state' }],
  bus: false,
  paged: true,
  async run({ kind }) {
    const { default: schemas } = await import('../schemas.json', { with: { type: 'json' } });
    const found = (schemas as Readonly<Record<string, unknown>>)[kind];
    if (found !== undefined) return found;
    const kinds = Object.keys(schemas);
    throw new ZesterError('usage', 'SCHEMA_UNKNOWN', `Cannot print the schema of "${kind}": there is no such file`, {
      hint: didYouMean(kind, kinds) ?? `There are ${kinds.join(', ')}`,
    });
  },
  show: (found) => `${JSON.stringify(found, null, 2)}\n`,
});
