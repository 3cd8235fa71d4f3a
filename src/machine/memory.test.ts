import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeMachine } from './fake.ts';
import { createMemory } from './memory.ts';
import { composedMachine } from './real.ts';

describe('a memory', () => {
  const counting = () => {
    let count = 0;
    return async () => ++count;
  };

  test('reads once, until something is written', async () => {
    const [memory, read] = [createMemory(), counting()];

    const before = [await memory.recall('a', read), await memory.recall('a', read)];
    await memory.changing(async () => {});

    assert.deepEqual([...before, await memory.recall('a', read)], [1, 1, 2]);
  });

  test('does not keep what was read while something was written', async () => {
    const [memory, read] = [createMemory(), counting()];

    await memory.changing(() => memory.recall('a', read));

    assert.equal(await memory.recall('a', read), 2);
  });

  test('forgets also when the writing fails, and keeps no failure', async () => {
    const [memory, read] = [createMemory(), counting()];
    const fails = async () => Promise.reject(new TypeError('no'));
    await memory.recall('a', read);

    await assert.rejects(memory.changing(fails));
    await assert.rejects(memory.recall('b', fails));

    assert.deepEqual([await memory.recall('a', read), await memory.recall('b', read)], [2, 3]);
  });
});

describe('a machine that remembers', () => {
  const dpkg = `dpkg-query --show --showformat \${Package}\\t\${Architecture}\\t\${Version}\\t\${db:Status-Status}\\t\${db:Status-Want}\\t\${Provides}\\n`;
  const machineOf = () => {
    const fake = fakeMachine({
      commands: { [dpkg]: { stdout: 'bash\tamd64\t5.2\tinstalled\thold\t\n' }, rebuild: {} },
    });
    const about = {
      family: 'debian',
      has: (program: string) => /^(apt-get|dpkg-query|useradd)$/.test(program),
      exists: () => false,
    };
    return { fake, machine: composedMachine({ ...fake, about, remembers: true }) };
  };

  test('reads the packages once, for versions and holds alike', async () => {
    const { fake, machine } = machineOf();

    await machine.packages.installed(['bash']);
    await machine.packages.installed(['vim']);

    assert.deepEqual(await machine.packages.held(), ['bash']);
    assert.equal(fake.calls.length, 1);
  });

  test('reads them again after a command, or a file, that may have changed them', async () => {
    const { fake, machine } = machineOf();
    await machine.packages.held();

    await machine.commands.run(['rebuild']);
    await machine.packages.held();
    await machine.files.write('/etc/x', new Uint8Array());
    await machine.packages.held();

    assert.equal(fake.calls.filter((line) => line === dpkg).length, 3);
  });

  test('knows a user that was written into the file meanwhile', async () => {
    const { machine } = machineOf();
    const before = await machine.users.find('anna');

    await machine.files.write('/etc/passwd', new TextEncoder().encode('anna:x:1:1::/:/bin/sh\n'));

    assert.deepEqual([before, (await machine.users.find('anna'))?.uid], [undefined, 1]);
  });
});
