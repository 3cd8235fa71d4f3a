/**
 * A journal under a limit of file size that the shell set: what does not fit is written in part, and refused. Says on
 * standard output how many jobs it accepted, and why the next was refused.
 */
import { asError } from '#base/errors.ts';
import { systemClock } from '#base/time.ts';
import { openJournal } from '#peel/resident/journal.ts';

const [path = ''] = process.argv.slice(2);
const journal = openJournal(path, systemClock);
let accepted = 0;
let code = '';
while (code === '' && accepted < 100_000) {
  try {
    journal.accept({ jid: `job-${accepted}`, deadline: Date.now() + 3_600_000 }, { durable: false });
    accepted++;
  } catch (error) {
    ({ code } = asError(error));
  }
}
process.stdout.write(JSON.stringify({ accepted, code }));
