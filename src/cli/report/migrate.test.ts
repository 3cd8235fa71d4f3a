import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileReport, Report } from '#migrate/report.ts';
import { isClean, showMigration } from './migrate.ts';
import { plainStyle } from './style.ts';

const file = (more: Partial<FileReport>): FileReport => ({
  tree: 'states',
  path: 'web.sls',
  kind: 'state file',
  to: more.path ?? 'web.sls',
  outcome: 'runs as is',
  changes: [],
  missing: [],
  notes: [],
  ...more,
});
const at = (line: number, column: number) => ({ file: 'web.sls', line, column });
const report = (files: readonly FileReport[], more: Partial<Report> = {}): Report => ({
  files,
  notes: [],
  mistakes: [],
  samples: ['debian', 'rocky'],
  ...more,
});

test('what is missing and what was changed stands below its file, with why', () => {
  const shown = showMigration(
    report([
      file({
        path: 'top.sls',
        to: 'top.zy',
        outcome: 'changed',
        changes: [
          { at: at(2, 3), from: 'salt', to: 'zester', why: 'A synonym' },
          { at: at(3, 4), from: 'salt', to: 'zester', why: 'A synonym' },
          { at: at(5, 1), from: 'match: grain', to: '', why: 'It has a letter' },
        ],
      }),
      file({
        outcome: 'has missing parts',
        missing: [
          { at: at(1, 1), kind: 'state', name: 'a.b', hint: 'Write it', reached: true },
          { at: at(2, 1), kind: 'state', name: 'a.b', reached: false },
          { at: at(3, 1), kind: 'error', name: 'Cannot\u001b[2J read it', reached: true },
        ],
        notes: [{ at: at(9, 1), text: 'Look here' }],
      }),
      file({ tree: 'settings', path: 'plain.sls', kind: 'settings file' }),
      file({ path: 'logo.png', kind: 'data' }),
    ]),
    plainStyle,
  );

  assert.equal(
    shown,
    [
      'top.sls → top.zy  changed',
      '  2:3     changed salt → zester, also 3:4',
      '          A synonym',
      '  5:1     changed match: grain → (removed)',
      '          It has a letter',
      '',
      'web.sls  has missing parts',
      '  1:1     missing state a.b',
      '          Write it',
      '  2:1     missing state a.b, where no sample machine comes',
      '  3:1     refused Cannot\\x1b[2J read it',
      '  9:1     note Look here',
      '',
      'runs as is',
      '  pillar: plain.sls',
      '',
      'Missing in several places',
      '  state a.b: 2 places',
      '',
      '4 files: 2 run as is, 1 changed, 1 with missing parts. Tried on debian, rocky',
      '',
    ].join('\n'),
  );
});

test('everything runs when nothing is missing and nothing was taken back', () => {
  const mistake = { text: 'It stays as it was' };

  assert.equal(isClean(report([file({}), file({ outcome: 'changed' })])), true);
  assert.equal(isClean(report([file({ outcome: 'has missing parts' })])), false);
  assert.equal(isClean(report([file({})], { mistakes: [mistake] })), false);
});
