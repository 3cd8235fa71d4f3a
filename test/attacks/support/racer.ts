/**
 * Somebody who changes what lies at a path while root works there, as fast as possible, until its input ends:
 *
 * `racer.ts flip <path> <target>`  the directory (or file) at the path is now itself, now a link to the target
 * `racer.ts catch <folder> <target>`  every file of Zester's that appears in the folder is replaced by a link to the target
 */
import { lchownSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const nobody = 65_534;
const latestMs = 30_000;

const [kind, path = '', target = ''] = process.argv.slice(2);
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();
process.stdout.write('ready\n');

const until = performance.now() + latestMs;
while (!isOver && performance.now() < until) {
  for (let each = 0; each < 200; each++) tolerate(kind === 'flip' ? flip : catchFiles);
  await setImmediate();
}

function flip(): void {
  renameSync(path, `${path}.aside`);
  symlinkSync(target, path);
  lchownSync(path, nobody, nobody);
  for (let spin = 0; spin < 300; spin++) Math.random();
  unlinkSync(path);
  renameSync(`${path}.aside`, path);
}

function catchFiles(): void {
  for (const name of readdirSync(path)) {
    if (!name.startsWith('.zester-')) continue;
    unlinkSync(`${path}/${name}`);
    symlinkSync(target, `${path}/${name}`);
    lchownSync(`${path}/${name}`, nobody, nobody);
  }
}

/** Root gets in between: what it left is cleared away, and the next round begins. */
function tolerate(round: () => void): void {
  try {
    round();
  } catch {
    if (kind !== 'flip') return;
    try {
      unlinkSync(path);
    } catch {
      // Absent, or a directory.
    }
    try {
      renameSync(`${path}.aside`, path);
    } catch {
      rmSync(`${path}.aside`, { recursive: true, force: true });
    }
  }
}
