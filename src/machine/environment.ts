/** Names of this job and this peel, in the environment of every command: whoever it starts can be told by them. */
export const jobVariable = 'ZESTER_JOB';
export const peelVariable = 'ZESTER_PEEL';
/** One command's own: its `timeout` ends what it started, and nothing else of the job. */
export const commandVariable = 'ZESTER_COMMAND';
/** Marks the processes of the peel's own that work for it. */
export const runnerVariable = 'ZESTER_RUNNER';

/**
 * What is the agent's business and nobody else's: its own options, a join token and the way to its broker among them;
 * what the init system tells the one process it started; what would make a runtime behave otherwise.
 */
const own = [
  /^ZESTER_/,
  /^NATS_/,
  /^(NOTIFY_SOCKET|WATCHDOG_(PID|USEC)|LISTEN_(PID|FDS|FDNAMES)|FDSTORE|MAINPID|MANAGERPID|SYSTEMD_EXEC_PID)$/,
  /^(INVOCATION_ID|JOURNAL_STREAM|CREDENTIALS_DIRECTORY|MEMORY_PRESSURE_(WATCH|WRITE)|REMOTE_(ADDR|PORT))$/,
  /^(BUN_|NODE_)/,
];

export type Environment = Readonly<Record<string, string | undefined>>;

/** What of the agent's environment the processes it starts may see. */
export function inheritable(environment: Environment): Readonly<Record<string, string>> {
  const pairs = Object.entries(environment).filter(([name]) => !own.some((pattern) => pattern.test(name)));
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
