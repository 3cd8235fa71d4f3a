import assert from 'node:assert/strict';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/walk.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { createRenderer } from '#render/render.ts';
import { readPattern } from '#target/regex.ts';
import type { Attack } from './attack.ts';

const deadlineMs = 15_000;
const million = 'a'.repeat(1_000_000);

export const attacks: readonly Attack[] = [
  costly('repeats a repetition in a template, on a megabyte', () => {
    for (const filter of ['regex_search', 'regex_match'])
      rendered(`{{ text | ${filter}('(a+)+$') is none }}`, `${million}b`);
    rendered("{{ text | regex_replace('(a|aa)+$', 'x') | length }}", `${million}b`);
    rendered("{{ text is match('(?:a*)*b') }}", million);
  }),
  costly('refers to a group in a repeated repetition of a template', () => {
    assert.throws(() => rendered("{{ text | regex_match('(a*)*\\\\1b') }}", million), { code: 'PATTERN_TOO_COSTLY' });
  }),
  costly('repeats a repetition in file.replace, file.line and file.comment, on a megabyte', async () => {
    const pattern = '(?:a+)+$';
    await checked('file.replace', { pattern, repl: 'x' });
    await checked('file.line', { match: pattern, content: 'x', mode: 'delete' });
    await checked('file.comment', { regex: pattern, ignore_missing: true });
    await checked('file.blockreplace', { insert_after_match: pattern, append_if_not_found: true });
  }),
  costly('repeats a repetition in what file.directory and file.recurse spare', async () => {
    const files: Given['files'] = { '/srv/app': { directory: true }, [`/srv/app/${'a'.repeat(200)}!`]: 'x' };
    for (const spared of ['E@(a+)+$', '*a'.repeat(60)]) {
      await checked('file.directory', { name: '/srv/app', clean: true, exclude_pat: [spared] }, files);
    }
  }),
  costly('asks for peels by thirty parts that may be left out, or alternatives', () => {
    for (const pattern of [`${'a?'.repeat(30)}${'a'.repeat(30)}b`, `${'(a|a)'.repeat(40)}b`, '(a+)+b', '(.*a){20}b']) {
      const read = readPattern(pattern);
      if ('test' in read) assert.equal(read.test('a'.repeat(4_000)), false);
    }
  }),
];

function rendered(template: string, text: string): string {
  const renderer = createRenderer({ read: () => undefined });
  const scope = { id: 'web', facts: {}, settings: { text } };
  return renderer.renderText({ path: 'a.zy', text: `{% set text = settings.text %}${template}`, scope }).text;
}

/** What a state finds to change in a file of a megabyte on one line, or in other files. */
async function checked(name: string, args: Readonly<Record<string, unknown>>, files?: Given['files']): Promise<void> {
  const state = registry.states.get(name);
  assert.ok(state, name);
  const context = contextOn(fakeMachine({ files: files ?? { '/srv/a': `${million}!\n` } }));
  await state.build(rawArguments(state.args, { name: '/srv/a', ...args })).plan(context);
}

/** Must end long before an engine that goes back would. */
function costly(name: string, run: () => void | Promise<void>): Attack {
  return {
    promise: 'A8',
    name,
    quick: true,
    async run() {
      const started = performance.now();
      await run();
      const ms = performance.now() - started;
      assert.ok(ms < deadlineMs, `it took ${Math.round(ms)} ms`);
    },
  };
}
