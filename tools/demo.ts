/**
 * `npm run demo`: a real fleet from nothing, used and changed, and gone again. Every step is what an operator types
 * and what the programs print; every expectation is checked. `--stay` keeps it up, `--executables` uses `dist/`.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { logTails } from './demo/logs.ts';
import { offerNginx } from './demo/nginx.ts';
import { type Ran, type Stage, setTheStage, shown } from './demo/stage.ts';
import { writeStates } from './demo/states.ts';
import { traces } from './demo/traces.ts';
import { freePort } from './port.ts';
import { shellWord } from './words.ts';

let passed = 0;
let failed = 0;

const stays = process.argv.includes('--stay');
title('A NATS server with TLS and JWTs, a master, and five machines');
const setting = setTheStage({ executables: process.argv.includes('--executables'), say });
let ending: Promise<void> | undefined;
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isInterrupted = true;
    void end().then(() => process.exit(130));
  });
}
try {
  await play(await setting);
} catch (error) {
  check(`the demo goes through: ${error instanceof Error ? error.message : error}`, false);
}
const fleet = await setting.catch(() => undefined);
if (failed > 0 && fleet !== undefined) tellLogs(fleet);
if (stays && fleet !== undefined) await stay(fleet);
// Whoever interrupted ends the process.
if (isInterrupted) await new Promise(() => {});
await end();
title('Nothing is left behind');
const left = traces();
for (const each of left) say(each);
check('no process, no mount and no folder', left.length === 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

/** Ends everything that was started, once, also when it has hardly begun. */
function end(): Promise<void> {
  ending ??= setting.then(
    (stage) => stage[Symbol.asyncDispose](),
    // It cleaned up after itself.
    () => {},
  );
  return ending;
}

async function play(fleet: Stage): Promise<void> {
  const { machines, onlyFolders } = fleet;
  const zester: Zester = async (argv, { quiet = false } = {}) => {
    const ran = await fleet.run(argv);
    if (!quiet) say(shown(argv, ran));
    return ran;
  };
  const web = machines.find(({ id }) => id === 'web-01');
  if (web === undefined) throw new Error('web-01 is missing');

  if (onlyFolders === undefined) {
    say('\nEach machine is a copy of this one, in namespaces of its own: what happens there stays there.');
    say('Packages come by apt; services are started by their init scripts, for such a copy has no systemd.');
  } else say(`\nEach machine is a plain folder, without packages or services: ${onlyFolders}.`);
  const offer = web.host && (await offerNginx(web.host));
  if (offer?.real) say('nginx is Debian’s own, from its mirror.');
  else if (offer) say('No mirror answers: nginx is a small server in a package made here.');
  else if (web.host) say('There is no apt here: the state is without its package and service.');
  const port = await freePort();
  writeStates(fleet.states, { package: offer?.package, port });

  const startedAt = Date.now();

  title('Enrolment');
  for (const { id } of machines) fleet.startPeel(id);
  await until(
    'five machines ask to join',
    async () => count(await zester(['enroll', 'list'], { quiet: true }), /pending/g) === 5,
  );
  await zester(['enroll', 'list']);
  check('all five are approved', (await zester(['enroll', 'approve', '--all-pending'])).code === 0);
  await until(
    'five peels are online',
    async () => count(await zester(['peel', 'list'], { quiet: true }), / yes /g) === 5,
  );
  check('the list shows five peels', count(await zester(['peel', 'list']), / yes /g) === 5);
  await until(
    'the state tree is everywhere',
    // Databases have no states, and say so.
    async () => (await zester(['web-*', 'state.show_top'], { quiet: true })).code === 0,
  );

  title('Remote execution');
  const hosts = await zester(['*', 'cmd.run', 'echo "$((6 * 7)) on $(uname -s)"']);
  check('the command ran on all five', count(hosts, /42 on Linux/g) === 5 && hosts.code === 0);
  const compound = await zester(['web-* and G@os.name:linux and not web-03', 'test.ping']);
  check('a compound target chose two', count(compound, /true/g) === 2);
  check('a target that matches nothing has its own exit code', (await zester(['nobody-*', 'test.ping'])).code === 5);

  title('A state: plan, apply, apply again');
  const plan = await zester(['web-01', 'state.apply', 'nginx', '--test']);
  check('the plan shows the configuration it would write', plan.output.includes(`+    listen 127.0.0.1:${port};`));
  check('the plan changed nothing', !(await exists(fleet, '/etc/nginx/conf.d/zester.conf')));
  const apply = await zester(['web-01', 'state.apply', 'nginx']);
  check('the state is applied', apply.code === 0 && apply.output.includes('changed'));
  if (offer) check('nginx serves the page', (await page(port)) === 'Hello from web-01\n');
  const again = await zester(['web-01', 'state.apply', 'nginx']);
  check('applying again changes nothing', again.code === 0 && count(again, /^ +changed /gm) === 0);

  title('Somebody edits the file by hand');
  say(`# echo "# oops" >> /etc/nginx/conf.d/zester.conf      (on web-01)`);
  await onMachine(fleet, 'web-01', { path: '/etc/nginx/conf.d/zester.conf', text: '# oops\n' });
  const drift = await zester(['web-01', 'state.apply', 'nginx', '--test']);
  check('the plan shows exactly that line', drift.output.includes('-# oops') && count(drift, /^ +[-+][^-+]/gm) === 1);
  const expected = offer ? 2 : 1;
  check(
    `the plan names ${offer ? 'the file and the restart it causes' : 'the file'}`,
    count(drift, /^ +would-change /gm) === expected,
  );
  check('it is put right', (await zester(['web-01', 'state.apply', 'nginx'])).code === 0);

  title('A plan is saved, reviewed, and applied as it is');
  const file = join(fleet.states, '..', 'plan.json');
  const saved = await zester(['web-*', 'state.plan', 'notice', '--out', file]);
  check('every web machine says what it would do', saved.code === 0 && count(saved, /would-change/g) >= 3);
  say('# echo "by hand" > /etc/notice      (on web-02)');
  await onMachine(fleet, 'web-02', { path: '/etc/notice', text: 'by hand\n' });
  const reviewed = await zester(['apply', file]);
  check(
    'web-02 refuses and says what changed, the others are done',
    reviewed.code === 2 &&
      count(reviewed, /^ +ERROR: .*PLAN_CHANGED/gm) === 1 &&
      count(reviewed, /^ +changed /gm) === 2,
  );
  const jid = /^Job (\w+) dispatched/m.exec(reviewed.output)?.[1] ?? '';
  const explained = await zester(['explain', jid, 'notice']);
  check('why it changed can be asked', explained.output.includes('not as it is declared'));
  const taken = await zester(['web-01', 'state.revert', jid]);
  check('the run is taken back', taken.code === 0 && !(await exists(fleet, '/etc/notice')));

  title('A peel is killed in the middle of a job');
  const running = fleet.run(['db-01', 'cmd.run', 'sleep 3600', '--timeout', '1h']);
  say(`$ zester db-01 cmd.run 'sleep 3600' --timeout 1h &`);
  await until('the job runs', async () =>
    (await zester(['job', 'active'], { quiet: true })).output.includes('cmd.run'),
  );
  await zester(['job', 'active']);
  say('# kill -9 the agent on db-01');
  await fleet.killPeel('db-01');
  await until('the loss is seen', async () => count(await zester(['peel', 'list'], { quiet: true }), / no /g) === 1);
  check('the list shows it offline', count(await zester(['peel', 'list']), / no /g) === 1);
  fleet.startPeel('db-01');
  const interrupted = await running;
  say(`\n${interrupted.output.trimEnd()}\n(exit ${interrupted.code})`);
  check(
    'the operator is told that it was interrupted, with exit code 2',
    interrupted.code === 2 && /JOB_INTERRUPTED/.test(interrupted.output),
  );
  await zester(['job', 'list']);

  say(`\nAll that took ${Math.round((Date.now() - startedAt) / 1_000)} s.`);
}

/** Adds to a file as somebody logged in there would: a command of a peel whose machine is a folder acts on this very one. */
async function onMachine(
  { machines }: Stage,
  id: string,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<void> {
  const machine = machines.find((each) => each.id === id);
  if (machine?.host) await machine.host.run(['tee', '-a', path], { input: text });
  else if (machine) appendFileSync(join(machine.folder, path), text);
}

/** Runs `zester` as an operator would, and shows both. */
type Zester = (argv: readonly string[], options?: { readonly quiet?: boolean }) => Promise<Ran>;

async function exists(fleet: Stage, path: string): Promise<boolean> {
  const { output } = await fleet.run(['web-01', 'file.file_exists', path]);
  return /true/i.test(output);
}

async function page(port: number): Promise<string> {
  let text = '';
  await until('nginx answers', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    text = (await answer?.text()) ?? '';
    return answer?.ok === true;
  });
  return text;
}

/** A slow machine is no fault: the deadline is for what will never be. */
async function until(what: string, condition: () => Promise<boolean>, timeoutMs = 300_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the daemons said last: the folder it is in goes with the demo. */
function tellLogs({ logs }: Stage): void {
  for (const { name, lines } of logTails(logs)) {
    title(`The last of what ${name} said`);
    for (const line of lines) say(line);
  }
}

async function stay(fleet: Stage): Promise<void> {
  const settings = Object.entries(fleet.operator).map(([key, value]) => `export ${key}=${shellWord(value)}`);
  // A function, for an alias would be split at the spaces of a folder.
  const zester = `zester() { ${fleet.zester.map(shellWord).join(' ')} "$@"; }`;
  say(`\nIt stays up until Ctrl-C. The states are in ${fleet.states}, the logs in ${fleet.logs}.`);
  say(['In another terminal:', '', ...settings, zester].join('\n'));
  say("zester '*' test.ping\nzester 'web-*' state.apply nginx --test");
  // Something to wait for: without it the program ends when the last daemon does.
  setInterval(() => {}, 60_000);
  await new Promise(() => {});
}

function check(claim: string, holds: boolean): void {
  // What an interruption breaks is no finding.
  if (isInterrupted) return;
  if (holds) passed++;
  else failed++;
  say(`${holds ? 'ok    ' : 'FAILED'} ${claim}`);
}

function title(text: string): void {
  say(`\n== ${text}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function count({ output }: Ran, pattern: RegExp): number {
  return [...output.matchAll(pattern)].length;
}
