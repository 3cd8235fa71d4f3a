import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { outcomesOf, start, told } from '../../test/cases/harness.ts';

const plan = (text: string, given: Given = {}, path = 'web.sls') =>
  outcomesOf(start({ [path]: text }, { given, test: true }));

describe('a plan supposes what earlier steps will have done', () => {
  test('a file in a directory of the same run is shown as it will be', async () => {
    const machine = fakeMachine();
    const before = machine.snapshot();
    const file = `
/srv/app: {file.directory: [{mode: 750}]}
/srv/app/app.conf: {file.managed: [{contents: port 80}]}
/srv/app/link: {file.symlink: [{target: app.conf}]}
edit: {file.append: [{name: /srv/app/app.conf, text: host web-01}]}
`;
    const outcomes = await outcomesOf(start({ 'web.sls': file }, { machine, test: true }));

    assert.deepEqual(
      outcomes.map(({ result }) => result),
      ['would-change', 'would-change', 'would-change', 'would-change'],
    );
    assert.match(outcomes[1]?.diff ?? '', /^\+port 80$/m);
    assert.match(outcomes[3]?.diff ?? '', /^ port 80\n\+host web-01$/m);
    assert.deepEqual(machine.snapshot(), before);
  });

  test('what one state makes and another removes is told of both', async () => {
    const outcomes = await plan(
      'df: {file.managed: [{name: /srv/f, contents: x}]}\nab: {file.absent: [{name: /srv/f}]}',
    );

    assert.deepEqual(told(outcomes), ['df would-change', 'ab would-change']);
  });

  test('what will certainly fail is a failure', async () => {
    const file = 'gone: {file.absent: [{name: /srv/app}]}\n/srv/app/a: {file.managed: [{contents: x}]}';

    const outcomes = await plan(file, { files: { '/srv/app': { directory: true } } });

    assert.deepEqual(told(outcomes), ['gone would-change', '/srv/app/a failed']);
    assert.equal(outcomes[1]?.error?.code, 'FILE_PARENT_MISSING');
  });

  test('a file belongs to the user and group of the same run', async () => {
    const file = `
app: {user.present: [{uid: 990}, {home: /srv/app}]}
staff: {group.present: [{gid: 700}]}
/srv/app/a: {file.managed: [{contents: x, user: app, group: staff}]}
home: {file.directory: [{name: /srv/app, user: app}]}
`;
    const outcomes = await plan(file);

    assert.deepEqual(told(outcomes), [
      'app would-change',
      'staff would-change',
      '/srv/app/a would-change',
      'home unchanged',
    ]);
  });

  test('a service whose definition the run writes would start', async () => {
    const file = `
unit: {file.managed: [{name: /etc/systemd/system/app.service, contents: "[Service]", makedirs: true}]}
app: {service.running: [{enable: true}, {watch: [{file: unit}]}]}
`;
    const outcomes = await plan(file);

    assert.deepEqual(told(outcomes), ['unit would-change', 'app would-change']);
    assert.equal(outcomes[1]?.changes?.running?.to, true);
  });

  test('a plan does not wait as the run will', async () => {
    const file = `
conf: {file.managed: [{name: /srv/conf, contents: x}]}
app: {service.running: [{init_delay: 1h}]}
web: {service.running: [{init_delay: 1h}, {watch: [{file: conf}]}]}
old: {service.dead: [{init_delay: 1h}]}
`;
    const services = { app: {}, web: { running: true }, old: { running: true } };

    assert.deepEqual(told(await plan(file, { services })), [
      'conf would-change',
      'app would-change',
      'web would-change',
      'old would-change',
    ]);
  });

  test('a path that a condition tests is tested as it will be', async () => {
    const file = `
/srv/a: {file.managed: [{contents: x}]}
once: {cmd.run: [{name: make}, {creates: /srv/a}]}
only: {cmd.run: [{name: make}, {onlyif: test -f /srv/a}]}
unless: {cmd.run: [{name: make}, {unless: "[ -e /srv/a ]"}]}
asked: {test.succeed_with_changes: [{onlyif: [{fun: file.file_exists, args: [/srv/a]}]}]}
`;
    const outcomes = await plan(file);

    assert.deepEqual(told(outcomes), [
      '/srv/a would-change',
      'once skipped creates_met',
      'only would-change',
      'unless skipped unless_met',
      'asked would-change',
    ]);
  });

  test('two plans of a graph are the same', async () => {
    const file = `
one: {file.managed: {name: /srv/a, contents: x}}
two: {file.absent: {name: /srv/a}}
three: {file.managed: {name: /srv/a, contents: y}}
`;
    const plans = await Promise.all([1, 2, 3].map(() => plan(file, {}, 'web.zy')));

    for (const each of plans)
      assert.deepEqual(told(each), ['one would-change', 'two would-change', 'three would-change']);
  });
});

describe('a plan cannot tell, and names what it waits for', () => {
  const cannotTell = async (text: string, id: string, given: Given = {}) => {
    const outcome = (await plan(text, given)).find((each) => each.id === id);
    assert.equal(outcome?.result, 'cannot-tell', JSON.stringify(outcome));
    assert.match(outcome.comment ?? '', /^Cannot tell until ".+" (is|are) applied: ./);
    return outcome.because;
  };

  test('a file in a directory that a command makes', async () => {
    const file = `
/srv/x: {file.managed: [{contents: x}]}
unpack: {cmd.run: [{name: tar -xf /srv/app.tar -C /opt/app}]}
/opt/app/etc/app.conf: {file.managed: [{contents: x}]}
`;
    assert.deepEqual(await cannotTell(file, '/opt/app/etc/app.conf'), ['unpack']);
  });

  test('a file whose parent is missing, when a command before it may make it', async () => {
    const file = 'make: {cmd.run: [{name: make install}]}\n/opt/app/a: {file.managed: [{contents: x}]}';

    assert.deepEqual(await cannotTell(file, '/opt/app/a'), ['make']);
  });

  test('a configuration and a service of a package that is not there yet', async () => {
    const file = `
web: {pkg.installed: [{name: nginx}]}
tools: {pkg.installed: [{name: curl}]}
/etc/nginx/nginx.conf: {file.append: [{text: x}]}
nginx: {service.running: []}
default: {file.absent: [{name: /etc/nginx/sites-enabled/default}]}
only: {test.nop: [{onlyif: test -f /etc/nginx/mime.types}]}
site: {file.managed: [{name: /etc/nginx/conf.d/site.conf, contents: x, makedirs: true}]}
`;
    const given = { repository: { nginx: '1.24', curl: '8' } };

    for (const id of ['/etc/nginx/nginx.conf', 'nginx', 'default', 'only', 'site']) {
      assert.deepEqual(await cannotTell(file, id, given), ['web'], id);
    }
    assert.match((await plan(file, given)).at(-1)?.diff ?? '', /^\+x$/m, 'its content is shown all the same');
  });

  test('a command that looks at what the run changes', async () => {
    const file = `
conf: {file.managed: [{name: /srv/app.conf, contents: x}]}
app: {user.present: []}
check: {cmd.run: [{name: reload}, {unless: grep -q x /srv/app.conf}]}
as-user: {cmd.run: [{name: reload}, {onlyif: crontab -l, runas: app}]}
`;
    assert.deepEqual(await cannotTell(file, 'check'), ['conf']);
    assert.deepEqual(await cannotTell(file, 'as-user'), ['app']);
  });

  test('conditions that are asked after a command of the same run', async () => {
    const file = `
first: {cmd.run: [{name: ./setup}]}
second: {cmd.run: [{name: ./more}, {unless: ./is-done}, {require: [{cmd: first}]}]}
third: {cmd.run: [{name: ./more}, {onlyif: "true"}, {require: [{cmd: first}]}]}
`;
    const given = { commands: { './is-done': { code: 1 } } };

    assert.deepEqual(await cannotTell(file, 'second', given), ['first']);
    assert.equal((await plan(file, given))[2]?.result, 'would-change');
  });

  test('what only runs, or is only refreshed, when that changes something', async () => {
    const file = `
make: {cmd.run: [{name: ./setup}]}
doubtful: {test.succeed_with_changes: [{onlyif: ./is-done}, {require: [{cmd: make}]}]}
after: {test.succeed_with_changes: [{onchanges: [{test: doubtful}]}]}
watching: {test.nop: [{watch: [{test: doubtful}]}]}
listening: {test.nop: [{listen: [{test: doubtful}]}]}
before: {test.succeed_with_changes: [{prereq: [{test: doubtful}]}]}
either: {test.succeed_with_changes: [{onchanges: [{test: doubtful}, {cmd: make}]}]}
`;
    for (const id of ['after', 'watching', 'listener_listening', 'before']) {
      assert.deepEqual(await cannotTell(file, id), ['doubtful'], id);
    }
    assert.equal((await plan(file)).find(({ id }) => id === 'either')?.result, 'would-change');
  });

  test('what only runs when a command fails', async () => {
    const file = `
try: {cmd.run: [{name: ./try}]}
sure: {test.nop: []}
rescue: {cmd.run: [{name: ./rescue}, {onfail: [{cmd: try}]}]}
never: {cmd.run: [{name: ./rescue}, {onfail: [{test: sure}]}]}
`;
    assert.deepEqual(await cannotTell(file, 'rescue'), ['try']);
    assert.equal((await plan(file)).at(-1)?.result, 'skipped');
  });

  test('a template that asks for what the run changes', async () => {
    const file = `
/srv/a: {file.managed: [{contents: x}]}
/srv/b: {file.managed: [{source: zester://b, template: jinja}]}
/srv/c: {file.managed: [{source: zester://c, template: jinja}]}
`;
    const tree = {
      b: "{{ salt['file.file_exists']('/srv/a') }}\n",
      c: "{{ salt['file.file_exists']('/srv/other') }}\n",
    };
    const call = (name: string) => name.length;
    const run = start({ 'web.sls': file, ...tree }, { test: true, scope: { call } });
    const [, asking, other] = await outcomesOf(run);

    assert.deepEqual([asking?.result, asking?.because], ['cannot-tell', ['/srv/a']], JSON.stringify(asking));
    assert.match(asking?.comment ?? '', /its template asks "file\.file_exists"/);
    assert.equal(other?.result, 'would-change', JSON.stringify(other));
  });

  test('what depends on a state of which the plan cannot tell', async () => {
    const file = `
make: {cmd.run: [{name: make install}]}
/opt/app/etc: {file.directory: []}
/opt/app/etc/a: {file.managed: [{contents: x}]}
`;
    assert.deepEqual(await cannotTell(file, '/opt/app/etc/a'), ['/opt/app/etc']);
  });
});
