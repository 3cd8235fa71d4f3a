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

/** `what` is the kind of thing, with its article. */
export function fileSpecial(action: string, path: string, what = 'a device, socket or pipe'): ZesterError {
  return machineError('FILE_SPECIAL', `Cannot ${action} "${path}": it is ${what}`);
}

/** What a refusal says of somebody who may have put the thing there: `component` is its path, `owner` who that is. */
export interface Planted {
  readonly component: string;
  readonly owner: string;
}

/** `way` says how the owner came to it: "belongs to", "lies in a directory that may be written by". */
export function linkUntrusted(action: string, path: string, { component, owner, way }: Planted & { way: string }) {
  const what = component === path ? 'it' : `"${component}"`;
  return machineError(
    'FILE_LINK_UNTRUSTED',
    `Cannot ${action} "${path}": ${what} is a symbolic link that ${way} ${owner}`,
    {
      details: { component, owner },
      hint: 'Name the path it leads to; or let root own the link, and the directory it lies in',
    },
  );
}

export function linkOfKernel(action: string, path: string, component: string): ZesterError {
  return machineError(
    'FILE_LINK_UNTRUSTED',
    `Cannot ${action} "${path}": "${component}" leads into a process, where no path leads`,
    { details: { component }, hint: 'Name the path of the file itself' },
  );
}

export function hardLinkUntrusted(action: string, path: string, { component, owner }: Planted): ZesterError {
  return machineError(
    'FILE_HARD_LINKED',
    `Cannot ${action} "${path}": it has more than one name, and ${owner} may have given it this one`,
    { details: { component, owner }, hint: 'Remove this name, or put a copy of the file in its place' },
  );
}

export function setIdUntrusted(action: string, path: string, { component, owner }: Planted): ZesterError {
  return machineError(
    'FILE_SET_ID_UNTRUSTED',
    `Cannot ${action} "${path}": it shall run with its owner's rights, and ${owner} may put another in its place`,
    { details: { component, owner }, hint: 'Put it into a directory that only root may write' },
  );
}

export function fileSwapped(action: string, path: string, { component, owner }: Planted): ZesterError {
  return machineError(
    'FILE_SWAPPED',
    `Cannot ${action} "${path}": something else was put in its place meanwhile, and ${owner} may write there`,
    { details: { component, owner }, hint: 'See who does it, then try again' },
  );
}

export function procMissing(action: string, path: string): ZesterError {
  return machineError('PROC_MISSING', `Cannot ${action} "${path}": /proc is not mounted, and no file is safe without`, {
    hint: 'Mount it: mount -t proc proc /proc',
  });
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

export function commandGroupUnsupported(program: string): ZesterError {
  return machineError(
    'COMMAND_GROUP_UNSUPPORTED',
    `Cannot run "${program}": no tool here sets the group of a command`,
    {
      hint: 'Install util-linux for its setpriv, or leave "group" out',
    },
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

export function groupExists(name: string, action = `add the group "${name}"`, hint?: string): ZesterError {
  return machineError('GROUP_EXISTS', `Cannot ${action}: the group "${name}" exists already`, { hint });
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

export function packageOptionUnknown(option: string, tool: string): ZesterError {
  return machineError('PACKAGE_OPTION_UNKNOWN', `Cannot use "${option}" here: ${tool} has nothing of the kind`, {
    hint: 'Give it only on machines whose package manager knows it',
  });
}

export function packageFileInvalid(file: string, details?: Readonly<Record<string, string>>): ZesterError {
  return machineError('PACKAGE_FILE_INVALID', `Cannot read "${file}": it is no package file that fits here`, {
    details,
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
  offered: readonly string[] = [],
): ZesterError {
  const hint =
    offered.length === 0
      ? 'Ask the machine which versions it is offered, or leave the version out'
      : `Offered are ${offered.slice(0, 10).join(', ')}${offered.length > 10 ? ' and others' : ''}`;
  return machineError('PACKAGE_VERSION_UNKNOWN', `Cannot install "${name}" ${version}: no repository offers it`, {
    details,
    hint,
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
