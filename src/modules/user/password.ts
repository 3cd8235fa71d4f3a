import { createHash } from 'node:crypto';
import { settingFrom, settingOf, shaCrypt } from '#kit/abilities/sha-crypt.ts';
import type { Context } from '#kit/context.ts';

export interface PasswordWish {
  readonly name: string;
  /** A hash, or the password itself when it is to be hashed. */
  readonly password?: string | undefined;
  readonly hash_password: boolean;
  readonly enforce_password: boolean;
  readonly empty_password: boolean;
  readonly password_lock?: boolean | undefined;
}

/** The field of the shadow file as it shall be; undefined where it stays as it is. */
export async function wantedPassword(
  wanted: PasswordWish,
  current: string | undefined,
  context: Context,
): Promise<string | undefined> {
  const hash = await wantedHash(wanted, current, context);
  if (wanted.password_lock === undefined) return hash;
  const field = hash ?? current ?? '!';
  const isLocked = field.startsWith('!');
  if (wanted.password_lock) return isLocked ? hash : `!${field}`;
  return isLocked && field.length > 1 ? field.replace(/^!+/, '') : hash;
}

async function wantedHash(
  wanted: PasswordWish,
  current: string | undefined,
  context: Context,
): Promise<string | undefined> {
  const { password, empty_password, enforce_password, hash_password, password_lock } = wanted;
  if (empty_password) return '';
  if (password === undefined || password === '') return undefined;
  // One that was never set, or is locked for good, is nobody's choice.
  if (current !== undefined && current !== '!' && !enforce_password) return undefined;
  if (!hash_password) return password;
  const bare = password_lock === undefined ? current : current?.replace(/^!/, '');
  return shaCrypt(password, settingOf(bare ?? '') ?? (await settingFor(wanted.name, context)));
}

/** A salt need not be secret, only another one for each user and machine; and a plan shows what a run then sets. */
async function settingFor(name: string, { system }: Context): Promise<string> {
  return settingFrom(
    createHash('sha256')
      .update(`${await system.hostname()} ${name}`)
      .digest(),
  );
}
