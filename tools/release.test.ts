import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from './release.ts';

test('a release needs a newer version, a clean main, and news', () => {
  const fit = { version: '0.10.0', before: '0.9.3', changes: 2, state: { branch: 'main', isClean: true } };

  assert.equal(refusal(fit), undefined);
  assert.match(refusal({ ...fit, version: 'v1' }) ?? '', /three numbers/);
  assert.match(refusal({ ...fit, before: '0.10.0' }) ?? '', /not newer/);
  assert.match(refusal({ ...fit, changes: 0 }) ?? '', /what is new/);
  assert.match(refusal({ ...fit, state: { branch: 'try', isClean: true } }) ?? '', /come from main/);
  assert.match(refusal({ ...fit, state: { branch: 'main', isClean: false } }) ?? '', /not committed/);
});
