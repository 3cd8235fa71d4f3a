/** Takes a data folder, starts a child that outlives it, says so, and stays. */
import { spawn } from 'node:child_process';
import { takeDataFolder } from '#peel/resident/data-lock.ts';

const [folder = ''] = process.argv.slice(2);
const taken = takeDataFolder(folder);
const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
process.stdout.write(`${child.pid}\n`);
setInterval(() => taken, 60_000);
