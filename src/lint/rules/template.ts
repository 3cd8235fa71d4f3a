import { didYouMean } from '#base/errors.ts';
import type { Registry } from '#kit/function.ts';
import { templateGlobals } from '#render/globals.ts';
import type { CallArguments, Expression } from '#render/jinja/ast.ts';
import { filters } from '#render/jinja/filters/index.ts';
import { tests } from '#render/jinja/tests.ts';
import { Host } from '#render/jinja/values.ts';
import { rule } from '../rule.ts';
import { functionNamed, isTable, textConstant } from '../template/data-path.ts';
import type { Template } from '../template/template.ts';

export const templateSyntax = rule({
  code: 'TEMPLATE_SYNTAX',
  severity: 'error',
  summary: 'A template that cannot be parsed, in a part that runs or not',
  why: 'Every machine refuses the file, whatever its facts are',
  bad: { 'web.zy': "{% if facts.os.family == 'debian' %}\nnginx:\n  pkg.installed: []\n" },
  good: { 'web.zy': "{% if facts.os.family == 'debian' %}\nnginx:\n  pkg.installed: []\n{% endif %}\n" },
  *find({ syntaxErrors }) {
    for (const { message, hint, at } of syntaxErrors) if (at) yield { message, hint, at };
  },
});

export const filterUnknown = rule({
  code: 'TEMPLATE_FILTER_UNKNOWN',
  severity: 'error',
  summary: 'A filter that does not exist, also in a branch that no sample machine takes',
  why: 'The file is refused on the first machine that comes by it',
  bad: { 'web.zy': "{% if settings.get('x') %}\n{{ settings.get('x') | uper }}:\n  pkg.installed: []\n{% endif %}\n" },
  good: {
    'web.zy': "{% if settings.get('x') %}\n{{ settings.get('x') | upper }}:\n  pkg.installed: []\n{% endif %}\n",
  },
  *find({ templates }) {
    for (const template of templates) {
      const asked = namesAskedFor(template, 'filter');
      for (const [name, at] of filtersNamed(template)) {
        if (filters.has(name) || asked.has(name)) continue;
        const message = `Cannot apply "${name}": No filter named '${name}' found.`;
        yield { message, hint: didYouMean(name, filters.keys()), at: template.place(at) };
      }
    }
  },
});

export const testUnknown = rule({
  code: 'TEMPLATE_TEST_UNKNOWN',
  severity: 'error',
  summary: 'A test that does not exist, also in a branch that no sample machine takes',
  why: 'The file is refused on the first machine that comes by it',
  bad: { 'web.zy': "{% if settings.get('x') is strng %}\nnginx:\n  pkg.installed: []\n{% endif %}\n" },
  good: { 'web.zy': "{% if settings.get('x') is string %}\nnginx:\n  pkg.installed: []\n{% endif %}\n" },
  *find({ templates }) {
    for (const template of templates) {
      const asked = namesAskedFor(template, 'test');
      for (const [name, at] of testsNamed(template)) {
        if (tests.has(name) || asked.has(name)) continue;
        const message = `Cannot test for "${name}": No test named '${name}' found.`;
        yield { message, hint: didYouMean(name, tests.keys()), at: template.place(at) };
      }
    }
  },
});

export const functionUnknown = rule({
  code: 'TEMPLATE_FUNCTION_UNKNOWN',
  severity: 'error',
  summary: 'A call of a function that does not exist',
  why: "The file is refused where the call is made; `'x.y' in zester` asks whether there is such a function",
  bad: { 'web.zy': "{{ zester['cmd.which']('nginx') or zester['cmd.wich']('apache2') }}:\n  file.absent: []\n" },
  good: { 'web.zy': "{{ zester['cmd.which']('nginx') or zester['cmd.which']('apache2') }}:\n  file.absent: []\n" },
  *find({ templates, registry }) {
    const isKnown = knownFunctions(registry);
    for (const template of templates) {
      const asked = functionsAskedFor(template);
      for (const [name, at] of functionsCalled(template)) {
        if (isKnown(name) || asked.has(name)) continue;
        const message = `Cannot call "${name}": the function table has no attribute '${name}'`;
        const hint = didYouMean(name, registry.functions.keys()) ?? `There is no function "${name}"`;
        yield { message, hint, at: template.place(at) };
      }
    }
  },
});

export const callChanges = rule({
  code: 'TEMPLATE_CALL_CHANGES',
  severity: 'warning',
  summary: 'A call, while a template is rendered, of a function that may change the machine',
  why: 'A plan changes nothing, so it refuses the file; and an apply changes the machine before its first state. A state does it in its turn',
  bad: { 'web.zy': "port-{{ zester['cmd.run']('cat /etc/port') }}:\n  test.nop: []\n" },
  good: { 'web.zy': "port-{{ zester['file.read']('/etc/port') }}:\n  test.nop: []\n" },
  *find({ templates, registry }) {
    for (const template of templates) {
      if (template.expressions.some(({ node }) => isPlanTest(node))) continue;
      for (const [name, at] of functionsCalled(template)) {
        if (!registry.functions.get(name)?.changes) continue;
        yield {
          message: `"${name}" may change the machine, while the file is only rendered`,
          hint: 'Use a function that only reads, or ask {% if not opts.test %} first',
          at: template.place(at),
        };
      }
    }
  },
});

export const templateMissing = rule({
  code: 'TEMPLATE_NOT_FOUND',
  severity: 'error',
  summary: 'An import or include of a file that the tree does not have',
  why: 'The file that names it is refused; `ignore missing` says that it may be missing',
  bad: {
    'web/init.zy': '{% from "web/mpa.jinja" import port %}\nnginx:\n  pkg.installed:\n    - version: "{{ port }}"\n',
  },
  good: {
    'web/init.zy': '{% from "web/map.jinja" import port %}\nnginx:\n  pkg.installed:\n    - version: "{{ port }}"\n',
    'web/map.jinja': '{% set port = 80 %}\n',
  },
  *find({ uses, paths }) {
    for (const { statement, at, patterns, isExact, files, user } of uses) {
      if (!isExact || files.length > 0 || (statement.type === 'include' && statement.ignoreMissing)) continue;
      yield {
        message: `Cannot read "${patterns.join('", "')}": the tree has no such template`,
        hint:
          didYouMean(patterns[0] ?? '', paths) ??
          'Write the path from the root of the tree, or "./" for a file beside this one',
        at: user.place(at),
      };
    }
  },
});

function* filtersNamed({ expressions }: Template): Generator<readonly [string, number]> {
  for (const { node } of expressions) {
    if (node.type !== 'filter') continue;
    yield [node.name, node.at];
    const [first] = node.args.positional;
    const name = node.name === 'map' ? textConstant(first) : undefined;
    if (name !== undefined) yield [name, first?.at ?? node.at];
  }
}

/** Which positional argument of a filter is the name of a test. */
const testsByFilter: Readonly<Record<string, number>> = { select: 0, reject: 0, selectattr: 1, rejectattr: 1 };

function* testsNamed({ expressions }: Template): Generator<readonly [string, number]> {
  for (const { node } of expressions) {
    if (node.type === 'test') yield [node.name, node.at];
    const position = node.type === 'filter' ? testsByFilter[node.name] : undefined;
    const named = node.type === 'filter' && position !== undefined ? node.args.positional[position] : undefined;
    const name = textConstant(named);
    if (named && name !== undefined) yield [name, named.at];
  }
}

/** Names a template asks about with `is filter` or `is test`: it goes without them where they are missing. */
function namesAskedFor({ expressions }: Template, what: 'filter' | 'test'): ReadonlySet<string> {
  return new Set(
    expressions.flatMap(({ node }) =>
      node.type === 'test' && node.name === what ? (textConstant(node.operand) ?? []) : [],
    ),
  );
}

/** `opts.test`: true while a plan is made. */
function isPlanTest(node: Expression): boolean {
  const key = node.type === 'attribute' ? node.name : node.type === 'item' ? textConstant(node.key) : undefined;
  const owner = node.type === 'attribute' || node.type === 'item' ? node.owner : undefined;
  return key === 'test' && owner?.type === 'name' && owner.name === 'opts';
}

function* functionsCalled({ expressions }: Template): Generator<readonly [string, number]> {
  for (const { node, parent } of expressions) {
    const isCallee = parent?.type === 'call' && parent.callee === node;
    const name = node.type === 'name' || !(isCallee || node.type === 'item') ? undefined : functionNamed(node);
    if (name?.includes('.')) yield [name, node.at];
    if (node.type !== 'call' || node.callee.type !== 'name' || node.callee.name !== 'salt_call') continue;
    const called = firstText(node.args);
    if (called !== undefined) yield [called, node.at];
  }
}

function functionsAskedFor({ expressions }: Template): ReadonlySet<string> {
  return new Set(expressions.flatMap(({ node }) => askedIn(node) ?? []));
}

/** `'x.y' in salt`, and `salt.get('x.y')`. */
function askedIn(node: Expression): string | undefined {
  if (node.type === 'compare')
    return node.rest.some(({ operand }) => isTable(operand)) ? textConstant(node.first) : undefined;
  if (node.type !== 'call' || node.callee.type !== 'attribute' || !isTable(node.callee.owner)) return undefined;
  return node.callee.name === 'get' ? firstText(node.args) : undefined;
}

function firstText({ positional }: CallArguments): string | undefined {
  return textConstant(positional[0]);
}

function knownFunctions({ functions }: Registry): (name: string) => boolean {
  const scope = { facts: {}, settings: {}, id: '', call: () => null, has: (name: string) => functions.has(name) };
  const table = templateGlobals({ path: 'a.zy', text: '', scope }, () => {
    throw new Error('Cannot call a function: the table is only asked for names');
  }).get('zester');
  return (name) => table instanceof Host && table.contains(name);
}
