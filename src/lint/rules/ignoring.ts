import { rule } from '../rule.ts';

export const ignoreUnknown = rule({
  code: 'IGNORE_UNKNOWN',
  severity: 'warning',
  summary: 'A comment that silences a code which is none',
  why: 'It silences nothing',
  bad: { 'web.zy': 'make:\n  cmd.run: []  # zester-lint: ignore COMAND_EVERY_TIME\n' },
  good: { 'web.zy': 'make:\n  cmd.run: []  # zester-lint: ignore COMMAND_EVERY_TIME\n' },
});

export const ignoreUnused = rule({
  code: 'IGNORE_UNUSED',
  severity: 'warning',
  summary: 'A comment that silences what nobody says any more',
  why: 'The next mistake of that kind in its line would go unheard',
  bad: { 'web.zy': 'nginx:\n  test.nop: []  # zester-lint: ignore COMMAND_EVERY_TIME\n' },
  good: { 'web.zy': 'nginx:\n  test.nop: []\n' },
});
