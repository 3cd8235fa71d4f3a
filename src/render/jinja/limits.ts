/** What one rendering may use up before it is refused with `TEMPLATE_LIMIT`. */
export interface Limits {
  /** Loop turns, all loops together. */
  readonly iterations: number;
  /** Characters, of the output and of any one text made on the way. */
  readonly outputSize: number;
  /** Macros, includes and recursive loops inside one another. */
  readonly depth: number;
  /** Wall-clock time of the rendering, host functions left out. */
  readonly timeMs: number;
}

export const defaultLimits: Limits = { iterations: 1_000_000, outputSize: 32_000_000, depth: 200, timeMs: 10_000 };
