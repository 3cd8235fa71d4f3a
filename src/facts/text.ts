import type { Files } from '#machine/machine.ts';

/** A file's text; undefined when there is none. */
export async function textOf(files: Files, path: string): Promise<string | undefined> {
  const content = await files.read(path);
  return content && new TextDecoder().decode(content);
}

/** Share of a whole in percent, with one decimal. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10;
}
