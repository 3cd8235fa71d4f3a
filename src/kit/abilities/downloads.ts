import { asError, ZesterError } from '#base/errors.ts';

/** Whether a source lies behind a web server. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source);
}

/** What a web server answers, whole. Throws `DOWNLOAD_FAILED`. */
export async function download(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const refused = (reason: string, cause?: Error) =>
    new ZesterError('machine', 'DOWNLOAD_FAILED', `Cannot fetch "${url}": ${reason}`, {
      cause,
      hint: 'Check the address, and whether this machine reaches it',
    });
  try {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw refused(`the server answers ${answer.status} ${answer.statusText}`.trim());
    return new Uint8Array(await answer.arrayBuffer());
  } catch (thrown) {
    if (thrown instanceof ZesterError) throw thrown;
    throw refused(asError(thrown).message, asError(thrown));
  }
}
