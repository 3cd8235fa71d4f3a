import { type CompiledStep, canRefresh } from '#engine/step.ts';
import { isWritten } from '../compile/written.ts';
import { rule } from '../rule.ts';
import { argumentOf, isUnknown, stepsOf, wantedBy } from './steps.ts';

export const commandEveryTime = rule({
  code: 'COMMAND_EVERY_TIME',
  severity: 'warning',
  of: 'states',
  summary: 'A command that runs every time, with nothing that says when it has to',
  why: 'Each run reports a change, also where nothing had to be done, and a plan cannot tell. `creates`, `unless`, `onlyif` or `onchanges` say when it is needed',
  bad: { 'web.zy': 'make install:\n  cmd.run:\n    - cwd: /usr/src/app\n' },
  good: { 'web.zy': 'make install:\n  cmd.run:\n    - cwd: /usr/src/app\n    - creates: /usr/local/bin/app\n' },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      if (!commands.has(step.state) || conditions.some((key) => step.draft.args.has(key))) continue;
      yield {
        message: `"${step.id}" runs every time`,
        hint: 'Add "creates", "unless", "onlyif" or "onchanges"',
        at: step.at,
        profile: machine.profile.name,
      };
    }
  },
});

export const commandHasState = rule({
  code: 'COMMAND_HAS_STATE',
  severity: 'warning',
  of: 'states',
  summary: 'A command for which there is a state: `apt-get install`, `useradd`, `chmod`, `systemctl enable`…',
  why: 'The state looks first, shows in a plan what it would change, can be reverted, and works on other systems, too',
  bad: { 'web.zy': 'apt-get install -y nginx:\n  cmd.run:\n    - unless: which nginx\n' },
  good: { 'web.zy': 'nginx:\n  pkg.installed: []\n' },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      const { command } = wantedBy(step);
      if (step.state !== 'cmd.run' || typeof command !== 'string') continue;
      const better = betterThan(command);
      if (better === undefined) continue;
      yield {
        message: `"${command.trim()}" does what ${better} is for`,
        hint: `Use ${better}`,
        at: argumentOf(step, 'name', 'command', 'cmd')?.value.at ?? step.at,
        profile: machine.profile.name,
      };
    }
  },
});

export const stateOld = rule({
  code: 'STATE_OLD',
  severity: 'warning',
  of: 'states',
  summary: '`cmd.wait` and `module.wait`, which are there for old files',
  why: '`onchanges` says the same with any state, and shows what the state depends on',
  bad: {
    'web.zy':
      '/etc/motd:\n  file.managed:\n    - contents: Hello\nnewaliases:\n  cmd.wait:\n    - watch:\n      - file.managed: /etc/motd\n',
  },
  good: {
    'web.zy':
      '/etc/motd:\n  file.managed:\n    - contents: Hello\nnewaliases:\n  cmd.run:\n    - onchanges:\n      - file.managed: /etc/motd\n',
  },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      const better = { 'cmd.wait': 'cmd.run', 'module.wait': 'module.run' }[step.state];
      if (better === undefined) continue;
      yield {
        message: `"${step.state}" is there for old files`,
        hint: `Use "${better}" with "onchanges" instead of "watch"`,
        at: step.at,
        profile: machine.profile.name,
      };
    }
  },
});

export const watchIdle = rule({
  code: 'WATCH_IDLE',
  severity: 'warning',
  of: 'states',
  summary: 'A `watch` on a state that does nothing of its own when what it watches changes',
  why: 'It then is a `require`, which reads as if more would happen. Services, commands and a few other states refresh',
  bad: {
    'web.zy':
      'nginx:\n  pkg.installed: []\n/etc/motd:\n  file.managed:\n    - contents: Hello\n    - watch:\n      - pkg.installed: nginx\n',
  },
  good: {
    'web.zy':
      'nginx:\n  pkg.installed: []\n/etc/motd:\n  file.managed:\n    - contents: Hello\n    - require:\n      - pkg.installed: nginx\n',
  },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      for (const key of ['watch', 'watch_any']) {
        const argument = step.draft.args.get(key);
        if (argument === undefined || step.work.kind === 'broken' || canRefresh(step)) continue;
        // A state that a template chooses may be another one elsewhere.
        const [called = step] = step.draft.declaration.functions;
        if (!isWritten(called.at, 'STATE_UNKNOWN', survey)) continue;
        yield {
          message: `"${step.id}" does nothing when what it watches changes: ${step.state} has no refresh`,
          hint: 'Write "require", or "onchanges" to run it only then',
          at: argument.at,
          profile: machine.profile.name,
        };
      }
    }
  },
});

export const requisiteContradicts = rule({
  code: 'REQUISITE_CONTRADICTS',
  severity: 'warning',
  of: 'states',
  summary: 'A state that both requires another and runs only when that one fails',
  why: 'It can never run',
  bad: {
    'web.zy':
      'nginx:\n  test.nop: []\nalarm:\n  test.nop:\n    - require:\n      - test.nop: nginx\n    - onfail:\n      - test.nop: nginx\n',
  },
  good: { 'web.zy': 'nginx:\n  test.nop: []\nalarm:\n  test.nop:\n    - onfail:\n      - test.nop: nginx\n' },
  *find({ machines }) {
    for (const machine of machines) {
      for (const { graph } of machine.single) {
        for (const [step, edges] of graph.edges) {
          const required = edges.filter(({ kind }) => kind === 'require' || kind === 'watch' || kind === 'onchanges');
          const clash = edges.find(
            ({ kind, target }) =>
              (kind === 'onfail' || kind === 'onfail_all') && required.some((each) => each.target === target),
          );
          if (clash === undefined) continue;
          yield {
            message: `"${step.id}" can never run: it requires "${clash.target.id}", and runs only when that fails`,
            hint: 'Keep one of the two',
            at: clash.reference?.at ?? step.at,
            profile: machine.profile.name,
          };
        }
      }
    }
  },
});

export const orderLast = rule({
  code: 'ORDER_LAST',
  severity: 'warning',
  of: 'states',
  summary: 'More than three states of one file with `order: last`',
  why: 'Only one can be last. Requisites say what must come before what, and hold in other files, too',
  bad: {
    'web.zy': ['a', 'b', 'c', 'd'].map((id) => `${id}:\n  test.nop:\n    - order: last\n`).join(''),
  },
  good: { 'web.zy': 'a:\n  test.nop: []\nb:\n  test.nop:\n    - require:\n      - test.nop: a\n' },
  *find({ machines }) {
    for (const machine of machines) {
      for (const { graph, wanted } of machine.single) {
        const last = graph.steps.filter((step) => step.ref === wanted[0]?.ref && isLast(step));
        const argument = last[3] && argumentOf(last[3], 'order');
        if (argument === undefined) continue;
        yield {
          message: `${last.length} states of "${last[0]?.ref}" want to be last`,
          hint: 'Say with requisites what each of them must follow',
          at: argument.at,
          profile: machine.profile.name,
        };
      }
    }
  },
});

const commands = new Set(['cmd.run', 'cmd.script', 'module.run']);
const conditions = [
  'creates',
  'unless',
  'onlyif',
  'onchanges',
  'onchanges_any',
  'onfail',
  'onfail_any',
  'onfail_all',
  'prereq',
  'stateful',
];

const states: readonly (readonly [pattern: RegExp, state: string])[] = [
  [/^(?:apt-get|apt|yum|dnf|zypper)(?: -\S+)* (?:install|in)\b/, 'pkg.installed'],
  [/^apk(?: -\S+)* add\b/, 'pkg.installed'],
  [/^(?:apt-get|apt|yum|dnf|zypper)(?: -\S+)* (?:remove|erase|rm)\b/, 'pkg.removed'],
  [/^(?:apt-get|apt)(?: -\S+)* purge\b/, 'pkg.purged'],
  [/^(?:useradd|adduser|usermod)\b/, 'user.present'],
  [/^(?:userdel|deluser)\b/, 'user.absent'],
  [/^(?:groupadd|addgroup)\b/, 'group.present'],
  [/^(?:groupdel|delgroup)\b/, 'group.absent'],
  [/^mkdir\b/, 'file.directory'],
  [/^(?:chmod|chown|chgrp)\b/, 'file.managed or file.directory'],
  [/^ln (?:-\S+ )*-\S*s/, 'file.symlink'],
  [/^systemctl(?: --\S+)* enable\b/, 'service.enabled'],
  [/^systemctl(?: --\S+)* disable\b/, 'service.disabled'],
  [/^systemctl(?: --\S+)* mask\b/, 'service.masked'],
  [/^systemctl(?: --\S+)* unmask\b/, 'service.unmasked'],
];

/** The state to use instead of a command; a line of several commands is more than any state. */
function betterThan(command: string): string | undefined {
  const line = command.trim();
  if (/[;&|<>`$\n*]/.test(line)) return undefined;
  return states.find(([pattern]) => pattern.test(line))?.[1];
}

function isLast(step: CompiledStep): boolean {
  const order = argumentOf(step, 'order');
  return order?.value.kind === 'scalar' && order.value.value === 'last' && !isUnknown(order.value);
}
