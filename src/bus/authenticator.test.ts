import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { authenticator, userKey } from './authenticator.ts';

const seed = 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY';
const key = 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4';

test('a login signs the nonce as NATS wants it, with the credentials of that moment', () => {
  let jwt = jwtOf({ sub: key });
  const login = authenticator(() => credentials({ jwt, seed }));

  const first = login('nonce');
  jwt = jwtOf({ sub: key, renewed: true });
  const second = login('nonce');

  assert.equal(userKey(credentials({ jwt, seed })), key);
  assert.notEqual(first.jwt, second.jwt);
  assert.equal(second.jwt, jwt);
  // As the reference implementation of nkeys signs it.
  const expected = 'AVfpO7Pw3rc56hoO1OJcFxXUCfBmO2qouchBchSlL45Fuur9zS15UzytEI1QC5wwVG7uiHIdqyfmOS6uPrwqCg';
  assert.deepEqual([first.sig, second.sig], [expected, expected]);
  assert.deepEqual(login(), { jwt });
});

test('a text that holds no credentials is refused in words', () => {
  for (const text of [
    '',
    credentials({ jwt: jwtOf({}), seed: '' }),
    credentials({ jwt: jwtOf({ sub: key }), seed: 'SUAC' }),
  ]) {
    assert.throws(
      () => authenticator(() => text)('nonce'),
      (error) => isError(error, 'CREDENTIALS_UNREADABLE'),
    );
  }
  assert.throws(
    () => userKey(credentials({ jwt: jwtOf({}), seed })),
    (error) => isError(error, 'CREDENTIALS_UNREADABLE'),
  );
});

function jwtOf(claims: object): string {
  return ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c2ln'].join('.');
}

function credentials(parts: { readonly jwt: string; readonly seed: string }): string {
  const jwt = `-----BEGIN NATS USER JWT-----\n${parts.jwt}\n------END NATS USER JWT------\n`;
  return `${jwt}\n-----BEGIN USER NKEY SEED-----\n${parts.seed}\n------END USER NKEY SEED------\n`;
}
