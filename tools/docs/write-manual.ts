import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { roff } from './man.ts';
import { manual } from './manual.ts';

/** `man1/zester.1`, `man8/zester-peel.8`, as `man -M` finds them. */
export async function writeManual(
  folder: string,
  edition: { readonly version: string; readonly date: string },
): Promise<number> {
  const pages = await manual();
  rmSync(folder, { recursive: true, force: true });
  for (const page of pages) {
    const place = join(folder, `man${page.section}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${page.file}.${page.section}`), roff(page, edition));
  }
  return pages.length;
}
