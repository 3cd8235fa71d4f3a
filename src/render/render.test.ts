import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Place, placeText, ZesterError } from '#base/errors.ts';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { Secret } from '#base/secret.ts';
import { dumpJson } from './json.ts';
import { createRenderer, plain, type RenderInput, type Scope, toValue } from './render.ts';

type Tree = Readonly<Record<string, string>>;

const nobody: Scope = { facts: {}, settings: {}, id: 'web-01' };

function renderText(text: string, { tree = {}, ...rest }: Partial<RenderInput> & { tree?: Tree } = {}): string {
  const renderer = createRenderer({ read: (path) => tree[path] });
  return renderer.renderText({ path: 'web.sls', text, scope: nobody, ...rest }).text;
}

function renderData(text: string, scope: Scope = nobody): unknown {
  const node = createRenderer({ read: () => undefined }).renderDocument({ path: 'web.sls', text, scope });
  return plain(node);
}

function failure(run: () => unknown): ZesterError {
  try {
    run();
  } catch (error) {
    if (error instanceof ZesterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function failsAt(run: () => unknown): string {
  const { code, at } = failure(run);
  return `${code} ${at && placeText(at)}`;
}

describe('the #! line', () => {
  test('a file without one is Jinja, then YAML', () => {
    assert.deepEqual(renderData('a: {{ 1 + 1 }}'), { a: 2 });
  });

  test('yaml alone leaves braces to YAML', () => {
    assert.deepEqual(renderData('#!yaml\na: "{{ x }}"'), { a: '{{ x }}' });
  });

  test('json after Jinja reads JSON', () => {
    assert.deepEqual(renderData('#!jinja|json\n{"a": {{ [1, 2] | json }}}'), { a: [1, 2] });
  });

  test('toml keeps integers and floats apart', () => {
    const text = '#!toml\nport = 80\nratio = 1.0\n[tls]\nsince = 2024-05-01\n';
    const node = createRenderer({ read: () => undefined }).renderDocument({ path: 'a.sls', scope: nobody, text });

    assert.equal(dumpJson(toValue(node)), '{"port": 80, "ratio": 1.0, "tls": {"since": "2024-05-01"}}');
  });

  test('a mistake in TOML has its place', () => {
    assert.equal(
      failsAt(() => renderData('#!toml\na = 1\nb = \n')),
      'TOML_SYNTAX web.sls:3:5',
    );
  });

  test('a managed file keeps its #! line', () => {
    assert.equal(renderText('#!python3\nprint({{ 1 }})'), '#!python3\nprint(1)');
  });

  test('a path is no renderer', () => {
    assert.deepEqual(renderData('#!/bin/sh\na: 1'), { a: 1 });
  });

  test('a renderer that Zester will not have is refused with what to do instead', () => {
    const error = failure(() => renderData('#!py\ndef run(): pass'));

    assert.deepEqual(
      [error.code, error.hint],
      ['RENDERER_UNSUPPORTED', 'Write the file with Jinja and YAML: docs/guide/from-salt.md shows how'],
    );
  });

  test('a misspelt renderer is refused with the nearest one', () => {
    assert.equal(failure(() => renderData('#!jinga|yaml\na: 1')).hint, 'Did you mean "jinja"?');
  });
});

describe('documents', () => {
  test('an empty file is an empty map', () => {
    assert.deepEqual(renderData('\n  \n'), {});
  });

  test('a list at the top stays a list', () => {
    assert.deepEqual(renderData('- a\n- b'), ['a', 'b']);
  });

  test('keys that are no texts make a Map', () => {
    const expected: unknown = new MixedMap([
      [2, 'a'],
      [true, 'b'],
    ]);

    assert.deepEqual(renderData('2: a\nyes: b'), expected);
  });

  test('a key twice is refused with both places', () => {
    const error = failure(() => renderData('a:\n  x: 1\n  x: 2\n'));

    assert.deepEqual(
      [error.code, error.message.includes('web.sls:2:3'), error.at && placeText(error.at)],
      ['YAML_KEY_TAKEN', true, 'web.sls:3:3'],
    );
  });
});

describe('hostile documents', () => {
  const doubling = Array.from({ length: 40 }, (_, index) => `b${index + 1}: &b${index + 1} [*b${index}, *b${index}]`);

  for (const [title, text] of [
    ['aliases that double forty times', `b0: &b0 [x]\n${doubling.join('\n')}`],
    ['ten thousand lists in one another', '['.repeat(10_000)],
    ['an alias inside itself', 'a: &a [*a]'],
  ] as const) {
    test(`${title} are refused`, () => {
      assert.equal(failure(() => renderData(`#!yaml\n${text}`)).code, 'YAML_SYNTAX');
    });
  }
});

describe('places', () => {
  const places = (text: string, tree: Tree = {}): Record<string, string> => {
    const node = createRenderer({ read: (path) => tree[path] }).renderDocument({
      path: 'web.sls',
      text,
      scope: nobody,
    });
    if (node.kind !== 'map') throw new Error('expected a map');
    return Object.fromEntries(
      node.entries.map(({ key, value }) => [String(key.value), `${placeText(key.at)} ${placeText(value.at)}`]),
    );
  };

  test('text that is not computed keeps its own line and column', () => {
    assert.deepEqual(places('{% set x = 1 %}\na:  b\n'), { a: 'web.sls:2:1 web.sls:2:5' });
  });

  test('a computed value has the place of its expression', () => {
    assert.deepEqual(places('{% set x = "one: 1" %}\n\n{{ x }}\n'), { one: 'web.sls:3:4 web.sls:3:4' });
  });

  test('every turn of a loop points at the loop body', () => {
    assert.deepEqual(places('{% for i in [1, 2] %}\nk{{ i }}: v\n{% endfor %}'), {
      k1: 'web.sls:2:1 web.sls:2:11',
      k2: 'web.sls:2:1 web.sls:2:11',
    });
  });

  test('what a macro of another file writes points into that file', () => {
    const tree = { 'm.jinja': '{% macro two(n) %}\n{{ n }}: v\nmore: w\n{% endmacro %}' };

    assert.deepEqual(places('{% from "m.jinja" import two %}\n{{ two("x") }}', tree), {
      x: 'm.jinja:2:4 m.jinja:2:10',
      more: 'm.jinja:3:1 m.jinja:3:7',
    });
  });

  test('indenting and trimming what a macro wrote keeps its places', () => {
    const tree = { 'm.jinja': '{% macro body() %}\none: 1\ntwo: 2\n{% endmacro %}' };
    const node = createRenderer({ read: (path) => tree[path as keyof typeof tree] }).renderDocument({
      path: 'web.sls',
      text: '{% from "m.jinja" import body %}\nall:\n  {{ body() | trim | indent(2) }}\n',
      scope: nobody,
    });

    const inner = node.kind === 'map' ? node.entries[0]?.value : undefined;
    const keys = inner?.kind === 'map' ? inner.entries.map(({ key }) => placeText(key.at)) : [];
    assert.deepEqual(keys, ['m.jinja:2:1', 'm.jinja:3:1']);
  });

  test('an included file keeps its places', () => {
    assert.deepEqual(places('a: 1\n{% include "b.yaml" %}', { 'b.yaml': '# note\nb: 2' }), {
      a: 'web.sls:1:1 web.sls:1:4',
      b: 'b.yaml:2:1 b.yaml:2:4',
    });
  });

  test('a YAML error in rendered text points into the template', () => {
    assert.equal(
      failsAt(() => places('{% if true %}\na: b: c\n{% endif %}')),
      'YAML_SYNTAX web.sls:2:5',
    );
  });

  test('a line of the rendered text is found by its number', () => {
    const { map } = createRenderer({ read: () => undefined }).renderText({
      path: 'a.conf',
      text: '{# one #}\n\n{{ "x" }}\nlast',
      scope: nobody,
    });

    assert.deepEqual(
      [1, 3, 4].map((line) => map.atLine(line).line),
      [1, 3, 4],
    );
  });
});

describe('errors', () => {
  test('an undefined name says its place and the nearest name', () => {
    const error = failure(() => renderText('line\n{{ conig.port }}', { context: { config: { port: 1 } } }));

    assert.deepEqual(
      [error.code, error.at, error.hint],
      ['TEMPLATE_UNDEFINED', { file: 'web.sls', line: 2, column: 4 } satisfies Place, 'Did you mean "config"?'],
    );
  });

  test('an undefined key says its place and the nearest key', () => {
    const error = failure(() =>
      renderText('{{ settings.web.prot }}', { scope: { ...nobody, settings: { web: { port: 80 } } } }),
    );

    assert.deepEqual([error.code, error.at?.column, error.hint], ['TEMPLATE_UNDEFINED', 17, 'Did you mean "port"?']);
  });

  test('an error inside an imported macro points into its file', () => {
    const tree = { 'lib/m.jinja': '{% macro m(x) %}\n  {{ x + 1 }}\n{% endmacro %}' };

    assert.equal(
      failsAt(() => renderText('{% import "lib/m.jinja" as m %}{{ m.m("a") }}', { tree })),
      'TEMPLATE_TYPE lib/m.jinja:2:8',
    );
  });

  test('a syntax error in an imported file points into that file', () => {
    assert.equal(
      failsAt(() => renderText('{% import "m.jinja" as m %}', { tree: { 'm.jinja': 'a\n{% if %}' } })),
      'TEMPLATE_SYNTAX m.jinja:2:7',
    );
  });

  test('a missing template is told at the import', () => {
    assert.equal(
      failsAt(() => renderText('\n{% import "no.jinja" as m %}')),
      'TEMPLATE_NOT_FOUND web.sls:2:11',
    );
  });

  test('a template outside of the tree is not found', () => {
    const read = (path: string) => (path.includes('..') ? 'leaked' : undefined);
    const render = () =>
      createRenderer({ read }).renderText({ path: 'a/b.sls', text: '{% include "../../etc.jinja" %}', scope: nobody });

    assert.equal(failure(render).code, 'TEMPLATE_NOT_FOUND');
  });

  test('an unknown filter is told before anything runs', () => {
    const error = failure(() => renderText('{{ "a" | uper }}'));

    assert.deepEqual([error.code, error.hint], ['TEMPLATE_FILTER_UNKNOWN', 'Did you mean "upper"?']);
  });

  test('text that does not load points at the line inside the block', () => {
    assert.equal(
      failsAt(() => renderText('{% load_yaml as x %}\na: 1\na: 2\n{% endload %}')),
      'TEMPLATE_LOAD web.sls:3:1',
    );
  });
});

describe('functions', () => {
  test('a function outside gets plain arguments and its value comes back as data', () => {
    const calls: unknown[] = [];
    const scope: Scope = {
      ...nobody,
      call: (...args) => {
        calls.push(args);
        return { out: ['a', 1.5] };
      },
    };

    const text = renderText("{{ salt['cmd.run_all']('ls', {'x': [1.0]}, cwd='/tmp').out }} {{ salt.test.ping() }}", {
      scope,
    });

    assert.deepEqual(
      [text, calls],
      [
        "['a', 1.5] {'out': ['a', 1.5]}",
        [
          ['cmd.run_all', ['ls', { x: [Numeral.float(1)] }], { cwd: '/tmp' }],
          ['test.ping', [], {}],
        ],
      ],
    );
  });

  test('an unknown function is an error of its own', () => {
    const scope: Scope = { ...nobody, call: () => 1, has: (name) => name === 'pkg.version' };

    assert.equal(
      failsAt(() => renderText("{{ salt['pkg.vershun']('x') }}", { scope })),
      'TEMPLATE_FUNCTION_UNKNOWN web.sls:1:9',
    );
    assert.equal(renderText("{{ 'pkg.version' in salt }} {{ 'pkg.vershun' in salt }}", { scope }), 'True False');
  });

  test('a coded failure outside keeps its code and gains the place of the call', () => {
    const scope: Scope = {
      ...nobody,
      call: () => {
        throw new ZesterError('denied', 'PLAN_ONLY', 'Cannot call "cmd.run": a plan changes nothing');
      },
    };

    assert.equal(
      failsAt(() => renderText("a\n{{ salt['cmd.run']('x') }}", { scope })),
      'PLAN_ONLY web.sls:2:9',
    );
  });

  test('any other failure outside is told as a failed call', () => {
    const scope: Scope = {
      ...nobody,
      call: () => {
        throw new Error('no such host');
      },
    };

    assert.equal(failure(() => renderText("{{ salt['dig.A']('x') }}", { scope })).code, 'TEMPLATE_FUNCTION_FAILED');
  });

  test('dotted and colon paths find the same setting', () => {
    const scope: Scope = { ...nobody, facts: { os: { family: 'debian' } }, settings: { web: { port: 80 } } };

    assert.equal(
      renderText(
        "{{ salt['pillar.get']('web:port') }} {{ salt['settings.get']('web.port') }} {{ pillar_get('web:port') }} {{ facts_get('os.family') }} {{ salt['grains.get']('os.family') }}",
        { scope },
      ),
      '80 80 80 debian debian',
    );
  });

  test('the older dialect works: mlist, grains_filter_by, salt_call, dict_merge', () => {
    const scope: Scope = { ...nobody, facts: { os: { family: 'debian' } }, call: (name) => name };
    const template = [
      "{% set l = mlist('a') %}{% do l.Append('b') %}{% do l.extend(['c']) %}{{ l.Items() }}{{ l | length }}{{ l.Get(9) }}",
      "{{ grains_filter_by({'debian': {'p': 1}, 'default': {'p': 2}}, base={'q': 0}, merge={'r': 3}) }}",
      "{{ salt_call('x.y') }} {{ {'a': 1} | dict_merge({'b': 2}) }}",
    ].join('|');

    assert.equal(renderText(template, { scope }), "['a', 'b', 'c']3None|{'q': 0, 'p': 1, 'r': 3}|x.y {'a': 1, 'b': 2}");
  });
});

describe('data', () => {
  test('what a template changes is gone in the next rendering', () => {
    const settings = { web: { ports: [80] } };
    const renderer = createRenderer({ read: () => undefined });
    const input = {
      path: 'a',
      text: '{% do settings.web.ports.append(1) %}{{ settings.web.ports }}',
      scope: { ...nobody, settings },
    };

    const texts = [renderer.renderText(input).text, renderer.renderText(input).text];

    assert.deepEqual([texts, settings], [['[80, 1]', '[80, 1]'], { web: { ports: [80] } }]);
  });

  test('keys that mean something to JavaScript are keys like any other', () => {
    const settings = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "items": 3}');

    assert.equal(
      renderText("{{ settings['__proto__'].x }} {{ settings.constructor }} {{ settings['items'] }}", {
        scope: { ...nobody, settings },
      }),
      '1 2 3',
    );
  });

  test('a secret is usable in a template', () => {
    assert.equal(
      renderText('{{ settings.pw | length }}', { scope: { ...nobody, settings: { pw: new Secret('hunter2') } } }),
      '7',
    );
  });
});

describe('a template cannot reach the JavaScript runtime', () => {
  const attempts = [
    "{{ ''.constructor }}",
    "{{ [].constructor.constructor('return 1')() }}",
    '{{ {}.__proto__ }}',
    "{{ {}['__proto__'] }}",
    '{{ [].map }}',
    "{{ ''.replaceAll }}",
    '{{ range.call }}',
    '{{ salt.constructor() }}',
    '{{ (1).toString() }}',
    '{{ namespace().set }}',
    "{{ '{0.constructor}'.format('') }}",
    "{{ '' | attr('constructor') }}",
    "{{ [''] | map(attribute='constructor') | first }}",
    "{{ 'x' | hasOwnProperty }}",
    '{{ 1 is toString }}',
    '{% constructor %}',
  ];

  for (const attempt of attempts) {
    test(attempt, () => {
      assert.equal(failure(() => renderText(attempt)).family, 'source');
    });
  }
});

describe('limits', () => {
  const limited = (text: string, limits: Parameters<typeof createRenderer>[0]['limits'], now?: () => number) => () =>
    createRenderer({ read: () => '{% include "self" %}', ...(limits && { limits }), ...(now && { now }) }).renderText({
      path: 'a',
      text,
      scope: nobody,
    });

  test('loops stop at their limit', () => {
    assert.equal(
      failure(
        limited('{% for a in range(99) %}{% for b in range(99) %}{% endfor %}{% endfor %}', { iterations: 1_000 }),
      ).code,
      'TEMPLATE_LIMIT',
    );
  });

  test('text stops at its limit', () => {
    assert.equal(
      failure(limited('{% for a in range(99) %}{{ "x" * 99 }}{% endfor %}', { outputSize: 5_000 })).code,
      'TEMPLATE_LIMIT',
    );
  });

  test('a text that doubles stops at its limit', () => {
    assert.equal(
      failure(
        limited('{% set n = namespace(t="x") %}{% for a in range(99) %}{% set n.t = n.t ~ n.t %}{% endfor %}', {
          outputSize: 1_000_000,
        }),
      ).code,
      'TEMPLATE_LIMIT',
    );
  });

  test('a macro that calls itself stops at its limit', () => {
    assert.equal(failure(limited('{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', {})).code, 'TEMPLATE_LIMIT');
  });

  test('a file that includes itself stops at its limit', () => {
    assert.equal(failure(limited('{% include "self" %}', {})).code, 'TEMPLATE_LIMIT');
  });

  test('time stops at its limit', () => {
    let clock = 0;

    assert.equal(
      failure(limited('{% for a in range(9999) %}{% endfor %}', { timeMs: 100 }, () => clock++ * 60)).code,
      'TEMPLATE_LIMIT',
    );
  });

  for (const text of [
    '{{ "a" * 10 ** 12 }}',
    '{{ 10 ** 10 ** 9 }}',
    '{{ range(10 ** 9) }}',
    '{{ "%99999999d" % 1 }}',
    '{{ "{:99999999}".format(1) }}',
    '{{ "x".center(10 ** 9) }}',
    "{{ '10.0.0.0/8' | network_hosts }}",
    '{{ ("a" * 5000) | regex_search("(a+)+b") }}',
    `{{ ${'('.repeat(9_000)}1${')'.repeat(9_000)} }}`,
    `{{ 1${'|abs'.repeat(20_000)} }}`,
  ]) {
    test(`${text.slice(0, 60)} is refused or done`, () => {
      try {
        renderText(text);
      } catch (error) {
        assert.ok(error instanceof ZesterError);
      }
    });
  }
});

describe('the cache', () => {
  test('a template is compiled anew when its text changes', () => {
    const tree: Record<string, string> = { 'm.jinja': '{% set v = 1 %}' };
    const renderer = createRenderer({ read: (path) => tree[path] });
    const input = { path: 'a', text: '{% from "m.jinja" import v %}{{ v }}', scope: nobody };

    const before = renderer.renderText(input).text;
    tree['m.jinja'] = '{% set v = 2 %}';
    const after = renderer.renderText(input).text;

    assert.deepEqual([before, after], ['1', '2']);
  });
});
