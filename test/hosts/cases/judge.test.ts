import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerText } from './answers.ts';
import { differencesFrom, type Run, runOf } from './judge.ts';

const met = run(0, { a: 'unchanged' });
const made = run(0, { a: 'changed' });

describe('what was seen of a machine case', () => {
  test('is right when plan, runs and output are as expected', () => {
    const plan = run(0, { a: 'would-change' });
    const right = { plan: { a: 'would-change' }, expect: { a: 'changed' }, probe: 'ls', output: 'x\n' } as const;

    assert.deepEqual(
      differencesFrom(right, { plan, runs: [made, met], outputs: [printed('x\n'), printed('x\n')] }),
      [],
    );
  });

  test('differs where a state answers otherwise, or is not there', () => {
    const right = { expect: { a: 'unchanged', b: 'changed' } } as const;

    assert.deepEqual(differencesFrom(right, { runs: [made, met], outputs: [] }), [
      'first run: a: expected unchanged, got changed',
      'first run: b: expected changed, got no such state',
    ]);
  });

  test('differs where a second run changes or fails, unless that is expected', () => {
    const broken = run(2, { a: 'failed' });
    const seen = (first: Run, second: Run) => ({ runs: [first, second], outputs: [] });

    assert.deepEqual(differencesFrom({}, seen(made, made)), ['second run: a: expected unchanged, got changed']);
    assert.deepEqual(differencesFrom({}, seen(made, broken)), ['second run: a: failed']);
    assert.deepEqual(differencesFrom({ again: 'changed' }, seen(made, made)), []);
    assert.deepEqual(differencesFrom({ again: 'changed' }, seen(made, met)), [
      'second run: expected some state to be changed, none is',
    ]);
    assert.deepEqual(differencesFrom({ again: 'failed' }, seen(made, broken)), []);
    assert.deepEqual(differencesFrom({ expect: { a: 'failed' } }, seen(broken, broken)), []);
  });

  test('counts a skipped state of a second run as unchanged', () => {
    assert.deepEqual(differencesFrom({}, { runs: [made, run(0, { a: 'skipped' })], outputs: [] }), []);
  });

  test('differs where a plan changed the machine', () => {
    const seen = { plan: met, touched: ['/etc/motd: nothing → file 644'], runs: [met, met], outputs: [] };

    assert.deepEqual(differencesFrom({}, seen), ['plan: changed the machine: /etc/motd: nothing → file 644']);
  });

  test('differs where exit codes do not tell what happened', () => {
    const quiet = run(0, { a: 'failed' });
    const loud = run(2, { a: 'changed' });

    assert.deepEqual(differencesFrom({ again: 'failed' }, { runs: [quiet, run(2, { a: 'failed' })], outputs: [] }), [
      'first run: expected exit code 2, got 0',
    ]);
    assert.deepEqual(differencesFrom({}, { runs: [loud, met], outputs: [] }), [
      'first run: expected exit code 0, got 2',
    ]);
  });

  test('differs where what was to be refused runs, and where the refusal says something else', () => {
    const refused = runOf({
      code: 2,
      output: answerText({ error: { family: 'source', code: 'X', message: 'Cannot use "bogus"' } }),
      errors: '',
    });

    assert.deepEqual(
      differencesFrom({ expect_error: 'bogus' }, { plan: refused, runs: [refused, refused], outputs: [] }),
      [],
    );
    assert.deepEqual(
      differencesFrom({ expect_error: 'other' }, { plan: refused, runs: [refused, refused], outputs: [] }),
      ['plan, first run, second run: expected a refusal that says "other", got\n  Cannot use "bogus" [X] '],
    );
    assert.match(
      differencesFrom({ expect_error: 'bogus' }, { runs: [made], outputs: [] })[0] ?? '',
      /expected a refusal/,
    );
    assert.match(
      differencesFrom({ expect: {} }, { runs: [refused], outputs: [] })[0] ?? '',
      /expected a report, got \(exit 2\)/,
    );
  });

  test('differs where a program crashed, and shows what it said', () => {
    const crashed = runOf({ code: 139, output: '{"success":', errors: 'Segmentation fault\n' });

    const [difference = ''] = differencesFrom({}, { runs: [crashed], outputs: [] });

    assert.match(difference, /exit 139[\s\S]*Segmentation fault/);
  });

  test('differs where a probe prints anything else, to the last end of line', () => {
    const right = { probe: 'ls', output: 'x\n' };

    assert.deepEqual(differencesFrom(right, { outputs: [printed('x\n'), printed('x')] }), [
      'second run: the probe was to print\n  |x|\nand prints\n  |x| without an end of line',
    ]);
  });
});

function run(code: number, results: Readonly<Record<string, string>>): Run {
  return runOf({ code, output: answerText({ results }), errors: '' });
}

function printed(output: string): ReadonlyMap<string, string> {
  return new Map([['ls', output]]);
}
