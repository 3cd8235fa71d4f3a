import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import type { State } from '#kit/state.ts';
import { fakeMachine } from '#machine/fake.ts';
import { supposedMachine } from '#machine/supposed.ts';
import { registry } from './registry.ts';

/** States that nobody can do in memory: what comes of a command only the command knows. */
const unforeseen = /^(cmd|module)\./;

for (const state of registry.states.values()) {
  const examples = state.examples.filter(({ expect }) => !('refusal' in expect) && Object.keys(expect).length > 0);
  if (examples.length === 0) continue;
  describe(`state ${state.name}, supposed by a plan`, () => {
    for (const example of examples) test(example.title, () => checkSupposed(state, example));
  });
}

/** What a plan supposes of a state is what its next check finds, and none of it is on the machine. */
async function checkSupposed(state: State, { args, given, again }: State['examples'][number]): Promise<void> {
  const machine = fakeMachine(given);
  const before = machine.snapshot();
  const supposed = supposedMachine(machine);
  const context = contextOn(supposed.machine, { given, registry });
  const built = state.build(rawArguments(state.args, args));
  const { changes } = await built.plan(context);

  const isForeseen = await built
    .suppose(changes, contextOn(supposed.doneBy('the state'), { given, registry }))
    .then(() => true)
    .catch((error) => !isError(error, 'PLAN_EFFECT_UNKNOWN') && Promise.reject(error));

  assert.deepEqual(machine.snapshot(), before, 'nothing is done');
  assert.ok(isForeseen || unforeseen.test(state.name), 'its work can be done in memory');
  if (isForeseen && again !== 'changes') assert.deepEqual((await built.plan(context)).changes, {});
}
