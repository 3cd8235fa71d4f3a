import { ZesterError } from '#base/errors.ts';
import { durationText } from '#base/time.ts';

/** Of a job that took longer than it may: which limit it was, how long it is, and where it is given. */
export function expired(timeoutMs: number, how = ''): ZesterError {
  const passed = `the timeout of ${durationText(timeoutMs)} passed${how === '' ? '' : ` ${how}`}`;
  return new ZesterError('machine', 'JOB_EXPIRED', `Cannot finish the job: ${passed}`, {
    hint: 'Give more time with --timeout',
  });
}
