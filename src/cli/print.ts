import type { ZesterError } from '#base/errors.ts';
import { jsonText } from '#base/visible.ts';
import type { Command } from './command.ts';
import { findText } from './files.ts';
import { showError } from './report/error.ts';
import { exitOfError } from './report/exit.ts';
import { printable } from './report/shown.ts';
import type { Style } from './report/style.ts';
import type { Format } from './session.ts';

export interface Manner {
  readonly format: Format;
  /** Events were printed as they happened. */
  readonly streams: boolean;
  readonly quiet: boolean;
  readonly style: Style;
}

/** What is left to print of a command's value. */
export async function printed(
  command: Command,
  value: unknown,
  { format, streams, quiet, style }: Manner,
): Promise<string> {
  if (streams) return '';
  if (format === 'text') {
    const text = printable(command.showRest(value, style), style.colour);
    return quiet && command.documents ? '' : text;
  }
  const shown = await publishedValue(command, value);
  if (format === 'json') return `${jsonText(shown, 2)}\n`;
  const { yamlText } = await import('./report/yaml.ts');
  if (!command.documents || !Array.isArray(shown)) return yamlText(shown);
  return (await Promise.all(shown.map(async (each) => `---\n${await yamlText(each)}`))).join('');
}

async function publishedValue(command: Command, value: unknown): Promise<unknown> {
  const [{ outputs }, { published }] = await Promise.all([import('./json/registry.ts'), import('#wire/json/shape.ts')]);
  const schema = outputs[command.name];
  const plain = command.plain(value);
  return schema === undefined ? plain : published(schema, plain);
}

/** An error as the command line wants to have it: a program is given the same fields wherever it happened. */
export async function printedError(
  error: ZesterError,
  { format, style }: Omit<Manner, 'quiet' | 'streams'>,
): Promise<string> {
  if (format === 'text') return printable(showError(error, style, findText), style.colour);
  const { errorDocument } = await import('#wire/json/error.ts');
  const document = errorDocument(error);
  if (format === 'json') return `${jsonText(document, 2)}\n`;
  const { yamlText } = await import('./report/yaml.ts');
  return yamlText(document);
}

/** The same as the last event of a stream. */
export async function errorEvent(error: ZesterError, now: number): Promise<string> {
  const [{ eventLine }, { errorDocument }] = await Promise.all([
    import('./json/events.ts'),
    import('#wire/json/error.ts'),
  ]);
  return eventLine('error', { ...errorDocument(error), exitCode: exitOfError(error) }, now);
}
