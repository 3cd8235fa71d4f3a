import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { createLog } from '#base/log.ts';
import { planShow } from '#cli/commands/plan-show.ts';
import { main } from '#cli/main.ts';
import { visibleBytes } from '#cli/report/shown.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { createRenderer } from '#render/render.ts';
import { readPattern } from '#target/regex.ts';
import { createKey } from '#trust/nkeys.ts';
import { Return } from '#wire/job.ts';
import type { Attack } from './attack.ts';
import { assertSafe, linesOf, nasty, nastyReply, outputsOf, printedOf, sampleOf } from './support/nasty.ts';

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
  {
    promise: 'A8',
    name: 'answers every question of the CLI with escapes, turns and rows of its own in every field',
    quick: true,
    async run() {
      const { allCommands } = await import('#cli/registry.ts');
      const lines = linesOf(await allCommands());
      assert.ok(lines.length >= 12, String(lines.length));
      for (const line of lines) {
        const outputs = await outputsOf(line, { reply: nastyReply, returned: sampleOf(Return) });
        assertSafe(outputs, line.join(' '));
      }
    },
  },
  {
    promise: 'A8',
    name: 'fills a plan that is saved, and read in a review, with escapes, turns and rows of its own',
    quick: true,
    async run() {
      const error = {
        family: 'machine',
        code: nasty,
        message: nasty,
        hint: nasty,
        details: { stderr: nasty },
      } as const;
      const changes = { [nasty]: { from: nasty, to: nasty } };
      const steps = (['add', 'change', 'remove', 'run', 'restart', 'refresh', 'cannot-tell', 'fail'] as const).map(
        (action) => ({
          action,
          outcome: {
            ...{ id: nasty, state: nasty, name: nasty, result: 'would-change', startedAt: 0, ms: 1 },
            ...{ changes, diff: nasty, comment: nasty, because: [nasty], error },
          },
        }),
      );
      const peels = [{ peel: nasty, steps, kept: 1, error }];

      const outputs = await printedOf(planShow, { jid: nasty, target: nasty, operator: nasty, created: 0, peels });

      assertSafe(outputs, 'plan show');
      assert.match(outputs.text, /\\x1b\]0;pwned\\x07/);
    },
  },
  {
    promise: 'A8',
    name: 'retitles the terminal from the output of a command, its error and a comment',
    quick: true,
    async run() {
      const outcome = {
        id: nasty,
        state: 'cmd.run',
        name: nasty,
        result: 'failed',
        comment: nasty,
        startedAt: 0,
        ms: 1,
      };
      const error = { family: 'machine', code: 'COMMAND_FAILED', message: nasty, details: { stderr: nasty } };
      for (const part of [
        { value: { stdout: nasty, stderr: nasty } },
        { value: nasty },
        { error },
        { report: { outcomes: [{ ...outcome, diff: nasty, error }], counts: {}, ms: 1, test: false } },
      ]) {
        const outputs = await outputsOf(['run', 'web*', 'cmd.run', 'ls'], {
          reply: () => ({ jid: '', peels: ['web-01'] }),
          returned: { v: 1, status: 'done', success: true, startedAt: 0, ms: 1, ...part },
        });
        assertSafe(outputs, Object.keys(part).join());
        assert.match(outputs.text, /\\x1b\]0;pwned\\x07/);
      }
    },
  },
  {
    promise: 'A8',
    name: 'retitles the terminal from the whole output of a command, cut in the middle of a character',
    quick: true,
    async run() {
      let shown = '';
      const write = visibleBytes((text) => {
        shown += text;
      });
      for (const byte of Buffer.from(`${nasty} é\n`)) await write(Uint8Array.of(byte));

      assert.doesNotMatch(shown, /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/u);
      assert.match(shown, /\\x1b\]0;pwned.* online é\n$/s);
    },
  },
  {
    promise: 'A8',
    name: 'forges rows of the list of peels, and turns one around',
    quick: true,
    async run() {
      const peels = [{ peel: 'web-01', os: nasty, arch: '\u202e46x', version: '1\nweb-99  linux', online: true }];
      const outputs = await outputsOf(['peel', 'list'], { reply: () => ({ peels }) });

      assertSafe(outputs, 'peel list');
      assert.equal(outputs.text.trimEnd().split('\n').length, 2);
      assert.match(outputs.text, /\\u202e46x/);
    },
  },
  {
    promise: 'A8',
    name: 'hides escapes in facts, in their names, and in the form that programs read',
    quick: true,
    async run() {
      const reply = () => ({ peel: { peel: 'web-01', online: true }, facts: { [nasty]: nasty, list: ['\u009b2J'] } });
      const outputs = await outputsOf(['peel', 'show', 'web-01'], { reply });

      assertSafe(outputs, 'peel show');
      const { facts } = JSON.parse(outputs.json) as { readonly facts: Readonly<Record<string, unknown>> };
      assert.equal(facts[nasty], nasty, 'a program reads what was said');
      const { parse } = await import('yaml');
      assert.equal((parse(outputs.yaml) as { facts: Record<string, unknown> }).facts[nasty], nasty);
    },
  },
  {
    promise: 'A8',
    name: 'joins under a host name that clears the screen, for who lists enrolments or reads the log',
    quick: true,
    async run() {
      const row = { id: 'enr-1', peel: 'web-01', key: createKey('user').publicKey, state: 'pending', hostname: nasty };
      const reply = () => ({ enrollments: [{ ...row, source: nasty, trust: 'ok', createdAt: 0 }] });
      for (const line of [
        ['enroll', 'list'],
        ['enroll', 'show', 'enr-1'],
      ]) {
        assertSafe(await outputsOf(line, { reply }), line.join(' '));
      }
      for (const format of ['text', 'json'] as const) {
        const lines: string[] = [];
        const log = createLog({ format, write: (each) => lines.push(each) });
        log.warn('Refused', { hostname: nasty, error: new Error(nasty), [nasty]: { inside: nasty } });
        assert.doesNotMatch(lines.join('').replace(/\n$/, ''), /[\p{C}\p{Zl}\p{Zp}]/u, format);
      }
    },
  },
  {
    promise: 'A8',
    name: 'names a file of the tree so that it forges findings of the linter and lines of a local run',
    quick: true,
    async run() {
      const home = mkdtempSync(join(tmpdir(), 'zester-attack-'));
      try {
        const name = `a\u001b[2J\u202e\nFORGED: error.zy`;
        writeFileSync(join(home, name), '{{ nonsense }\n');
        let [out, err] = ['', ''];
        const terminal = {
          environment: {},
          out: (text: string) => {
            out += text;
          },
          err: (text: string) => {
            err += text;
          },
          isTerminal: true,
          errIsTerminal: true,
          width: 100,
        };
        for (const more of [[], ['--yaml'], ['--json'], ['--no-color']]) await main(['lint', home, ...more], terminal);
        await main(['lint', join(home, name)], terminal);

        const seen = stripVTControlCharacters(out + err);
        assert.doesNotMatch(seen, /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/u);
        assert.doesNotMatch(seen, /^FORGED/m);
        assert.ok(!(out + err).includes('\u001b[2J'));
      } finally {
        rmSync(home, { recursive: true });
      }
    },
  },
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
      // Of the processor: what else this machine does must not break it.
      const before = process.cpuUsage();
      await run();
      const ms = process.cpuUsage(before).user / 1_000;
      assert.ok(ms < deadlineMs, `it took ${Math.round(ms)} ms of processor time`);
    },
  };
}
