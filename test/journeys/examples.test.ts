import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCommands } from '#cli/registry.ts';
import { testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import { testTerminal } from '../harness/terminal.ts';

/** What an example may be told on a fleet that has no such file, report or output, in text or in JSON: it did its work. */
const answers = /\b(FILE_UNREADABLE|REPORT_MISSING|OUTPUT_\w+|STATE_ID_\w+|JOB_ENDED)\b/;

test('every example of the help does its work on a fleet', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const facts = { id: 'web-01', os: { name: 'Debian', family: 'debian' }, role: 'web' };
  const run = async ({ function: called }: { function: string }) => ({ success: true, value: called });
  await using _web = await testPeel(nats, { id: 'web-01', facts, run });
  await using _named = await testPeel(nats, { id: 'web-01_example_com', facts, run });
  using alice = testTerminal(nats, nats.credentials.operator('alice'));
  await until(() => master.master.fleet.size === 2, 'both peels are known');
  const jid = (await alice.zester('web-01 test.ping --async')).out.trim();
  await alice.zester('job wait last');

  const commands = (await allCommands()).filter(({ bus }) => bus);
  for (const { name, examples } of commands) {
    for (const { line } of examples) {
      // What writes files, or enrols, has tests of its own.
      if (/ --out\b/.test(` ${line}`) || name.startsWith('enroll ')) continue;
      const { exit, err } = await alice.zester(line.replaceAll('2xYkQbZ1fGm5n8pR0sT3uVwXyZa', jid));
      if (exit === 0 || exit === 5) continue;
      assert.match(err, answers, `zester ${line} ended with ${exit}: ${err}`);
    }
  }
  assert.ok(commands.flatMap(({ examples }) => examples).length > 20);
});
