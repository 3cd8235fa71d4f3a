import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settingFrom, settingOf, shaCrypt } from './sha-crypt.ts';

/** From the specification of the algorithm. */
const known = [
  [
    'Hello world!',
    '$6$saltstring',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltstring',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
] as const;

describe('SHA-512 crypt', () => {
  for (const [password, setting, hash] of known) {
    test(`gives ${setting} as the C library does`, () => {
      assert.equal(shaCrypt(password, setting), hash);
      assert.equal(shaCrypt(password, hash), hash, 'also with a hash of it as the setting');
    });
  }

  test('finds the setting of its own hashes only', () => {
    assert.equal(settingOf(known[1][2]), '$6$rounds=10000$saltstringsaltst');
    assert.equal(settingOf('$y$j9T$abc$def'), undefined);
    assert.equal(settingOf('!'), undefined);
  });

  test('takes a salt of any bytes', () => {
    assert.match(shaCrypt('x', settingFrom(new Uint8Array(32).fill(255))), /^\$6\$z{16}\$[./0-9A-Za-z]{86}$/);
  });
});
