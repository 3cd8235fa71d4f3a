import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ownCgroups } from './cgroup.ts';
import { endProcesses } from './end.ts';
import { familyOf } from './family.ts';
import { allProcesses, environmentOf, findProcess, type Process, signalProcess } from './table.ts';
import { endingDetails, endingText } from './words.ts';

const waiting: Process = { pid: 4_711, parent: 1, session: 4_711, state: 'D', name: 'dd', startedAt: 1 };
const { pid: _, ...asleep } = { ...waiting, state: 'S', name: 'sleep' };

describe('an ending', () => {
  test('says how many were ended, or that there was nobody', () => {
    assert.equal(endingText({ ended: [], left: [] }), 'nothing it had started was left');
    assert.equal(endingText({ ended: [waiting], left: [] }), '1 process was ended');
    assert.equal(endingText({ ended: [waiting, { ...asleep, pid: 2 }], left: [] }), '2 processes were ended');
  });

  test('claims nothing when the processes could not be looked at', () => {
    const text = endingText({ ended: [], left: [], trouble: 'EMFILE' });

    assert.equal(text, 'what it had started could not be looked at: EMFILE');
  });

  test('names who could not be ended, and why', () => {
    const ending = { ended: [{ ...asleep, pid: 2 }], left: [waiting, { ...waiting, pid: 9 }] };

    assert.equal(endingText(ending), 'could not end pid 4711 (dd), it is in state D, and 1 more');
    assert.deepEqual(endingDetails(ending), { ended: '2 sleep', left: '4711 dd (D), 9 dd (D)' });
  });

  test('that nobody can be made to happen is told as such, within its patience', async () => {
    // What waits for the kernel cannot be made here: this one is never gone, whatever is sent.
    const { ended, left } = await endProcesses(() => [waiting], { graceMs: 1, lookMs: 50 });

    assert.deepEqual([ended, left], [[], [waiting]]);
  });
});

describe('the process table', () => {
  test('knows this process by its parent, its environment and its start', () => {
    const own = findProcess(process.pid);

    assert.equal(own?.parent, process.ppid);
    assert.equal(environmentOf(process.pid).get('PATH'), process.env.PATH);
    assert.ok(allProcesses().some(({ pid, startedAt }) => pid === process.pid && startedAt === own?.startedAt));
  });

  test('sends nothing to a later process of the same id', () => {
    const own = findProcess(process.pid) as Process;

    assert.equal(signalProcess({ ...own, startedAt: own.startedAt - 1 }, 'SIGKILL'), false);
  });

  test('never counts this process or those above it into a family', () => {
    const all = familyOf({ isMarked: () => true, roots: [process.pid, process.ppid] });

    const pids = all().map(({ pid }) => pid);

    assert.ok(pids.length > 0);
    for (const pid of [process.pid, process.ppid, 1]) assert.ok(!pids.includes(pid));
  });
});

test('where the kernel shows no group of version 2, or one that cannot be written, there are none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester-proc-'));
  try {
    const shown = (cgroup: string, mountinfo: string) => {
      writeFileSync(join(folder, 'cgroup'), cgroup);
      writeFileSync(join(folder, 'mountinfo'), mountinfo);
      return ownCgroups(folder);
    };
    const mount = (root: string) => `41 31 0:38 ${root} ${folder} rw - cgroup2 cgroup2 rw\n`;
    mkdirSync(join(folder, 'own'));

    assert.equal(shown('8:pids:/\n', mount('/')), undefined);
    assert.equal(shown('0::/own\n', '41 31 0:38 / /sys rw - tmpfs tmpfs rw\n'), undefined);
    assert.equal(shown('0::/elsewhere\n', mount('/box')), undefined);
    // A plain folder takes new folders, but nothing in them can end anybody.
    assert.equal(shown('0::/own\n', mount('/')), undefined);
    assert.equal(shown('0::/no/such\n', mount('/')), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
