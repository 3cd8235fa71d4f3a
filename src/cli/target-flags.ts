import { ZesterError } from '#base/errors.ts';
import { camel, type Flag } from '#base/options.ts';

/** How Salt's users say what kind of expression a target is; without one it is read as it is written: `G@os.family:debian`. */
const kinds = [
  { name: 'pcre', short: 'E', summary: 'The target is a regular expression over ids, from their start' },
  { name: 'list', short: 'L', summary: 'The target is a list of ids: a,b' },
  { name: 'grain', short: 'G', summary: 'The target is a fact and its value: os.family:debian' },
  { name: 'grain-pcre', short: 'P', summary: 'The target is a fact and a regular expression' },
  { name: 'pillar', short: 'I', summary: 'The target is a setting and its value' },
  { name: 'pillar-pcre', short: 'J', summary: 'The target is a setting and a regular expression' },
  { name: 'ipcidr', short: 'S', summary: 'The target is an address or a network' },
  { name: 'nodegroup', short: 'N', summary: 'The target is a nodegroup' },
  { name: 'compound', short: 'C', summary: 'The target is an expression of several, which it may be anyway' },
] as const;

export const targetFlags = kinds.map((each) => ({ ...each, type: 'bool' })) satisfies readonly Flag[];

/** The target as an expression, whatever flag says what it is. Throws `TARGET_KINDS`. */
export function targetOf(written: string, input: Readonly<Record<string, unknown>>): string {
  const given = kinds.filter(({ name }) => input[camel(name)] === true);
  const [kind, other] = given;
  if (kind === undefined) return written;
  if (other !== undefined) {
    throw new ZesterError(
      'usage',
      'TARGET_KINDS',
      `Cannot read the target "${written}": -${kind.short} and -${other.short} are two kinds`,
      {
        hint: `Join them in one expression: '${kind.short}@… and ${other.short}@…'`,
      },
    );
  }
  if (kind.short === 'C') return written;
  // Salt's regular expressions match from the start, ours anywhere.
  const value = kind.short === 'E' && !written.startsWith('^') ? `^(?:${written})` : written;
  return `${kind.short}@${/^[\w.:*?,/@-]+$/.test(value) ? value : `"${value.replaceAll('"', '\\"')}"`}`;
}
