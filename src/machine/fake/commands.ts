import { commandDirectoryUnknown, commandUnknown, groupUnknown, userUnknown } from '../errors.ts';
import type { GivenCommand, GivenFile } from '../given.ts';
import type { CommandOptions, CommandResult, Commands, Files, Groups, Users } from '../machine.ts';

export interface CommandWorld {
  readonly files: Files;
  readonly users: Users;
  readonly groups: Groups;
  /** Command line → its answer; changes as commands that say so are run. */
  readonly answers: Map<string, GivenCommand>;
  /** Writes (or, for null, removes) what a command leaves behind. */
  readonly plant: (path: string, file: string | GivenFile | null) => Promise<void>;
  /** Every command line run, in order. */
  readonly calls: string[];
}

type Answer = Omit<CommandResult, 'timedOut'>;

const ok: Answer = { code: 0, stdout: '', stderr: '' };
const builtins = ['true', 'false', 'exit', 'test', '[', 'echo', 'printf', 'cat', 'touch', 'grep', 'pwd', 'sh'];

/**
 * The commands port in memory: given answers first, then the few programs that guards are made of, and a shell that
 * knows words, quotes, `!`, `&&`, `||`, `;` and output to a file. Any other program does not exist here.
 */
export function fakeCommands(world: CommandWorld): Commands {
  const { files, users, groups, answers, calls } = world;
  return {
    async run(argv, options = {}) {
      const { user, group } = options;
      calls.push(argv.join(' '));
      const isDirectory = async (path: string) => (await files.stat(path))?.kind === 'directory';
      if (options.cwd !== undefined && !(await isDirectory(options.cwd))) {
        throw commandDirectoryUnknown(argv[0], options.cwd);
      }
      const account = (await users.list()).find(({ name, uid }) => name === (user ?? 'root') || String(uid) === user);
      if (account === undefined) throw userUnknown(`run "${argv[0]}"`, user ?? 'root');
      const known = (await groups.list()).some(({ name, gid }) => name === group || String(gid) === group);
      if (group !== undefined && !known) throw groupUnknown(`run "${argv[0]}"`, group);
      const cwd = options.cwd ?? ((await isDirectory(account.home)) ? account.home : '/');
      const answer = await answerOf(world, argv, { ...options, cwd });
      if (answer !== undefined) return { ...answer, timedOut: false };
      throw commandUnknown(argv[0], {
        hint: `This fake machine has no answer for "${argv.join(' ')}"; it knows ${listed(answers)}`,
      });
    },
    async which(program) {
      if (program.startsWith('/')) return (await files.stat(program)) ? program : undefined;
      const isGiven = [...answers.keys()].some((line) => line === program || line.startsWith(`${program} `));
      if (isGiven || (builtins.includes(program) && program !== 'exit')) return `/usr/bin/${program}`;
      return (await files.stat(`/usr/bin/${program}`)) ? `/usr/bin/${program}` : undefined;
    },
  };
}

async function answerOf(
  world: CommandWorld,
  argv: readonly string[],
  options: CommandOptions,
): Promise<Answer | undefined> {
  const given = world.answers.get(argv.join(' '));
  if (given !== undefined) return runGiven(world, given);
  const [program = '', ...args] = argv;
  if (!/^(\/usr)?(\/bin\/)?(sh|bash)$/.test(program)) return runBuiltin(world, program, args, options);
  const [first = '', second = '', , ...rest] = args;
  if (/^-\w*c$/.test(first)) return runShell(world, withWords(second, rest), options);
  const script = first === '' ? undefined : await world.files.read(absolute(first, options));
  if (script === undefined) return runBuiltin(world, program, args, options);
  const text = new TextDecoder().decode(script).replace(/^#!.*\n/, '');
  return runShell(world, withWords(text, args.slice(1)), options);
}

async function runGiven({ plant, answers }: CommandWorld, given: GivenCommand): Promise<Answer> {
  for (const [path, file] of Object.entries(given.after?.files ?? {})) await plant(path, file);
  for (const [line, answer] of Object.entries(given.after?.commands ?? {})) {
    if (answer === null) answers.delete(line);
    else answers.set(line, answer);
  }
  const { code = 0, stdout = '', stderr = '' } = given;
  return { code, stdout, stderr };
}

/** A script whose whole text is a given command line is that command; otherwise it is taken apart. */
async function runShell(world: CommandWorld, script: string, options: CommandOptions): Promise<Answer> {
  const given = world.answers.get(script) ?? world.answers.get(script.trim());
  if (given !== undefined) return runGiven(world, given);
  let [code, stdout, stderr] = [0, '', ''];
  let join = ';';
  // Capturing the separators keeps them in the list, between the commands they join.
  for (const [index, part] of script.split(/\s*(&&|\|\||;|\n)\s*/).entries()) {
    if (index % 2 === 1) {
      join = part;
      continue;
    }
    if (part.trim() === '' || (join === '&&' && code !== 0) || (join === '||' && code === 0)) continue;
    const result = await runSimple(world, part.trim(), options);
    code = result.code;
    stdout += result.stdout;
    stderr += result.stderr;
    if (/^exit\b/.test(part.trim())) break;
  }
  return { code, stdout, stderr };
}

async function runSimple(world: CommandWorld, text: string, options: CommandOptions): Promise<Answer> {
  if (text.startsWith('! ')) {
    const { code, ...rest } = await runSimple(world, text.slice(2).trim(), options);
    return { ...rest, code: code === 0 ? 1 : 0 };
  }
  const { command, output, append } = redirection(text);
  const argv = words(command);
  const result = (await answerOf(world, argv, options)) ?? {
    code: 127,
    stdout: '',
    stderr: `sh: 1: ${argv[0]}: not found\n`,
  };
  if (output === undefined) return result;
  if (output !== '/dev/null') {
    const place = absolute(output, options);
    const before = append ? new TextDecoder().decode((await world.files.read(place)) ?? new Uint8Array()) : '';
    await world.files.write(place, new TextEncoder().encode(before + result.stdout));
  }
  return { ...result, stdout: '' };
}

/** A script with its `$1` and `$@` filled in. */
function withWords(script: string, args: readonly string[]): string {
  const quoted = args.map((each) => `'${each}'`);
  return script
    .replaceAll('"$@"', quoted.join(' '))
    .replace(/"\$(\d)"/g, (_, index) => quoted[Number(index) - 1] ?? '""');
}

function redirection(text: string): { command: string; output: string | undefined; append: boolean } {
  const quiet = text.replace(/\s*2>(&1|\s*\/dev\/null)/g, '');
  const match = /^(.*?)\s*(>>?)\s*(\S+)\s*$/.exec(quiet);
  if (match === null) return { command: quiet, output: undefined, append: false };
  const [, command = '', arrow, output] = match;
  return { command, output: words(output ?? '')[0], append: arrow === '>>' };
}

function words(text: string): readonly string[] {
  const pieces = text.matchAll(/(?:"([^"]*)"|'([^']*)'|[^\s"']+)+/g);
  return [...pieces].map(([piece]) => piece.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

async function runBuiltin(
  { files }: CommandWorld,
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<Answer | undefined> {
  const at = (path: string) => absolute(path, options);
  switch (program.replace(/^(\/usr)?\/bin\//, '')) {
    case 'true':
      return ok;
    case 'false':
      return { ...ok, code: 1 };
    case 'exit':
      return { ...ok, code: Number(args[0] ?? 0) };
    case 'echo':
      return { ...ok, stdout: args[0] === '-n' ? args.slice(1).join(' ') : `${args.join(' ')}\n` };
    case 'printf':
      return { ...ok, stdout: printf(args) };
    case 'pwd':
      return { ...ok, stdout: `${options.cwd ?? '/'}\n` };
    case 'test':
      return { ...ok, code: (await isTrue(files, args, at)) ? 0 : 1 };
    case '[':
      return { ...ok, code: (await isTrue(files, args.slice(0, -1), at)) ? 0 : 1 };
    case 'touch':
      for (const path of args) {
        if (!(await files.stat(at(path)))) await files.write(at(path), new Uint8Array());
      }
      return ok;
    case 'cat':
      return args.length === 0 ? { ...ok, stdout: inputText(options) } : cat(files, args, at);
    case 'grep':
      return grep(files, args, at);
    default:
      return undefined;
  }
}

async function isTrue(files: Files, args: readonly string[], at: (path: string) => string): Promise<boolean> {
  const [first, second, third] = args;
  if (first === '!') return !(await isTrue(files, args.slice(1), at));
  if (second === '=' || second === '==') return first === third;
  if (second === '!=') return first !== third;
  if (second === '-eq') return Number(first) === Number(third);
  if (first === '-n') return (second ?? '') !== '';
  if (first === '-z') return (second ?? '') === '';
  if (second === undefined) return (first ?? '') !== '';
  const stat = await files.stat(at(second));
  if (first === '-L' || first === '-h') return stat?.kind === 'symlink';
  const content = stat?.kind === 'directory' ? undefined : await files.read(at(second));
  if (first === '-e') return stat?.kind === 'directory' || content !== undefined;
  if (first === '-f') return content !== undefined;
  if (first === '-d') return stat?.kind === 'directory';
  if (first === '-s') return (content?.length ?? 0) > 0;
  if (first === '-x') return ((stat?.mode ?? 0) & 0o111) !== 0;
  return (first === '-r' || first === '-w') && stat !== undefined;
}

async function cat(files: Files, args: readonly string[], at: (path: string) => string): Promise<Answer> {
  let stdout = '';
  for (const path of args) {
    const content = await files.read(at(path));
    if (content === undefined) return { code: 1, stdout, stderr: `cat: ${path}: No such file or directory\n` };
    stdout += new TextDecoder().decode(content);
  }
  return { ...ok, stdout };
}

async function grep(files: Files, args: readonly string[], at: (path: string) => string): Promise<Answer> {
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  const [pattern = '', path = ''] = args.filter((arg) => !arg.startsWith('-'));
  const content = await files.read(at(path));
  if (content === undefined) return { code: 2, stdout: '', stderr: `grep: ${path}: No such file or directory\n` };
  const wanted = new RegExp(flags.includes('F') ? pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern);
  const lines = new TextDecoder().decode(content).split('\n');
  const found = lines.filter((line) => (flags.includes('x') ? wanted.exec(line)?.[0] === line : wanted.test(line)));
  const stdout = flags.includes('q') ? '' : found.map((line) => `${line}\n`).join('');
  return { code: found.length > 0 ? 0 : 1, stdout, stderr: '' };
}

function printf([format = '', ...values]: readonly string[]): string {
  const rest = [...values];
  return format
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replace(/%s/g, () => rest.shift() ?? '');
}

function inputText({ input = '' }: CommandOptions): string {
  return typeof input === 'string' ? input : new TextDecoder().decode(input);
}

function absolute(path: string, { cwd = '/' }: CommandOptions): string {
  return path.startsWith('/') ? path : `${cwd}/${path}`;
}

function listed(answers: ReadonlyMap<string, GivenCommand>): string {
  const lines = [...answers.keys()].map((line) => `"${line}"`);
  return lines.length === 0 ? 'no given command' : lines.join(', ');
}
