import type { ZesterError } from '#base/errors.ts';
import { machineError, packageOptionUnknown } from '../errors.ts';
import type { CommandResult, PackageOptions } from '../machine.ts';

/** Why a package tool failed, where it matters to whoever acts next: first match wins. */
export interface Reason {
  readonly pattern: RegExp;
  readonly code: string;
  readonly reason: string;
  readonly hint?: string;
}

export const diskFull: Reason = {
  pattern: /No space left on device|don't have enough free space|not enough free disk space|needs? .* more space/i,
  code: 'DISK_FULL',
  reason: 'the disk is full',
};

/** A failed run of a package tool as an error, with all that it said. */
export function packageFailure(action: string, result: CommandResult, reasons: readonly Reason[]): ZesterError {
  const { code, stdout, stderr } = result;
  const details = { stdout, stderr, exitcode: String(code) };
  const known = reasons.find(({ pattern }) => pattern.test(`${stderr}\n${stdout}`));
  if (known !== undefined)
    return machineError(known.code, `Cannot ${action}: ${known.reason}`, { details, hint: known.hint });
  const said = `${stderr.trim()}\n${stdout.trim()}`.trim().split('\n');
  const reason = said.find((line) => /^(E|error|Error|fatal|ERROR):/i.test(line)) ?? said.at(-1) ?? '';
  return machineError('PACKAGE_FAILED', `Cannot ${action}: ${reason.trim() || `exit code ${code}`}`, { details });
}

/** Refuses an option that is given and means nothing to the tool: `PACKAGE_OPTION_UNKNOWN`. */
export function refuseOptions(options: PackageOptions, known: readonly (keyof PackageOptions)[], tool: string): void {
  const given = Object.keys(options) as (keyof PackageOptions)[];
  const unknown = given.find((option) => options[option] !== undefined && !known.includes(option));
  if (unknown !== undefined) throw packageOptionUnknown(unknown, tool);
}

/** Names as a message lists them. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
