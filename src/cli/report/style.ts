/** How text may look: decided once from flags, environment and terminal, then passed to every `show`. */
export interface Style {
  readonly colour: boolean;
  /** Columns of the terminal; tables and wrapped text keep to it. */
  readonly width: number;
  /** True when a person reads it on a terminal: what is too wide is cut there, and never in a pipe. */
  readonly terminal?: boolean;
  /** For ages such as `3m ago`. */
  readonly nowMs: number;
  /** Everything, also what nobody has to look at. */
  readonly verbose: boolean;
}

export const plainStyle: Style = { colour: false, width: 100, nowMs: 0, verbose: false };

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

export type Paint = keyof typeof codes;

/** The text in a colour, when the style has colours. */
export function paint(style: Style, how: Paint, text: string): string {
  return style.colour && text !== '' ? `\u001b[${codes[how]}m${text}\u001b[0m` : text;
}

export interface ColourWishes {
  readonly noColor: boolean;
  readonly forceColor: boolean;
  readonly terminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `--no-color` beats `--force-color` beats `NO_COLOR` beats whether it is a terminal. */
export function wantsColour({ noColor, forceColor, terminal, environment }: ColourWishes): boolean {
  if (noColor) return false;
  if (forceColor) return true;
  if (environment.NO_COLOR) return false;
  return terminal && environment.TERM !== 'dumb';
}

interface Runtime {
  stringWidth(text: string): number;
}

const { Bun: runtime } = globalThis as unknown as { readonly Bun: Runtime };

/** Columns a text takes: wide characters take two, marks above others and colour codes none. */
export function widthOf(text: string): number {
  return runtime.stringWidth(text);
}

/** The text, or as much of its beginning as fits beside the mark that there is more. Without colours. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  let kept = '';
  let width = 0;
  for (const { segment } of letters.segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns > 0 ? `${kept}…` : '';
}
