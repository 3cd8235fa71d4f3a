/** How text may look: decided once from flags, environment and terminal, then passed to every `show`. */
export interface Style {
  readonly colour: boolean;
  /** Columns of the terminal; tables and wrapped text keep to it. */
  readonly width: number;
  /** For ages such as `3m ago`. */
  readonly nowMs: number;
}

export const plainStyle: Style = { colour: false, width: 100, nowMs: 0 };

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

/** Columns a text takes, colour codes not counted. */
export function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour code
  return [...text.replaceAll(/\u001b\[\d+m/g, '')].length;
}
