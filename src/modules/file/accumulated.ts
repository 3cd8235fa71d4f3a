import * as z from 'zod';
import { state } from '#kit/state.ts';
import { AbsolutePath, StringList } from '#kit/types.ts';

export const accumulated = state({
  name: 'file.accumulated',
  saltOnly: [],
  summary: 'Gather texts for a file that another state of the run writes',
  args: z.object({
    name: z.string().describe('Name under which they are gathered').meta({ primary: true }),
    filename: AbsolutePath.describe('Path of the file that the other state manages'),
    text: StringList.describe('The texts; those that are there already are not added again'),
  }),
  async check({ name, filename, text }, { gathered }) {
    gathered?.add(filename, name, text);
    return {};
  },
  async apply() {
    return undefined;
  },
  examples: [
    {
      title: 'Two lines for a file',
      args: { name: 'vhosts', filename: '/etc/app/hosts', text: ['a.example.org', 'b.example.org'] },
      expect: {},
    },
    { title: 'One line', args: { name: 'vhosts', filename: '/etc/app/hosts', text: ['a.example.org'] }, expect: {} },
    {
      title: 'A file that is not named by its path',
      args: { name: 'vhosts', filename: 'hosts', text: ['a.example.org'] },
      expect: { refusal: 'ARGUMENT_INVALID' },
    },
  ],
  notes: [
    'It changes nothing itself: `file.managed` has the texts as `accumulator` in its template (`accumulator.vhosts`), `file.blockreplace` adds them to its content, a line each.',
    'Use `require_in` for the state that writes the file, so that it comes after all that gather for it.',
  ],
});
