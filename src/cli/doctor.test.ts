import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DoctorCheck } from '#wire/doctor.ts';
import { doctor } from './commands/doctor.ts';
import { plainStyle } from './report/style.ts';

const report = (checks: readonly DoctorCheck[]) => ({
  ok: checks.every(({ status }) => status !== 'problem'),
  problems: checks.filter(({ status }) => status === 'problem').length,
  warnings: checks.filter(({ status }) => status === 'warning').length,
  checks,
});

test('doctor ends with what to do, and with an error when there is a problem', () => {
  const value = report([
    { name: 'peels', status: 'ok', detail: '3 of 3 online' },
    {
      name: 'facts',
      status: 'problem',
      detail: '1 over the limit',
      hint: 'Look at it',
      lines: ['web\u001b[2J: 9 of 8'],
    },
    { name: 'masters', status: 'warning', detail: '2 versions', hint: 'Finish the upgrade' },
  ]);

  assert.equal(
    doctor.show(value, plainStyle),
    `ok    peels        3 of 3 online
FAIL  facts        1 over the limit
                   web\\x1b[2J: 9 of 8
WARN  masters      2 versions

1 problem, 1 warning. What to do:
  facts: Look at it
  masters: Finish the upgrade
`,
  );
  assert.equal(doctor.exit(value), 1);
});

test('doctor is content when nothing is wrong; a warning is no error', () => {
  assert.match(doctor.show(report([{ name: 'peels', status: 'ok', detail: 'x' }]), plainStyle), /Everything is well/);
  assert.equal(doctor.exit(report([{ name: 'masters', status: 'warning', detail: 'x' }])), 0);
});
