import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Tree } from '#engine/tree.ts';
import { registry } from '#modules/registry.ts';
import { lintSettings, lintStates } from './lint.ts';
import { profileOf, profiles } from './profiles.ts';
import type { Files } from './rule.ts';
import type { SurveyOptions } from './survey.ts';

describe('one finding', () => {
  test('is told once, whichever machines and runs meet it', () => {
    const found = findingsOf({
      'top.zy': "base:\n  '*': [a, b]\n",
      'a.zy': 'include: common\n',
      'b.zy': 'include: common\n',
      'common.zy': 'nginx:\n  pkg.instaled: []\n',
    });

    assert.deepEqual(found, ['common.zy:2:3 error STATE_UNKNOWN']);
  });

  test('names the machines it is about when they are not all', () => {
    const found = findingsOf({ 'web.zy': `{% if facts.os.family == 'rhel' %}\n${broken}{% endif %}\n` });

    assert.deepEqual(found, ['web.zy:3:3 error STATE_UNKNOWN on rocky']);
  });

  test('comes in the order of files and lines', () => {
    const found = findingsOf({ 'b.zy': broken, 'a.zy': `a:\n  pkg.instaled: []\nb:\n  pkg.instaled: []\n` });

    assert.deepEqual(
      found.map((each) => each.split(' ')[0]),
      ['a.zy:2:3', 'a.zy:4:3', 'b.zy:2:3'],
    );
  });
});

describe('what depends on the machine', () => {
  const map = "{% set names = {'debian': 'apache2', 'rhel': 'httpd'} %}\n";

  test('is a note where other machines go on', () => {
    const found = findingsOf({ 'web.zy': `${map}{{ names[facts.os.family] }}:\n  test.nop: []\n` });

    assert.deepEqual(found, ['web.zy:2:19 note TEMPLATE_UNDEFINED on suse, alpine, arch']);
  });

  test('is an error in a part that only those machines come by', () => {
    const found = findingsOf({
      'web.zy': "{% if facts.os.family == 'suse' %}\n{% set x = 'a' + 1 %}\n{% endif %}\nnginx:\n  test.nop: []\n",
    });

    assert.ok(found.includes('web.zy:2:16 error TEMPLATE_TYPE on suse'), found.join('\n'));
  });

  test('is a note when nothing is known for a machine like any of the samples', () => {
    const found = findingsOf({
      'web.zy': "{% set hosts = {'db-01': 5432} %}\nport-{{ hosts[facts.id] }}:\n  test.nop: []\n",
    });

    assert.deepEqual(found, ['web.zy:2:21 note TEMPLATE_UNDEFINED']);
  });

  test('is not looked for on machines that the top file gives it not', () => {
    const found = findingsOf({
      'top.zy': "base:\n  'G@os.family:debian': apt\n",
      'apt.zy': "{% set lists = {'debian': '/etc/apt'} %}\n{{ lists[facts.os.family] }}:\n  file.directory: []\n",
    });

    assert.deepEqual(found, []);
  });

  test('is not looked for on machines on which nothing includes it', () => {
    const found = findingsOf({
      'web/init.zy': "include:\n  - common\n{% if facts.os.family == 'debian' %}\n  - .debian\n{% endif %}\n",
      'web/debian.zy': "{{ {'debian': '/etc/apt'}[facts.os.family] }}:\n  file.directory: []\n",
      'common.zy': 'motd:\n  test.nop: []\n',
    });

    assert.deepEqual(found, []);
  });
});

describe('a setting nobody gave', () => {
  const port = 'port-{{ settings.web.port }}:\n  test.nop: []\nnginx:\n  pkg.instaled: []\n';

  test('is a note, and the rest of the file is judged', () => {
    assert.deepEqual(findingsOf({ 'web.zy': port }), [
      'web.zy:1:18 note SETTING_NEEDED',
      'web.zy:4:3 error STATE_UNKNOWN',
    ]);
  });

  test('is an error when settings are given and none of them has it', () => {
    const found = findingsOf(
      { 'web.zy': 'port-{{ settings.web.port }}:\n  test.nop: []\n' },
      { settings: () => ({ web: {} }) },
    );

    assert.deepEqual(found, ['web.zy:1:22 error TEMPLATE_UNDEFINED']);
  });

  test('is nothing to speak of when it is given', () => {
    const settings = () => ({ web: { port: 80 } });

    assert.deepEqual(findingsOf({ 'web.zy': 'port-{{ settings.web.port }}:\n  test.nop: []\n' }, { settings }), []);
  });

  test('makes no error of what it may declare', () => {
    const found = findingsOf({
      'web.zy':
        "{% if settings.get('tls') %}\ncert:\n  test.nop: []\n{% endif %}\nnginx:\n  test.nop:\n    - require:\n      - test.nop: cert\n",
    });

    assert.deepEqual(found, ['web.zy:8:9 note REQUISITE_UNKNOWN']);
  });

  test('makes no error of a value that it gives', () => {
    const found = findingsOf({
      'web.zy': "motd:\n  file.managed:\n    - name: {{ settings.get('path') }}\n    - contents: Hello\n",
    });

    assert.deepEqual(
      found.filter((each) => each.includes('error')),
      [],
    );
  });

  test('does not hide what is written wrong, whatever it is', () => {
    const found = findingsOf({
      'web.zy': "{% set port = settings.get('port') %}\nport-{{ port }}:\n  file.managed:\n    - nane: /etc/motd\n",
    });

    assert.ok(found.includes('web.zy:4:7 error ARGUMENT_UNKNOWN'), found.join('\n'));
  });
});

describe('what a function answers', () => {
  test('is not known, and makes no error', () => {
    const found = findingsOf({
      'web.zy':
        "{% set version = zester['pkg.version']('nginx') %}\n{% if version.split('.')[0] | int > 1 %}\nnginx:\n  test.nop: []\n{% endif %}\n",
    });

    assert.deepEqual(
      found.filter((each) => each.includes('error')),
      [],
    );
  });
});

describe('files of one run', () => {
  const web = 'nginx:\n  test.nop: []\n';
  const site = 'site:\n  test.nop:\n    - require:\n      - test.nop: nginx\n';

  test('may rely on each other when the top file gives them together', () => {
    assert.deepEqual(findingsOf({ 'top.zy': "base:\n  '*': web\n  'w*': site\n", 'web.zy': web, 'site.zy': site }), []);
  });

  test('may rely on the file that includes them', () => {
    assert.deepEqual(findingsOf({ 'web.zy': `include: site\n${web}`, 'site.zy': site }), []);
  });

  test('are warned of what they rely on without including it', () => {
    assert.deepEqual(findingsOf({ 'web.zy': web, 'site.zy': site }), ['site.zy:4:9 warning INCLUDE_MISSING']);
  });
});

describe('files that are no state files', () => {
  test('are those that the top file includes', () => {
    const found = findingsOf({
      'top.sls': "include:\n  - tops.web\nbase:\n  '*':\n    - common\n",
      'tops/web.sls': "base:\n  'web*':\n    - web\n",
      'common.sls': 'motd: test.nop\n',
      'web.sls': 'nginx: test.nop\n',
    });

    assert.deepEqual(found, []);
  });

  test('are not read as such when nothing applies them', () => {
    const found = findingsOf({
      'web.zy': 'nginx:\n  test.nop: []\n',
      'test/settings.sls': 'web:\n  users: {bob: {uid: 1}}\n  roles:\n    - web\n',
    });

    assert.deepEqual(found, []);
  });

  test('are errors when something does', () => {
    const found = findingsOf({ 'web.zy': 'include: data\n', 'data.zy': 'web:\n  users: {bob: {uid: 1}}\n' });

    assert.deepEqual(found, ['data.zy:2:3 error FUNCTION_MISSING']);
  });
});

describe('a managed file', () => {
  const state =
    '/etc/motd:\n  file.managed:\n    - source: zester://motd.txt\n    - template: jinja\n    - context: {port: 80}\n';

  test('is rendered with its context', () => {
    assert.deepEqual(findingsOf({ 'web.zy': state, 'motd.txt': 'Port {{ port }} of {{ facts.network.fqdn }}\n' }), []);
  });

  test('has its own errors, in branches nobody takes too', () => {
    const found = findingsOf({
      'web.zy': state,
      'motd.txt': '{{ prot }}\n{% if port > 90 %}{{ port | uper }}{% endif %}\n',
    });

    assert.deepEqual(found, ['motd.txt:1:4 error TEMPLATE_UNDEFINED', 'motd.txt:2:29 error TEMPLATE_FILTER_UNKNOWN']);
  });
});

describe('a comment', () => {
  test('silences a code in its line, and above it', () => {
    const found = findingsOf({
      'web.zy':
        'make:\n  cmd.run: []  # zester-lint: ignore COMMAND_EVERY_TIME\nmore:\n  {# lint: ignore COMMAND_EVERY_TIME #}\n  cmd.run: []\n',
    });

    assert.deepEqual(found, []);
  });

  test('silences no other code', () => {
    const found = findingsOf({ 'web.zy': 'make:\n  cmd.rum: []  # zester-lint: ignore COMMAND_EVERY_TIME\n' });

    assert.deepEqual(found, ['web.zy:2:3 error STATE_UNKNOWN', 'web.zy:2:16 warning IGNORE_UNUSED']);
  });
});

describe('settings', () => {
  test('are what their files give each machine, one over the other', () => {
    const { findings, settings } = lintSettings({
      tree: treeOf({
        'top.zy': "base:\n  '*': common\n  'G@os.family:debian': [apt]\n",
        'common.zy': 'web: {port: 80, user: www}\nkey: !encrypted ENC[nkey,c2VhbGVk]\n',
        'apt.zy': 'web: {user: www-data-{{ settings.web.port }}}\n',
      }),
      profiles,
      registry,
    });

    assert.deepEqual(findings, []);
    assert.deepEqual(settings.get('debian'), { web: { port: 80, user: 'www-data-80' }, key: 'ENC[nkey,c2VhbGVk]' });
    assert.deepEqual(settings.get('rocky'), { web: { port: 80, user: 'www' }, key: 'ENC[nkey,c2VhbGVk]' });
  });

  test('that no file has are named', () => {
    const { findings } = lintSettings({
      tree: treeOf({ 'top.zy': "base:\n  '*': comon\n", 'common.zy': 'port: 80\n' }),
      profiles,
      registry,
    });

    assert.deepEqual(
      findings.map(({ code, hint }) => [code, hint]),
      [['SLS_UNKNOWN', 'Did you mean "common"?']],
    );
  });
});

describe('a machine of one’s own', () => {
  test('has the facts it has, and no others', () => {
    const own = profileOf('db-01', { os: { family: 'debian' }, role: 'db' });
    const tree = { 'db.zy': 'role-{{ facts.role }}:\n  test.nop: []\nrack-{{ facts.rack }}:\n  test.nop: []\n' };

    assert.deepEqual(findingsOf(tree, { profiles: [own] }), ['db.zy:3:15 error TEMPLATE_UNDEFINED']);
    assert.deepEqual(findingsOf(tree), ['db.zy:1:15 note FACT_NEEDED', 'db.zy:3:15 note FACT_NEEDED']);
  });
});

describe('a sample machine', () => {
  for (const { name, facts, grains } of profiles) {
    test(`${name} has the facts that its grains are made of`, () => {
      const os = facts.os as Readonly<Record<string, string>>;

      assert.equal(grains.osrelease, os.platform_version);
      assert.equal(String(grains.os_family).toLowerCase().replace('redhat', 'rhel'), os.family);
    });
  }
});

const broken = 'nginx:\n  pkg.instaled: []\n';

/** `file:line:column severity CODE`, and the machines when they are not all. */
function findingsOf(files: Files, options: Partial<SurveyOptions> = {}): readonly string[] {
  return lintStates({ tree: treeOf(files), profiles, registry, ...options }).map(
    ({ at, severity, code, profiles: on }) => {
      const place = `${at.file}:${at.line}:${at.column}`;
      return `${place} ${severity} ${code}${on ? ` on ${on.join(', ')}` : ''}`;
    },
  );
}

function treeOf(files: Files): Tree {
  return {
    read: (path) => files[path],
    list: (prefix) => Object.keys(files).filter((path) => path.startsWith(prefix)),
  };
}
