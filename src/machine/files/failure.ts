import { ZesterError } from '#base/errors.ts';
import {
  fileExists,
  fileIsDirectory,
  fileLoop,
  fileNotDirectory,
  fileNotEmpty,
  fileParentMissing,
  machineError,
} from '../errors.ts';
import { codeOf } from './descriptor.ts';

export type Refusal = (action: string, path: string) => ZesterError;

/** Does something, and says in our words what the system refuses; `absent` says what ENOENT means to the caller. */
export function coded<T>(action: string, path: string, work: () => T, absent?: Refusal): T {
  try {
    return work();
  } catch (error) {
    throw translate(error, action, path, absent);
  }
}

/** A system error as a coded one. What is coded already stays as it is. */
export function translate(
  error: unknown,
  action: string,
  path: string,
  absent: Refusal = fileParentMissing,
): ZesterError {
  if (error instanceof ZesterError) return error;
  const errno = codeOf(error);
  const refusal = errno === 'ENOENT' ? absent : refusals[errno];
  if (refusal !== undefined) return refusal(action, path);
  const [code, reason] = reasons[errno] ?? ['FILE_FAILED', error instanceof Error ? error.message : String(error)];
  return machineError(code, `Cannot ${action} "${path}": ${reason}`, { cause: error });
}

const refusals: Readonly<Record<string, Refusal>> = {
  EEXIST: fileExists,
  EISDIR: fileIsDirectory,
  ENOTDIR: fileNotDirectory,
  ENOTEMPTY: fileNotEmpty,
  ELOOP: fileLoop,
};

const reasons: Readonly<Record<string, readonly [code: string, reason: string]>> = {
  EACCES: ['FILE_DENIED', 'the permission is missing'],
  EPERM: ['FILE_DENIED', 'the operation is not permitted'],
  ENOSPC: ['DISK_FULL', 'the disk is full'],
  EDQUOT: ['DISK_FULL', 'the quota is used up'],
  EROFS: ['FILE_READ_ONLY', 'the file system is read-only'],
  EBUSY: ['FILE_BUSY', 'it is in use, or a mount point'],
  ENAMETOOLONG: ['FILE_NAME_TOO_LONG', 'the name is too long'],
};
