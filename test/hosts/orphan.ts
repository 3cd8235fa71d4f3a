import { throwAwayHost } from './host.ts';

// Started by host.test.ts, which kills it: the host must not outlive it.
const host = await throwAwayHost({ name: 'orphan' });
process.stdout.write(`${host.leader}\n`);
setInterval(() => {}, 60_000);
