import { ZesterError } from '#base/errors.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import { command } from '../command.ts';
import { rowOf } from '../enrollments.ts';

export const enrollShow = command({
  name: 'enroll show',
  summary: 'Show everything about one enrolment',
  positionals: [{ name: 'id', summary: 'Id of the enrolment', required: true }],
  examples: [{ title: 'One that waits', line: 'enroll show enr-2abcdefghijklmnopqrstuvwxyz' }],
  bus: true,
  paged: true,
  async run({ id }, session) {
    const { enrollments: [found] = [] } = await session.ask(channels.enrollments, { id });
    if (found !== undefined) return rowOf(found);
    throw new ZesterError('usage', 'ENROLLMENT_NOT_FOUND', `Cannot show "${id}": there is no such enrolment`, {
      hint: 'Copy its id from "zester enroll list --state all"',
    });
  },
  show: (row) => {
    const text = (key: string, value: unknown) =>
      key.endsWith('At') && typeof value === 'number' ? new Date(value).toISOString() : visible(String(value));
    return Object.entries(row)
      .map(([key, value]) => `${key.padEnd(12)} ${text(key, value)}\n`)
      .join('');
  },
});
