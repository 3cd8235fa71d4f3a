import { type ErrorContext, ZesterError } from '#base/errors.ts';

/**
 * Refusals of a machine, made in one place, so that the fake and every provider refuse in the same words.
 * `action` is the verb the user sees: "Cannot remove ...".
 */

export function fileUnknown(action: string, path: string): ZesterError {
  return machineError('FILE_UNKNOWN', `Cannot ${action} "${path}": there is no such file or directory`);
}

export function fileParentMissing(action: string, path: string): ZesterError {
  return machineError('FILE_PARENT_MISSING', `Cannot ${action} "${path}": its directory does not exist`, {
    hint: 'Create the directory first, or ask for the missing parents to be made',
  });
}

export function fileExists(action: string, path: string): ZesterError {
  return machineError('FILE_EXISTS', `Cannot ${action} "${path}": it exists already`);
}

export function fileIsDirectory(action: string, path: string): ZesterError {
  return machineError('FILE_IS_DIRECTORY', `Cannot ${action} "${path}": it is a directory`);
}

export function fileNotDirectory(action: string, path: string): ZesterError {
  return machineError('FILE_NOT_DIRECTORY', `Cannot ${action} "${path}": it, or a parent of it, is not a directory`);
}

export function fileNotEmpty(action: string, path: string): ZesterError {
  return machineError('FILE_NOT_EMPTY', `Cannot ${action} "${path}": the directory in its place is not empty`);
}

export function fileLoop(action: string, path: string): ZesterError {
  return machineError('FILE_LOOP', `Cannot ${action} "${path}": its symbolic links lead in a circle`);
}

export function fileProtected(action: string, path: string): ZesterError {
  return machineError('FILE_PROTECTED', `Cannot ${action} "${path}": it holds the whole machine`);
}

export function pathRelative(path: string): ZesterError {
  return machineError('FILE_PATH_RELATIVE', `Cannot use the path "${path}": it does not start at "/"`, {
    hint: 'Write an absolute path',
  });
}

export function commandUnknown(program: string, context: ErrorContext = {}): ZesterError {
  return machineError('COMMAND_UNKNOWN', `Cannot run "${program}": there is no such program`, context);
}

export function commandDirectoryUnknown(program: string, cwd: string): ZesterError {
  return machineError(
    'COMMAND_DIRECTORY_UNKNOWN',
    `Cannot run "${program}": its working directory "${cwd}" does not exist`,
  );
}

export function userUnknown(action: string, name: string): ZesterError {
  return machineError('USER_UNKNOWN', `Cannot ${action}: there is no user "${name}"`);
}

export function userExists(name: string): ZesterError {
  return machineError('USER_EXISTS', `Cannot add the user "${name}": it exists already`);
}

export function userIdTaken(action: string, uid: number, holder?: string): ZesterError {
  const by = holder === undefined ? 'another user' : `"${holder}"`;
  return machineError('USER_ID_TAKEN', `Cannot ${action}: the user id ${uid} belongs to ${by}`, {
    hint: 'Choose a free id, or leave it out',
  });
}

export function userBusy(action: string, details?: Readonly<Record<string, string>>): ZesterError {
  return machineError('USER_BUSY', `Cannot ${action}: processes of that user are running`, {
    details,
    hint: 'Stop them first, or force the removal',
  });
}

export function groupUnknown(action: string, group: string | number): ZesterError {
  return machineError('GROUP_UNKNOWN', `Cannot ${action}: there is no group "${group}"`);
}

export function groupExists(name: string, action = `add the group "${name}"`): ZesterError {
  return machineError('GROUP_EXISTS', `Cannot ${action}: the group "${name}" exists already`);
}

export function groupIdTaken(action: string, gid: number, holder?: string): ZesterError {
  const by = holder === undefined ? 'another group' : `"${holder}"`;
  return machineError('GROUP_ID_TAKEN', `Cannot ${action}: the group id ${gid} belongs to ${by}`, {
    hint: 'Choose a free id, or leave it out',
  });
}

export function groupPrimary(name: string, user?: string): ZesterError {
  const of = user === undefined ? 'a user' : `"${user}"`;
  return machineError('GROUP_PRIMARY', `Cannot remove the group "${name}": it is the primary group of ${of}`);
}

export function nameInvalid(kind: 'user' | 'group', name: string): ZesterError {
  return machineError('ACCOUNT_NAME_INVALID', `Cannot use "${name}" as the name of a ${kind}: the system refuses it`, {
    hint: 'Use lower case letters, digits, "_" and "-", starting with a letter or "_"',
  });
}

export function packageUnknown(name: string, details?: Readonly<Record<string, string>>): ZesterError {
  return machineError('PACKAGE_UNKNOWN', `Cannot install "${name}": no repository offers it`, {
    details,
    hint: 'Check the name, refresh the package lists, or add the repository that has it',
  });
}

export function packageVersionUnknown(
  name: string,
  version: string,
  details?: Readonly<Record<string, string>>,
): ZesterError {
  return machineError('PACKAGE_VERSION_UNKNOWN', `Cannot install "${name}" ${version}: no repository offers it`, {
    details,
    hint: 'Ask the machine which versions it is offered, or leave the version out',
  });
}

export function serviceUnknown(action: string, name: string): ZesterError {
  return machineError('SERVICE_UNKNOWN', `Cannot ${action} "${name}": the machine has no such service`);
}

export function serviceMasked(action: string, name: string): ZesterError {
  return machineError('SERVICE_MASKED', `Cannot ${action} "${name}": the service is masked`, {
    hint: 'Unmask it first',
  });
}

export function serviceFailed(
  action: string,
  name: string,
  reason: string,
  details?: Readonly<Record<string, string>>,
): ZesterError {
  return machineError('SERVICE_FAILED', `Cannot ${action} "${name}": ${reason}`, { details });
}

export function providerMissing(port: 'packages' | 'services'): ZesterError {
  const what = port === 'packages' ? 'package manager' : 'service manager';
  return machineError('PROVIDER_MISSING', `Cannot manage ${port} here: the machine has no ${what} that Zester knows`);
}

export function machineError(code: string, message: string, context: ErrorContext = {}): ZesterError {
  return new ZesterError('machine', code, message, context);
}
