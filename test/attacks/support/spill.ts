import { join } from 'node:path';
import { newJid } from '#base/ids.ts';
import { systemClock } from '#base/time.ts';
import { openOutputs } from '#peel/runner/outputs.ts';

/** Keeps 20 MB below the given folder, and prints how that went: for a disk that has no room for it. */
const outputs = openOutputs(join(process.argv[2] ?? '', 'outputs'), { bytes: 1e9, ageMs: 1e9 }, systemClock);
const spill = outputs.spillsOf(newJid())()('stdout');
for (let each = 0; each < 20; each++) spill.write(Buffer.alloc(1_000_000));
console.log(spill.finish());
