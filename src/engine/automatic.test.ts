import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEngine } from '#engine/engine.ts';
import { registry } from '#modules/registry.ts';
import { outcomesOf, start, told } from '../../test/cases/harness.ts';
import { treeOf } from '../../test/cases/trees.ts';

/** `step ← what it goes after`, of the edges that nobody wrote. */
function automatic(text: string, path = 'web.zy'): readonly string[] {
  const engine = createEngine({ registry, tree: treeOf({ [path]: text }) });
  const { graph } = engine.compile(['web'], { scope: { id: 'web-01', facts: {}, settings: {} } });
  return [...graph.edges].flatMap(([step, edges]) =>
    edges.filter((edge) => edge.automatic).map(({ target }) => `${step.id} ← ${target.id}`),
  );
}

describe('an automatic requisite', () => {
  test('puts a path after the directory it lies in, the nearest that is managed', () => {
    const file = `
/srv/app/etc/app.conf: {file.managed: {contents: x}}
/srv/app: {file.directory: {}}
/srv: {file.directory: {}}
/srv/application: {file.managed: {contents: x}}
build: {cmd.run: {command: make, cwd: /srv/app}}
`;
    assert.deepEqual(automatic(file), [
      '/srv/app/etc/app.conf ← /srv/app',
      '/srv/app ← /srv',
      '/srv/application ← /srv',
      'build ← /srv/app',
    ]);
  });

  test('puts what names a user or a group after the state that makes it', () => {
    const file = `
home: {file.directory: {name: /srv/home, user: app, group: staff}}
own: {file.managed: {name: /etc/a, group: app}}
job: {cmd.run: {command: make, runas: app}}
app: {user.present: {home: /srv/home/app, groups: [staff]}}
staff: {group.present: {}}
`;
    assert.deepEqual(automatic(file).toSorted(), [
      'app ← staff',
      'home ← app',
      'home ← staff',
      'job ← app',
      'own ← app',
    ]);
  });

  test('never stands against what is written', () => {
    const opposite = '/srv/a: {file.managed: {require_in: [{file: /srv}]}}\n/srv: {file.directory: {}}';
    const related = '/srv/a: {file.managed: {onfail: [{file: /srv}]}}\n/srv: {file.directory: {}}';
    const roundabout = `
/srv/a: {file.managed: {contents: x}}
/srv: {file.directory: {require: [{test: between}]}}
between: {test.nop: {require: [{file: /srv/a}]}}
`;
    const ordered = '/srv: {file.directory: {order: last}}\n/srv/a: {file.managed: {contents: x}}';
    const members = 'app: {user.present: {groups: [staff]}}\nstaff: {group.present: {members: [app]}}';

    for (const file of [opposite, related, roundabout, ordered]) assert.deepEqual(automatic(file), [], file);
    assert.deepEqual(automatic(members), ['app ← staff'], 'no circle');
  });

  test('is none of Salt’s: a .sls file keeps its order', () => {
    assert.deepEqual(automatic('/srv/a: {file.managed: [{contents: x}]}\n/srv: {file.directory: []}', 'web.sls'), []);
  });

  test('holds in a run, and a failure holds back what lies in the directory', async () => {
    const file = '/srv/app/a: {file.managed: {contents: x}}\n/srv/app: {file.directory: {user: nobody-here}}';

    const failing = await outcomesOf(start({ 'web.zy': file }));
    const working = await outcomesOf(start({ 'web.zy': file.replace('nobody-here', 'root') }));

    assert.deepEqual(told(failing), ['/srv/app/a skipped require_failed', '/srv/app failed']);
    assert.match(
      failing[0]?.comment ?? '',
      /\nNobody wrote that it requires "\/srv\/app": its path, user or group says so$/,
    );
    assert.deepEqual(told(working), ['/srv/app/a changed', '/srv/app changed']);
  });

  test('is shown with the states that it orders', () => {
    const engine = createEngine({
      registry,
      tree: treeOf({ 'web.zy': '/srv/a: {file.managed: {contents: x}}\n/srv: {file.directory: {}}' }),
    });
    const chunks = engine.showLow(['web'], { scope: { id: 'web-01', facts: {}, settings: {} } });

    assert.deepEqual(
      chunks.map(({ __id__, __after__ }) => [__id__, __after__]),
      [
        ['/srv/a', [{ file: '/srv' }]],
        ['/srv', undefined],
      ],
    );
  });
});
