import type { Place } from '#base/errors.ts';
import type { Document } from '#engine/document.ts';
import { isWritten } from '../compile/written.ts';
import { rule } from '../rule.ts';
import type { Survey } from '../survey.ts';

export const includeMissing = rule({
  code: 'INCLUDE_MISSING',
  severity: 'warning',
  of: 'states',
  summary: 'A requisite on what another file declares, which is neither included nor applied together with it',
  why: 'The file is refused when it is applied by itself',
  bad: {
    'web.zy': 'nginx:\n  test.nop: []\n',
    'site.zy': 'site:\n  test.nop:\n    - require:\n      - test.nop: nginx\n',
  },
  good: {
    'web.zy': 'nginx:\n  test.nop: []\n',
    'site.zy': 'include: web\nsite:\n  test.nop:\n    - require:\n      - test.nop: nginx\n',
  },
});

export const includeTwice = rule({
  code: 'INCLUDE_TWICE',
  severity: 'warning',
  of: 'states',
  summary: 'A file that is included twice, or includes itself',
  why: 'Each file is loaded once: the second line does nothing',
  bad: { 'web.zy': 'include:\n  - common\n  - common\n', 'common.zy': 'nginx:\n  test.nop: []\n' },
  good: { 'web.zy': 'include:\n  - common\n', 'common.zy': 'nginx:\n  test.nop: []\n' },
  *find(survey) {
    for (const document of documentsOf(survey)) {
      const seen = new Set([`${document.source.env}:${document.source.ref}`]);
      for (const { ref, env, at } of document.includes) {
        const name = `${env ?? document.source.env}:${ref}`;
        if (seen.has(name) && isWritten(at, 'SLS_UNKNOWN', survey))
          yield { message: `"${ref}" is loaded already`, hint: 'Remove the line', at };
        seen.add(name);
      }
    }
  },
});

export const topTwice = rule({
  code: 'TOP_TWICE',
  severity: 'warning',
  of: 'states',
  summary: 'A reference that a target of the top file is given twice',
  why: 'The second line does nothing',
  bad: { 'top.zy': "base:\n  '*': [web, web]\n", 'web.zy': 'nginx:\n  test.nop: []\n' },
  good: { 'top.zy': "base:\n  '*': [web]\n", 'web.zy': 'nginx:\n  test.nop: []\n' },
  *find({ machines }) {
    for (const { rule: each } of machines.flatMap(({ top }) => top)) {
      const seen = new Set<string>();
      for (const { ref, env, at } of each.refs) {
        if (seen.has(`${env}:${ref}`) && at) {
          yield { message: `"${each.target}" is given "${ref}" already`, hint: 'Remove the line', at };
        }
        seen.add(`${env}:${ref}`);
      }
    }
  },
});

export const extendOwn = rule({
  code: 'EXTEND_OWN',
  severity: 'warning',
  of: 'states',
  summary: 'An `extend` of an id that the same file declares',
  why: 'What it adds can stand where the id is declared',
  bad: {
    'web.zy':
      'nginx:\n  test.nop: []\nmotd:\n  test.nop: []\nextend:\n  nginx:\n    test.nop:\n      - require:\n        - test.nop: motd\n',
  },
  good: { 'web.zy': 'motd:\n  test.nop: []\nnginx:\n  test.nop:\n    - require:\n      - test.nop: motd\n' },
  *find(survey) {
    for (const { entries, extensions } of documentsOf(survey)) {
      const own = new Map(entries.map((entry) => [entry.id, entry]));
      for (const { id, at, declarations } of extensions) {
        const declared = own.get(id)?.declarations.map(({ module }) => module) ?? [];
        if (!declarations.some(({ module }) => declared.includes(module)) || isSamePlace(own.get(id)?.at, at)) continue;
        yield { message: `"${id}" is declared in this very file`, hint: 'Write it there', at };
      }
    }
  },
});

/** Each document of a tree as each machine has it. */
function* documentsOf({ machines }: Survey): Generator<Document> {
  for (const { single } of machines) {
    for (const { documents } of single) {
      const [own] = documents;
      if (own) yield own;
    }
  }
}

function isSamePlace(one: Place | undefined, other: Place): boolean {
  return one?.line === other.line && one.file === other.file;
}
