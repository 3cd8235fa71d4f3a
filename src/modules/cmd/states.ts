import * as z from 'zod';
import {
  type CommandWish,
  checkCommand,
  commandArguments,
  commandDetails,
  judgeCommand,
  runCommand,
  shellWords,
} from '#kit/abilities/shell.ts';
import { ruled } from '#kit/arguments.ts';
import type { Context } from '#kit/context.ts';
import { type Details, state } from '#kit/state.ts';
import { AnyMap, StringList, TemplateFlag } from '#kit/types.ts';
import { loadScript, ScriptArguments, type ScriptWish, withScript } from './script.ts';

const runArguments = {
  ...commandArguments,
  python_shell: z.boolean().optional().describe('For Salt: means nothing, a shell always reads the command'),
  ignore_retcode: z.boolean().optional().describe('For Salt: means nothing, "success_retcodes" says what is good'),
  reset_system_locale: z.boolean().optional().describe('For Salt: means nothing'),
  creates: StringList.optional()
    .describe('Paths; when all of them exist, there is nothing to do')
    .meta({ refers: 'command' }),
  stateful: z
    .union([z.boolean(), z.array(z.looseObject({ test_name: z.string().optional() }))])
    .default(false)
    .describe(
      'The last line of its output says whether something changed: "changed=no comment=…", or JSON. As a list with "test_name", that command says it beforehand',
    ),
  hide_output: z.boolean().default(false).describe('Leave its output out of the outcome'),
  ignore_timeout: z.boolean().default(false).describe('A command that is killed for its time has succeeded'),
  output_loglevel: z.string().optional().describe('For Salt: "quiet" hides the output, other levels mean nothing'),
};

const commandArgument = z
  .string()
  .min(1)
  .describe('The command')
  .meta({ primary: true, aliases: ['name', 'cmd'], refers: 'command' });
const template = TemplateFlag.optional().describe('Render the command with Jinja first, once more than its file');
const words = StringList.optional()
  .describe('Arguments; with them, the command is a program and no shell reads it')
  .meta({ refers: 'command' });

/** What reaches Salt's `cmd.run_all` with all else, and means something there. */
const saltOnly = ['clean_env', 'encoded_cmd', 'password', 'root'];

const scriptArguments = z
  .object({
    name: z
      .string()
      .optional()
      .describe('The script, unless "source" is given; words behind it are its arguments')
      .meta({ primary: true }),
    source: z
      .string()
      .optional()
      .describe('The script: "zester://…", "salt://…", a path in the state tree, or an absolute path'),
    args: ScriptArguments.default([])
      .describe('Arguments of the script: a list, or a text that a shell takes apart')
      .meta({ decode: 'command', refers: 'command' }),
    template: TemplateFlag.optional().describe('Render the script with Jinja first'),
    context: AnyMap.optional().describe('Names the template may use'),
    defaults: AnyMap.optional().describe('Names the template may use unless "context" has them'),
    ...runArguments,
  })
  .refine(
    ({ name, source }) => name !== undefined || source !== undefined,
    ruled('it names no script', { at: 'source', hint: 'Add "source": the script' }),
  );

export const run = state({
  name: 'cmd.run',
  saltOnly,
  summary: 'Run a command',
  args: z.object({ command: commandArgument, args: words, template, ...runArguments }),
  async check(written, context) {
    const wanted = rendered(written, context);
    if (await isCreated(wanted, context)) return {};
    await checkCommand(wanted.command, wanted, context);
    return (await foresees(wanted, context)) ? { runs: { from: false, to: true } } : {};
  },
  apply: (_changes, wanted, context) => performCommand(wanted, context),
  async refresh(wanted, context) {
    return (await isCreated(wanted, context)) ? undefined : performCommand(wanted, context);
  },
  examples: [
    {
      title: 'A command that runs every time',
      args: { command: 'update-ca-certificates' },
      given: { commands: { 'update-ca-certificates': { stdout: '0 added\n' } } },
      expect: { runs: { from: false, to: true } },
      again: 'changes',
    },
    {
      title: 'Only until a file is there',
      args: { command: 'touch /srv/ready', creates: ['/srv/ready'] },
      expect: { runs: { from: false, to: true } },
      real: true,
    },
    {
      title: 'The file is there',
      args: { command: 'touch /srv/ready', creates: ['/srv/ready'] },
      given: { files: { '/srv/ready': '' } },
      expect: {},
      real: true,
    },
    {
      title: 'A program with its arguments, in a directory, as a user',
      args: { command: 'git', args: ['pull', '--ff-only'], cwd: '/srv/app', runas: 'deploy', env: { HOME: '/srv' } },
      given: {
        users: { deploy: {} },
        files: { '/srv/app': { directory: true } },
        commands: { 'git pull --ff-only': {} },
      },
      expect: { runs: { from: false, to: true } },
      again: 'changes',
    },
    {
      title: 'An exit code that means success',
      args: { command: 'grep -q x /etc/motd', success_retcodes: [0, 2] },
      expect: { runs: { from: false, to: true } },
      again: 'changes',
      real: true,
    },
    { title: 'A command that fails', args: { command: 'false' }, expect: { refusal: 'COMMAND_FAILED' }, real: true },
    {
      title: 'A directory that does not exist',
      args: { command: 'make', cwd: '/srv/app' },
      expect: { refusal: 'COMMAND_DIRECTORY_UNKNOWN' },
    },
  ],
  notes: [
    'Without "creates", "onlyif" or "unless" it runs each time, and the plan says so.',
    'When it watches something and has run, a watched change does not run it a second time.',
  ],
  differs: [
    'A plan never runs the command itself; where "stateful" names a test, what that says counts for the run, too.',
  ],
});

export const wait = waiting('cmd.wait');
export const watch = waiting('cmd.watch');

export const script = state({
  name: 'cmd.script',
  takesTemplateNames: true,
  saltOnly,
  summary: 'Run a script of the state tree',
  args: scriptArguments,
  async check(wanted, context) {
    if (await isCreated(wanted, context)) return {};
    const script = scriptOf(wanted);
    await checkCommand(script.source, wanted, context);
    await loadScript(script, context);
    return { runs: { from: false, to: true } };
  },
  apply: (_changes, wanted, context) => performScript(scriptOf(wanted), context),
  async refresh(wanted, context) {
    return (await isCreated(wanted, context)) ? undefined : performScript(scriptOf(wanted), context);
  },
  examples: [
    {
      title: 'A shell script with an argument',
      args: { name: 'zester://scripts/setup.sh', args: ['--quick'] },
      given: { tree: { 'scripts/setup.sh': '#!/bin/sh\ntest "$1" = --quick\n' } },
      expect: { runs: { from: false, to: true } },
      again: 'changes',
    },
    {
      title: 'Arguments in one text, with quotes',
      args: { name: 'set up', source: 'zester://scripts/setup.sh', args: "'the app' --quick" },
      given: { tree: { 'scripts/setup.sh': '#!/bin/sh\ntest "$1" = "the app"\n' } },
      expect: { runs: { from: false, to: true } },
      again: 'changes',
    },
    {
      title: 'What it creates is there',
      args: { name: 'zester://scripts/setup.sh', creates: ['/srv/ready'] },
      given: { files: { '/srv/ready': '' } },
      expect: {},
    },
    {
      title: 'A script that does not exist',
      args: { name: 'zester://scripts/setup.sh' },
      expect: { refusal: 'SOURCE_MISSING' },
    },
  ],
  notes: ['It lies in a file of its own while it runs, which nobody but its user can read.'],
});

export const waitScript = state({
  name: 'cmd.wait_script',
  takesTemplateNames: true,
  saltOnly,
  summary: 'Run a script of the state tree when something it watches changes, and only then',
  args: scriptArguments,
  check: async () => ({}),
  apply: async () => undefined,
  async refresh(wanted, context) {
    return (await isCreated(wanted, context)) ? undefined : performScript(scriptOf(wanted), context);
  },
  examples: [
    { title: 'Nothing watched has changed', args: { name: 'zester://scripts/setup.sh' }, expect: {} },
    {
      title: 'A script with nothing to watch never runs, and need not be there',
      args: { name: 'none.sh' },
      expect: {},
    },
    { title: 'No script', args: { source: ['a', 'b'] }, expect: { refusal: 'ARGUMENT_INVALID' } },
  ],
});

function waiting(name: 'cmd.wait' | 'cmd.watch') {
  return state({
    name,
    saltOnly,
    summary: 'Run a command when something it watches changes, and only then',
    args: z.object({ command: commandArgument, args: words, template, ...runArguments }),
    check: async () => ({}),
    apply: async () => undefined,
    async refresh(wanted, context) {
      return (await isCreated(wanted, context)) ? undefined : performCommand(wanted, context);
    },
    examples: [
      { title: 'Nothing watched has changed', args: { command: 'newaliases' }, expect: {} },
      { title: 'A command with nothing to watch never runs', args: { command: 'false' }, expect: {} },
      { title: 'No command', args: { command: '' }, expect: { refusal: 'ARGUMENT_INVALID' } },
    ],
  });
}

interface RunWish extends CommandWish {
  readonly creates?: readonly string[] | undefined;
  readonly stateful: boolean | readonly { readonly test_name?: string | undefined }[];
  readonly hide_output: boolean;
  readonly ignore_timeout: boolean;
  readonly output_loglevel?: string | undefined;
}

function argvOf(wanted: RunWish & { command: string; args?: readonly string[] | undefined }): [string, ...string[]] {
  return wanted.args?.length ? [wanted.command, ...wanted.args] : shellWords(wanted, wanted.command);
}

interface Written extends RunWish {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  readonly template?: boolean | undefined;
}

function rendered<T extends Written>(wanted: T, { templates }: Context): T {
  if (!wanted.template) return wanted;
  return { ...wanted, command: templates.render(wanted.command, { path: 'command' }) };
}

function performCommand(written: Written, context: Context): Promise<Details> {
  const wanted = rendered(written, context);
  return perform(argvOf(wanted), wanted, context);
}

async function performScript(wanted: RunWish & ScriptWish, context: Context): Promise<Details> {
  const script = await loadScript(wanted, context);
  return withScript(script, wanted, context, (argv) => perform(argv, { ...wanted, command: wanted.source }, context));
}

/** `name: setup.sh --quick` beside a `source` that ends so names its arguments, as does a `name` that is the source. */
function scriptOf<
  T extends {
    readonly name?: string | undefined;
    readonly source?: string | undefined;
    readonly args: ScriptWish['args'];
  },
>(wanted: T): T & ScriptWish {
  const { source, args } = wanted;
  const name = wanted.name ?? source ?? '';
  const [first = name, ...rest] = name.trim().split(/\s+/);
  const isScript = source === undefined ? first !== name : source.split('/').at(-1) === first.split('/').at(-1);
  const own = isScript && args.length === 0 ? rest.join(' ') : args;
  return { ...wanted, source: source ?? (isScript ? first : name), args: own };
}

/** Whether a stateful command's test says that it would change something; without a test it would. */
async function foresees(wanted: RunWish, context: Context): Promise<boolean> {
  const test =
    typeof wanted.stateful === 'boolean' ? undefined : wanted.stateful.find((each) => each.test_name)?.test_name;
  if (test === undefined) return true;
  const result = await runCommand(shellWords(wanted, test), wanted, context);
  judgeCommand(test, result, wanted);
  return statement(result.stdout).changed !== 'no';
}

async function perform(
  argv: readonly [string, ...string[]],
  wanted: RunWish & { readonly command: string },
  context: Context,
): Promise<Details> {
  const isHidden = wanted.hide_output || wanted.output_loglevel === 'quiet';
  const result = await runCommand(argv, { ...wanted, hide_output: isHidden }, context);
  if (!(result.timedOut && wanted.ignore_timeout)) judgeCommand(wanted.command, result, wanted);
  const details = commandDetails(wanted.command, result);
  const said = wanted.stateful !== false ? statement(result.stdout) : {};
  if (!isHidden) return { ...details, ...said };
  return { ...details, stdout: '[hidden]', stderr: '[hidden]', ...said };
}

async function isCreated({ creates }: RunWish, { files }: Context): Promise<boolean> {
  if (creates === undefined || creates.length === 0) return false;
  const stats = await Promise.all(creates.map((path) => files.stat(path)));
  return stats.every((stat) => stat !== undefined);
}

/** What a stateful command says of itself on its last line, as details the engine knows. */
function statement(stdout: string): Details {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const said = line.trimStart().startsWith('{') ? jsonPairs(line) : wordPairs(line);
  const changed = said.changed === undefined ? {} : { changed: /^(yes|true|1)$/i.test(said.changed) ? 'yes' : 'no' };
  return { ...(said.comment === undefined ? {} : { comment: said.comment }), ...changed };
}

function wordPairs(line: string): Readonly<Record<string, string>> {
  const pairs = line.matchAll(/(\w+)=(?:'([^']*)'|"([^"]*)"|(\S*))/g);
  return Object.fromEntries([...pairs].map(([, key, single, double, bare]) => [key, single ?? double ?? bare ?? '']));
}

function jsonPairs(line: string): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(line);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.map(([key, each]) => [key, String(each)]));
  } catch (error) {
    // A last line that only looks like JSON says nothing.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
