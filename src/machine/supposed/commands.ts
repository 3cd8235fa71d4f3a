import { isError } from '#base/errors.ts';
import type { CommandOptions, CommandResult, Commands, Files } from '../machine.ts';
import { effectUnknown, type Ledger, Unforeseen, wordsIn } from './ledger.ts';
import { answerOfTests } from './tests.ts';

type Argv = readonly [string, ...string[]];

/**
 * The machine's own commands, for looking. One that reads what is only supposed would tell of a machine that will be
 * another by then: it is not run (`Unforeseen`), unless it does nothing but test files, which can be told.
 */
export function supposedCommands(base: Commands, files: Files, ledger: Ledger): Commands {
  return {
    async run(argv, options = {}) {
      const script = scriptOf(argv);
      const answer = script === undefined || options.user ? undefined : await answerOfTests(script, files);
      if (answer !== undefined) return { code: answer ? 0 : 1, stdout: '', stderr: '', timedOut: false };
      const author = ledger.authorOf(namesIn(argv, options));
      if (author !== undefined) throw new Unforeseen(author, `the command "${script ?? argv.join(' ')}" looks at it`);
      return runKnown(base, argv, options, ledger);
    },
    which: (program) => base.which(program),
  };
}

/** What a step that only supposes gets: nobody knows what a command does. */
export function unrunCommands(base: Commands): Commands {
  return {
    run: async ([program]) => {
      throw effectUnknown(`running "${program}"`);
    },
    which: (program) => base.which(program),
  };
}

/** A program that is not there may come with what is not foreseen whole, such as a package. */
async function runKnown(base: Commands, argv: Argv, options: CommandOptions, ledger: Ledger): Promise<CommandResult> {
  const comingWith = ledger.lastUnfinished();
  const missing = () => new Unforeseen(comingWith ?? '', `the program "${argv[0]}" may come with it`);
  try {
    const result = await base.run(argv, options);
    if (comingWith !== undefined && result.code === 127) throw missing();
    return result;
  } catch (error) {
    if (comingWith !== undefined && isError(error, 'COMMAND_UNKNOWN')) throw missing();
    throw error;
  }
}

/** The text of `/bin/sh -c text`. */
function scriptOf([program, option, script, ...rest]: Argv): string | undefined {
  return /(^|\/)(ba|da|k|z)?sh$/.test(program) && option === '-c' && rest.length === 0 ? script : undefined;
}

function namesIn(argv: Argv, { user, cwd }: CommandOptions): readonly string[] {
  return [...argv.flatMap(wordsIn), ...(user === undefined ? [] : [user]), ...(cwd === undefined ? [] : [cwd])];
}
