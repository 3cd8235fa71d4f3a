import { ZesterError } from '#base/errors.ts';
import { type ErrorBody, errorBody } from '#wire/error.ts';

/** What was said for strangers to read: none of it names anything they did not name themselves. */
const public_ =
  /^(BODY_TOO_LONG|CA_EXTERNAL|CHALLENGE_INVALID|ROUTE_UNKNOWN|TOKEN_\w+|ENROLL_(BUSY|ENDED|FORGED|MALFORMED|PENDING|REJECTED|REVOKED|TOO_FAST|UNKNOWN))$/;

/**
 * An error as whoever asks may see it. Everything else went wrong inside: paths, keys and the names of others are for
 * our log.
 */
export function errorForStrangers(error: ZesterError): ErrorBody {
  if (!public_.test(error.code)) return errorBody(elsewhere());
  const { family, code, message, hint } = error;
  return { family, code, message, ...(hint === undefined ? {} : { hint }) };
}

function elsewhere(): ZesterError {
  return new ZesterError('unreachable', 'ENROLL_UNAVAILABLE', 'Cannot answer now: something is wrong on our side', {
    hint: 'Try again in a while; the log of the master says what it is',
  });
}
