import type { Machine } from './machine.ts';
import { supposedAccounts } from './supposed/accounts.ts';
import { supposedCommands, unrunCommands } from './supposed/commands.ts';
import { supposedFiles } from './supposed/files.ts';
import { createLedger, Unforeseen, wordsIn } from './supposed/ledger.ts';
import { supposedPackages } from './supposed/packages.ts';
import { supposedServices } from './supposed/services.ts';

export { Unforeseen } from './supposed/ledger.ts';

/** A machine as it will be when the steps of a run have done what they would: a plan looks at it, and nothing is written. */
export interface SupposedMachine {
  /** To look at. Throws `Unforeseen` where the answer depends on what nobody can tell. */
  readonly machine: Machine;
  /**
   * For a step to do its work on: all of it happens in memory, in its name. A command throws `PLAN_EFFECT_UNKNOWN`; what
   * was supposed before it stays.
   */
  doneBy(author: string): Machine;
  /** What this step does cannot be foreseen, but it names these paths, or has words that do. */
  doubt(author: string, words: Iterable<string>): void;
  /** Why an answer since this was last asked may be another by then. */
  takeRemark(): Unforeseen | undefined;
  /** Why nobody can answer a question in these words yet; undefined when they name nothing that is only supposed. */
  unforeseenIn(words: readonly string[], reason: string): Unforeseen | undefined;
  /** Whether this step does more than is supposed of it, as a package does that brings files. */
  isUnfinished(author: string): boolean;
  /** Whether nothing that it does can be foreseen. */
  isUnknown(author: string): boolean;
}

export function supposedMachine(base: Machine): SupposedMachine {
  const ledger = createLedger();
  const files = supposedFiles(base.files, ledger);
  const accounts = supposedAccounts(base, files.files, ledger);
  const packages = supposedPackages(base.packages, ledger);
  const services = supposedServices(base.services, files.files, ledger);
  const { system } = base;
  return {
    machine: {
      files: files.files,
      commands: supposedCommands(base.commands, files.files, ledger),
      ...accounts.reading,
      packages: packages.packages,
      services: services.services,
      system,
    },
    doneBy(author) {
      const own = files.doneBy(author);
      return {
        files: own,
        commands: unrunCommands(base.commands),
        ...accounts.doneBy(author, own),
        packages: packages.doneBy(author),
        services: services.doneBy(author),
        system,
      };
    },
    unforeseenIn(words, reason) {
      const author = ledger.authorOf(words.flatMap(wordsIn));
      return author === undefined ? undefined : new Unforeseen(author, reason);
    },
    takeRemark: () => ledger.takeRemark(),
    doubt: (author, words) => ledger.doubt(author, words),
    isUnfinished: (author) => ledger.isUnfinished(author),
    isUnknown: (author) => ledger.isUnknown(author),
  };
}
