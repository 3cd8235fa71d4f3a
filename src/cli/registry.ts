import type { Command } from './command.ts';

type Load = () => Promise<Command>;

/** Every command by its file; a job needs one of them loaded, help all. The files of a folder that is bundled cannot be listed. */
const files = {
  apply: async () => (await import('./commands/apply.ts')).apply,
  'ca fingerprint': async () => (await import('./commands/ca-fingerprint.ts')).caFingerprint,
  'ca init': async () => (await import('./commands/ca-init.ts')).caInit,
  'ca issue': async () => (await import('./commands/ca-issue.ts')).caIssue,
  'ca print': async () => (await import('./commands/ca-print.ts')).caPrint,
  'ca rotate': async () => (await import('./commands/ca-rotate.ts')).caRotate,
  complete: async () => (await import('./commands/complete.ts')).complete,
  completion: async () => (await import('./commands/completion.ts')).completion,
  'config show': async () => (await import('./commands/config-show.ts')).configShow,
  'context list': async () => (await import('./commands/context-list.ts')).contextList,
  'context show': async () => (await import('./commands/context-show.ts')).contextShow,
  'context use': async () => (await import('./commands/context-use.ts')).contextUse,
  doc: async () => (await import('./commands/doc.ts')).doc,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  'enroll approve': async () => (await import('./commands/enroll-approve.ts')).enrollApprove,
  'enroll list': async () => (await import('./commands/enroll-list.ts')).enrollList,
  'enroll reject': async () => (await import('./commands/enroll-reject.ts')).enrollReject,
  'enroll revoke': async () => (await import('./commands/enroll-revoke.ts')).enrollRevoke,
  'enroll show': async () => (await import('./commands/enroll-show.ts')).enrollShow,
  'enroll token create': async () => (await import('./commands/enroll-token-create.ts')).enrollTokenCreate,
  'enroll token revoke': async () => (await import('./commands/enroll-token-revoke.ts')).enrollTokenRevoke,
  explain: async () => (await import('./commands/explain.ts')).explain,
  help: async () => (await import('./commands/help.ts')).help,
  init: async () => (await import('./commands/init.ts')).init,
  'job active': async () => (await import('./commands/job-active.ts')).jobActive,
  'job follow': async () => (await import('./commands/job-follow.ts')).jobFollow,
  'job kill': async () => (await import('./commands/job-kill.ts')).jobKill,
  'job list': async () => (await import('./commands/job-list.ts')).jobList,
  'job output': async () => (await import('./commands/job-output.ts')).jobOutput,
  'job show': async () => (await import('./commands/job-show.ts')).jobShow,
  'job wait': async () => (await import('./commands/job-wait.ts')).jobWait,
  lint: async () => (await import('./commands/lint.ts')).lint,
  migrate: async () => (await import('./commands/migrate.ts')).migrate,
  'nats-auth add': async () => (await import('./commands/nats-auth-add.ts')).natsAuthAdd,
  'nats-auth init': async () => (await import('./commands/nats-auth-init.ts')).natsAuthInit,
  'nats-auth lint': async () => (await import('./commands/nats-auth-lint.ts')).natsAuthLint,
  'nats-auth remove': async () => (await import('./commands/nats-auth-remove.ts')).natsAuthRemove,
  'nats-auth rotate': async () => (await import('./commands/nats-auth-rotate.ts')).natsAuthRotate,
  'peel list': async () => (await import('./commands/peel-list.ts')).peelList,
  'peel show': async () => (await import('./commands/peel-show.ts')).peelShow,
  'plan show': async () => (await import('./commands/plan-show.ts')).planShow,
  ping: async () => (await import('./commands/ping.ts')).ping,
  run: async () => (await import('./commands/run.ts')).run,
  schema: async () => (await import('./commands/schema.ts')).schema,
  target: async () => (await import('./commands/target.ts')).target,
  version: async () => (await import('./commands/version.ts')).version,
} as const satisfies Readonly<Record<string, Load>>;

/** Other names; a test compares them with what the commands say of themselves. */
const aliases: Readonly<Record<string, keyof typeof files>> = { 'job cancel': 'job kill' };

/** What programs call: a person is never led there. */
const internal: ReadonlySet<string> = new Set(['complete']);

export function commandNames(): readonly string[] {
  return [...Object.keys(files), ...Object.keys(aliases)].filter((name) => !internal.has(name));
}

export interface Found {
  /** Words its name takes. */
  readonly words: number;
  readonly load: Load;
}

/** The command whose name the words begin with, the longest one. */
export function findCommand(words: readonly string[]): Found | undefined {
  for (let length = Math.min(3, words.length); length > 0; length--) {
    const name = words.slice(0, length).join(' ');
    const file = aliases[name] ?? name;
    if (Object.hasOwn(files, file)) return { words: length, load: files[file as keyof typeof files] };
  }
  return undefined;
}

/** True for the first word of commands that have two: `job`, `peel`. */
export function isGroup(word: string): boolean {
  return Object.keys(files).some((name) => name.startsWith(`${word} `));
}

export function runCommand(): Load {
  return files.run;
}

/** Those that people use. */
export function allCommands(): Promise<readonly Command[]> {
  const shown = Object.entries(files).filter(([name]) => !internal.has(name));
  return Promise.all(shown.map(([, load]) => load()));
}
