import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonArguments } from './common-arguments.ts';
import { engineKeywords } from './keywords.ts';

/** Read, but for no author to write: Salt's own bookkeeping, and words that only old trees still carry. */
const undescribed = new Set([
  'prerequired',
  'onfail_stop',
  'cmd_opts_exclude',
  'runas_password',
  'saltenv',
  'aggregate',
  'provider',
  'state',
  'fun',
]);

test('every argument that the engine reads is described, and no other', () => {
  const described = Object.keys(commonArguments.shape).filter((each) => each !== 'name');
  const read = [...engineKeywords].filter((each) => !undescribed.has(each));

  assert.deepEqual(described.toSorted(), read.toSorted());
});
