import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { findText, modeOf } from '#trust/files.ts';

interface TokenOptions {
  readonly join_token: string | undefined;
  readonly join_token_file: string | undefined;
}

const othersMayRead = 0o044;

/**
 * The join token, from wherever it was given. A file that is gone is a token that was used: files of this kind are often
 * removed after the first start. Throws `JOIN_TOKEN_TWICE`.
 */
export function joinToken(options: TokenOptions, log: Log): string | undefined {
  const { join_token: token, join_token_file: path } = options;
  if (path === undefined) return token;
  if (token !== undefined) {
    throw new ZesterError(
      'usage',
      'JOIN_TOKEN_TWICE',
      'Cannot choose a join token: join_token and join_token_file are both set',
      {
        hint: 'Leave one of them out',
      },
    );
  }
  const mode = modeOf(path);
  if (mode === undefined) {
    log.warn('Join token file is not there', { path });
    return undefined;
  }
  if (mode.isFile && (mode.bits & othersMayRead) !== 0) {
    log.warn('Join token file can be read by others', { path, hint: `chmod 600 ${path}` });
  }
  return findText(path) || undefined;
}
