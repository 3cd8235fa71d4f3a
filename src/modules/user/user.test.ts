import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import { fakeMachine } from '#machine/fake.ts';
import { absent, present } from './states.ts';

const given = { users: { anna: { passwordHash: '$6$old$hash' } } };

test('nobody sees a password hash, neither the old nor the new', async () => {
  const built = present.build(rawArguments(present.args, { name: 'anna', password: '$6$new$hash' }));

  const { changes } = await built.plan(contextOn(fakeMachine(given)));

  assert.equal(changes.password?.to, '$6$new$hash');
  assert.doesNotMatch(JSON.stringify(built.show(changes)), /\$6\$/);
  assert.doesNotMatch(JSON.stringify(built.mask({ stderr: 'bad hash $6$new$hash' })), /\$6\$/);
});

test('nobody sees the password hash of a user that is removed', async () => {
  const built = absent.build(rawArguments(absent.args, { name: 'anna' }));

  const { changes } = await built.plan(contextOn(fakeMachine(given)));

  assert.doesNotMatch(JSON.stringify(built.show(changes)), /\$6\$/);
});

test('a group that would only now be made does not count among the optional ones', async () => {
  const built = present.build(rawArguments(present.args, { name: 'anna', optional_groups: ['docker'] }));

  const { changes } = await built.plan(contextOn(fakeMachine(given)));

  assert.deepEqual(changes, {});
});
