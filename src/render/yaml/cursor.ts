import { ZesterError } from '#base/errors.ts';
import type { SourceMap } from '../source-map.ts';

/** A position in a text that is being scanned, and the questions scanners ask about the characters there. */
export class Cursor {
  readonly text: string;
  readonly map: SourceMap;
  index = 0;
  line = 0;
  /** Where the current line begins; the column is the distance from it. */
  lineStart = 0;

  constructor(text: string, map: SourceMap) {
    this.text = text;
    this.map = map;
  }

  get column(): number {
    return this.index - this.lineStart;
  }

  /** The UTF-16 unit `ahead` of here; NaN past the end. */
  code(ahead = 0): number {
    return this.text.charCodeAt(this.index + ahead);
  }

  atEnd(): boolean {
    return this.index >= this.text.length;
  }

  /** Moves over the line break here: `\r\n`, `\n`, `\r`, NEL, LS or PS. Returns it as it counts in a value. */
  skipBreak(): string {
    const code = this.code();
    this.index += code === 13 && this.code(1) === 10 ? 2 : 1;
    this.line++;
    this.lineStart = this.index;
    return code === 0x2028 || code === 0x2029 ? String.fromCharCode(code) : '\n';
  }

  /** `---` or `...` followed by white space, at the start of a line. */
  atDocumentMark(mark: number): boolean {
    return (
      this.column === 0 &&
      this.code() === mark &&
      this.code(1) === mark &&
      this.code(2) === mark &&
      isBlankOrEnd(this.code(3))
    );
  }

  error(reason: string, hint: string, offset = this.index): ZesterError {
    return yamlError(reason, this.map, offset, hint);
  }
}

export function yamlError(reason: string, map: SourceMap, offset: number, hint: string): ZesterError {
  const at = map.at(offset);
  return new ZesterError('source', 'YAML_SYNTAX', `Cannot read "${at.file}" as YAML: ${reason}`, { at, hint });
}

export function isBreak(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
}

export function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** White space, a line break, or the end of the text. */
export function isBlankOrEnd(code: number): boolean {
  return code === 32 || code === 9 || Number.isNaN(code) || isBreak(code);
}

export function isBreakOrEnd(code: number): boolean {
  return Number.isNaN(code) || isBreak(code);
}
