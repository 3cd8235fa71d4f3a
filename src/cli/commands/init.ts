import { checkName } from '#trust/init-auth.ts';
import { command } from '../command.ts';
import { shellWord } from '../command-line.ts';
import { type MadeEnvironment, makeEnvironment } from '../new-environment.ts';

export const init = command({
  name: 'init',
  summary: 'Make all that a new environment begins with: CA, keys, configurations and a context',
  notes: [
    'Offline. Never overwrites, and makes all of it or nothing. It says what to start, in which order, and how to make the first join token, which a master has to be there for.',
    'Without --dns and --ip the environment is for this machine alone: its servers are localhost, and listen on the loopback only. Otherwise the first name is the one that peels and you use.',
    'The context has the name of the environment and is added to your configuration file; it counts from then on if none did. Keep auth/offline and auth/ca/root.key elsewhere: they are needed only to replace other keys.',
  ],
  flags: [
    { name: 'dir', summary: 'Folder to make', type: 'string', default: '/var/lib/zester' },
    { name: 'dns', summary: 'Host names of NATS server and master', type: 'list' },
    { name: 'ip', summary: 'Their addresses', type: 'list' },
    { name: 'environment', summary: 'Name of the environment, and of its context', type: 'string', default: 'main' },
    { name: 'admin', summary: 'Name of the first administrator', type: 'string', default: 'admin' },
  ],
  examples: [
    { title: 'To try it on this machine', line: 'init --dir ./zester' },
    { title: 'For a fleet', line: 'init --dns zester.example.com --ip 10.0.0.5 --environment production' },
  ],
  bus: false,
  async run({ dir, dns, ip, environment, admin }, session) {
    for (const name of [environment, admin]) checkName(name);
    const names = [...(dns ?? []), ...(ip ?? [])];
    const contexts = await session.contexts();
    const made = await makeEnvironment({ dir, environment, admin, names, contexts, now: session.clock.now() });
    return { ...made, environment, steps: stepsOf(made) };
  },
  show: ({ environment, dir, names, expiresAt, context, pin, steps }) =>
    [
      `Made the environment "${environment}" in ${dir}`,
      `  The NATS server is ${names.join(', ')}, its certificate ends ${new Date(expiresAt).toISOString().slice(0, 10)}`,
      `  Peels believe masters by the pin ${pin}`,
      `  Context ${context.name} is in ${context.file}${context.counts ? ', and counts from now on' : `; choose it with --context ${context.name}`}`,
      ...steps.flatMap(({ title, line }, index) => ['', `${index + 1}. ${title}`, `   ${line}`]),
      '',
    ].join('\n'),
});

/** What to type next, in this order. */
function stepsOf({ serverConf, masterConf, peelConf, logs, context }: MadeEnvironment) {
  const to = (name: string) => `>>${shellWord(`${logs}/${name}.log`)} 2>&1 &`;
  const zester = context.counts ? 'zester' : `zester --context ${context.name}`;
  return [
    { title: 'Start the NATS server', line: `nats-server --config ${shellWord(serverConf)} ${to('nats-server')}` },
    { title: 'Start a master', line: `zester-master --config ${shellWord(masterConf)} ${to('master')}` },
    {
      title: 'Make a join token: it lets one peel in, today',
      line: `(umask 077; ${zester} enroll token create | head -n 1 >join-token)`,
    },
    {
      title: `Start a peel on its machine, with copies of join-token and ${peelConf}`,
      line: 'zester-peel --config peel.yaml --join-token-file join-token >>peel.log 2>&1 &',
    },
    { title: 'Talk to it', line: `${zester} '*' test.ping` },
  ];
}
