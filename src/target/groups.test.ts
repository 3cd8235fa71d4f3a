import assert from 'node:assert/strict';
import { test } from 'node:test';
import { match, parse, readGroups } from './index.ts';

test('a nodegroup is an expression, a list of ids, or the words of an expression; others may be in it', () => {
  const groups = readGroups({
    web: 'web* and not N@old',
    old: ['web-08', 'web-09'],
    edge: ['N@web', 'and', 'G@zone:edge'],
  });
  const chosen = (target: string) =>
    ['web-01', 'web-09', 'db-01'].filter((id) => match(parse(target, { groups }), { id, facts: { zone: 'edge' } }));

  assert.deepEqual(chosen('N@web'), ['web-01']);
  assert.deepEqual(chosen('N@old or db*'), ['web-09', 'db-01']);
  assert.deepEqual(chosen('N@edge'), ['web-01']);
});

test('what is wrong with a nodegroup is known before it is used', () => {
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [{ a: 'web* or N@b', b: 'N@c', c: ['N@b', 'or', 'db*'] }, 'TARGET_GROUP_CYCLE', /"b".* contains itself/],
    [{ a: 'N@a' }, 'TARGET_GROUP_CYCLE', /"a".* contains itself/],
    [{ web: 'N@wbe' }, 'NODEGROUP_INVALID', /"web": cannot use the nodegroup "wbe"/],
    [{ web: 'web*,db*' }, 'NODEGROUP_INVALID', /"web": cannot read the target "web\*,db\*"/],
    [{ web: ['web*', 'db*'] }, 'NODEGROUP_INVALID', /"web": .*L@web\*,db\*/],
    [{ 'a b': 'web*' }, 'NODEGROUP_INVALID', /a name has/],
    [{ ['__proto__']: 'web*' }, 'NODEGROUP_INVALID', /a name has/],
    [{ web: 7 }, 'NODEGROUP_INVALID', /neither a target nor a list/],
    [{ web: [] }, 'NODEGROUP_INVALID', /neither a target nor a list/],
    [{ web: ' ' }, 'NODEGROUP_INVALID', /neither a target nor a list/],
  ];
  for (const [given, code, message] of cases) {
    assert.throws(() => readGroups(given as Record<string, unknown>), { code, message }, JSON.stringify(given));
  }
});
