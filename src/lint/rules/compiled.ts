import { rule } from '../rule.ts';

// What compiling refuses is found by compiling: here it is only explained, and shown to be found.

export const fileUnknown = rule({
  code: 'SLS_UNKNOWN',
  severity: 'error',
  summary: 'A reference to a state or settings file that the tree does not have',
  why: 'The run is refused before it starts',
  bad: { 'web.zy': 'include: comon\n', 'common.zy': 'nginx:\n  test.nop: []\n' },
  good: { 'web.zy': 'include: common\n', 'common.zy': 'nginx:\n  test.nop: []\n' },
});

export const yamlSyntax = rule({
  code: 'YAML_SYNTAX',
  severity: 'error',
  summary: 'A file that is no YAML once its template is rendered',
  why: 'Every run with the file is refused. The place is that in the template',
  bad: { 'web.zy': 'nginx:\n  test.nop:\n    - require: [motd\nmotd:\n  test.nop: []\n' },
  good: { 'web.zy': 'nginx:\n  test.nop:\n    - require: [motd]\nmotd:\n  test.nop: []\n' },
});

export const keyTaken = rule({
  code: 'YAML_KEY_TAKEN',
  severity: 'error',
  summary: 'A key that stands twice in one map, such as an id that a file declares twice',
  why: 'Only one of them would count',
  bad: { 'web.zy': 'nginx:\n  test.nop: []\nnginx:\n  test.nop: []\n' },
  good: { 'web.zy': 'nginx:\n  test.nop: []\nnginx-two:\n  test.nop: []\n' },
});

export const idConflict = rule({
  code: 'ID_CONFLICT',
  severity: 'error',
  of: 'states',
  summary: 'An id that two files of one run declare',
  why: 'Ids are unique in a run: requisites and `extend` mean one state',
  bad: { 'web.zy': 'include: common\nnginx:\n  test.nop: []\n', 'common.zy': 'nginx:\n  test.nop: []\n' },
  good: { 'web.zy': 'include: common\nnginx-site:\n  test.nop: []\n', 'common.zy': 'nginx:\n  test.nop: []\n' },
});

export const idInvalid = rule({
  code: 'ID_INVALID',
  severity: 'error',
  of: 'states',
  summary: 'An id that YAML reads as a number, a date or true',
  why: 'An id is text: it needs quotes',
  bad: { 'web.zy': 'motd:\n  test.nop: []\n80:\n  test.nop: []\n' },
  good: { 'web.zy': 'motd:\n  test.nop: []\n"80":\n  test.nop: []\n' },
});

export const stateUnknown = rule({
  code: 'STATE_UNKNOWN',
  severity: 'error',
  of: 'states',
  summary: 'A state that does not exist',
  why: 'The run is refused. A file for Salt may use states that Zester does not have',
  bad: { 'web.zy': 'nginx:\n  pkg.instaled: []\n' },
  good: { 'web.zy': 'nginx:\n  pkg.installed: []\n' },
});

export const stateInvalid = rule({
  code: 'STATE_INVALID',
  severity: 'error',
  of: 'states',
  summary: 'An id below which no state stands',
  why: 'An id has states, such as "pkg.installed: []", or is one in short: "nginx: pkg.installed"',
  bad: { 'web.zy': 'motd:\n  test.nop: []\nnginx: [a, b]\n' },
  good: { 'web.zy': 'motd:\n  test.nop: []\nnginx: test.nop\n' },
});

export const stateDuplicate = rule({
  code: 'STATE_DUPLICATE',
  severity: 'error',
  of: 'states',
  summary: 'Two states of one module below an id of a `.sls` file',
  why: 'Salt knows one of each module below an id; a `.zy` file may have several functions',
  bad: { 'web.sls': 'nginx:\n  service.running: []\n  service.enabled: []\n' },
  good: { 'web.zy': 'nginx:\n  service.running: []\n  service.enabled: []\n' },
});

export const functionMissing = rule({
  code: 'FUNCTION_MISSING',
  severity: 'error',
  of: 'states',
  summary: 'A module without a function: `pkg` where `pkg.installed` is meant',
  why: 'Nothing says what is to be done',
  bad: { 'web.zy': 'motd:\n  test.nop: []\nnginx:\n  pkg:\n    - version: "1"\n' },
  good: { 'web.zy': 'motd:\n  test.nop: []\nnginx:\n  pkg.installed:\n    - version: "1"\n' },
});

export const argumentUnknown = rule({
  code: 'ARGUMENT_UNKNOWN',
  severity: 'error',
  of: 'states',
  summary: 'An argument that the state does not have',
  why: 'It would do nothing: most often it is mistyped',
  bad: { 'web.zy': '/etc/motd:\n  file.managed:\n    - content: Hello\n    - makedir: true\n' },
  good: { 'web.zy': '/etc/motd:\n  file.managed:\n    - content: Hello\n    - makedirs: true\n' },
});

export const argumentMissing = rule({
  code: 'ARGUMENT_MISSING',
  severity: 'error',
  of: 'states',
  summary: 'A state without an argument that it needs',
  why: 'It cannot do anything without',
  bad: { 'web.zy': '/etc/link:\n  file.symlink: []\n' },
  good: { 'web.zy': '/etc/link:\n  file.symlink:\n    - target: /etc/motd\n' },
});

export const argumentInvalid = rule({
  code: 'ARGUMENT_INVALID',
  severity: 'error',
  of: 'states',
  summary: 'An argument of the wrong kind: a relative path, a mode that is none, a list for a number',
  why: 'The run is refused before it starts',
  bad: { 'web.zy': 'etc/motd:\n  file.managed:\n    - contents: Hello\n' },
  good: { 'web.zy': '/etc/motd:\n  file.managed:\n    - contents: Hello\n' },
});

export const requisiteUnknown = rule({
  code: 'REQUISITE_UNKNOWN',
  severity: 'error',
  of: 'states',
  summary: 'A requisite on a state that no file declares',
  why: 'The run is refused: what must come first is not there',
  bad: { 'web.zy': 'nginx:\n  test.nop:\n    - require:\n      - test.nop: nginx-conf\n' },
  good: {
    'web.zy': 'nginx-conf:\n  test.nop: []\nnginx:\n  test.nop:\n    - require:\n      - test.nop: nginx-conf\n',
  },
});

export const requisiteCycle = rule({
  code: 'REQUISITE_CYCLE',
  severity: 'error',
  of: 'states',
  summary: 'States that wait for each other',
  why: 'None of them can be first',
  bad: {
    'web.zy':
      'a:\n  test.nop:\n    - require:\n      - test.nop: b\nb:\n  test.nop:\n    - require:\n      - test.nop: a\n',
  },
  good: { 'web.zy': 'a:\n  test.nop: []\nb:\n  test.nop:\n    - require:\n      - test.nop: a\n' },
});

export const extendUnknown = rule({
  code: 'EXTEND_UNKNOWN',
  severity: 'error',
  of: 'states',
  summary: 'An `extend`, or a `require_in` and its kind, of a state that no file declares',
  why: 'There is nothing to extend: the run is refused',
  bad: { 'web.zy': 'nginx:\n  test.nop:\n    - require_in:\n      - test.nop: aplication\n' },
  good: {
    'web.zy': 'application:\n  test.nop: []\nnginx:\n  test.nop:\n    - require_in:\n      - test.nop: application\n',
  },
});

export const conditionFunction = rule({
  code: 'FUNCTION_UNKNOWN',
  severity: 'error',
  of: 'states',
  summary: 'A condition that calls a function which does not exist',
  why: 'Nobody can say whether the state is to run',
  bad: { 'web.zy': 'nginx:\n  test.nop:\n    - onlyif:\n      - fun: file.exits\n        path: /etc/motd\n' },
  good: { 'web.zy': 'nginx:\n  test.nop:\n    - onlyif:\n      - fun: file.exists\n        path: /etc/motd\n' },
});

export const topInvalid = rule({
  code: 'TOP_INVALID',
  severity: 'error',
  summary: 'A top file that is not of environments, targets and references',
  why: 'No machine can tell what it is given',
  bad: { 'top.zy': "base:\n  '*':\n    - match: [web]\n", 'web.zy': 'a: 1\n' },
  good: { 'top.zy': "base:\n  '*':\n    - web\n", 'web.zy': 'nginx:\n  test.nop: []\n' },
});

export const targetSyntax = rule({
  code: 'TARGET_SYNTAX',
  severity: 'error',
  summary: 'A target of a top file that cannot be read',
  why: 'No machine can tell whether it is meant',
  bad: { 'top.zy': "base:\n  'web* and (db*':\n    - web\n", 'web.zy': 'nginx:\n  test.nop: []\n' },
  good: { 'top.zy': "base:\n  'web* and db*':\n    - web\n", 'web.zy': 'nginx:\n  test.nop: []\n' },
});

export const rendererUnsupported = rule({
  code: 'RENDERER_UNSUPPORTED',
  severity: 'error',
  summary: 'A `#!` line that asks for a renderer which Zester does not have',
  why: 'The file cannot be read. Jinja, YAML, JSON, TOML and plain text are there',
  bad: { 'web.sls': '#!py\ndef run():\n    return {}\n' },
  good: { 'web.sls': '#!jinja|yaml\nnginx:\n  test.nop: []\n' },
});

export const templateType = rule({
  code: 'TEMPLATE_TYPE',
  severity: 'error',
  summary: 'An expression of values that do not go together, such as a text and a number added up',
  why: 'Rendering stops there, on every machine that comes by it',
  bad: { 'web.zy': "{% set port = '80' + 1 %}\nport-{{ port }}:\n  test.nop: []\n" },
  good: { 'web.zy': "{% set port = ('80' | int) + 1 %}\nport-{{ port }}:\n  test.nop: []\n" },
});

export const settingsNotAMap = rule({
  code: 'SETTINGS_NOT_A_MAP',
  severity: 'error',
  of: 'settings',
  summary: 'A settings file that holds a list or a single value',
  why: 'Settings are keys with values: only those can be merged',
  bad: { 'top.zy': "base:\n  '*': app\n", 'app.zy': '- port\n- user\n' },
  good: { 'top.zy': "base:\n  '*': app\n", 'app.zy': 'port: 80\nuser: www\n' },
});
