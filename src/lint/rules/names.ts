import { didYouMean } from '#base/errors.ts';
import type { CallArguments, MacroStatement } from '#render/jinja/ast.ts';
import { rule } from '../rule.ts';
import { isStateFile, type Survey, type Use } from '../survey.ts';
import { type Binding, bindingsOf, exportedBy, ownNames, readsOf } from '../template/names.ts';
import type { Template } from '../template/template.ts';

export const nameUndefined = rule({
  code: 'TEMPLATE_UNDEFINED',
  severity: 'error',
  summary: 'A name that nothing defines, or a value that no machine has',
  why: 'Using it refuses the file. Where it may be missing, ask `is defined` or write `| default(…)` after it',
  bad: { 'web.zy': '{% set port = 80 %}\n{% if port > 1024 %}\n{{ prot }}:\n  pkg.installed: []\n{% endif %}\n' },
  good: { 'web.zy': '{% set port = 80 %}\n{% if port > 1024 %}\nport-{{ port }}:\n  test.nop: []\n{% endif %}\n' },
  *find(survey) {
    const managed = new Set(survey.machines.flatMap((machine) => machine.managed.map(({ path }) => path)));
    for (const template of survey.templates) {
      const users = usersOf(template, survey);
      // Of a file that nothing names, nobody knows what it is given.
      if (managed.has(template.path) || (!isStateFile(template.path) && users.length === 0)) continue;
      const known = new Set([...ownNames, ...namesSeen(template, survey, new Set())]);
      const reads = readsOf(template);
      const asked = new Set(reads.filter(({ isGuarded }) => isGuarded).map(({ name }) => name));
      for (const { name, at } of reads) {
        if (known.has(name) || asked.has(name)) continue;
        const given = users.some(({ user }) => bindingsOf(user).some((each) => each.name === name));
        yield {
          message: `Cannot use "${name}": '${name}' is undefined`,
          hint: given
            ? 'Import it "with context", so that it sees the names of the file that imports it'
            : (didYouMean(name, known) ?? 'Set it, or write "| default(…)" after it'),
          at: template.place(at),
        };
      }
    }
  },
});

export const exportMissing = rule({
  code: 'TEMPLATE_EXPORT_MISSING',
  severity: 'error',
  summary: 'An import of a name that the imported file does not set',
  why: 'The name is undefined. A file gives its own top-level names; not those it imported, nor those that begin with "_"',
  bad: {
    'web.zy': '{% from "map.jinja" import prot %}\nnginx:\n  pkg.installed:\n    - version: "{{ prot }}"\n',
    'map.jinja': '{% set port = 80 %}\n',
  },
  good: {
    'web.zy': '{% from "map.jinja" import port %}\nnginx:\n  pkg.installed:\n    - version: "{{ port }}"\n',
    'map.jinja': '{% set port = 80 %}\n',
  },
  *find({ uses, templateAt }) {
    for (const { statement, isExact, files, user } of uses) {
      const [file] = files;
      const used = isExact && files.length === 1 && file !== undefined ? templateAt(file) : undefined;
      if (statement.type !== 'from' || used === undefined || isExtending(used)) continue;
      const exported = exportedBy(used);
      for (const { name, at } of statement.names) {
        if (exported.has(name)) continue;
        const hint = didYouMean(name, exported) ?? `It has ${[...exported].join(', ') || 'no names'}`;
        yield { message: `Cannot import "${name}": "${file}" does not set it`, hint, at: user.place(at) };
      }
    }
  },
});

export const macroArguments = rule({
  code: 'MACRO_ARGUMENT_UNKNOWN',
  severity: 'error',
  summary: 'A call that gives a macro more than it takes',
  why: 'The call is refused when it is made',
  bad: { 'web.zy': '{% macro site(name) %}\n{{ name }}:\n  test.nop: []\n{% endmacro %}\n{{ site("a", port=80) }}\n' },
  good: { 'web.zy': '{% macro site(name) %}\n{{ name }}:\n  test.nop: []\n{% endmacro %}\n{{ site("a") }}\n' },
  *find(survey) {
    for (const template of survey.templates) {
      for (const { node } of template.expressions) {
        if (node.type !== 'call' || node.callee.type !== 'name') continue;
        const macro = macroNamed(node.callee.name, template, survey);
        const reason = macro && misfit(macro, node.args);
        if (reason) yield { message: `Cannot call "${node.callee.name}": ${reason}`, at: template.place(node.at) };
      }
    }
  },
});

export const nameShadows = rule({
  code: 'NAME_SHADOWS',
  severity: 'warning',
  summary:
    'A name of its own for what every template is given: `settings`, `facts`, `zester`, `salt`, `pillar`, `grains`',
  why: 'What stands below it, and what is imported with context, no longer sees the real one',
  bad: { 'web.zy': "{% set settings = {'port': 80} %}\nport-{{ settings.port }}:\n  test.nop: []\n" },
  good: { 'web.zy': "{% set wanted = {'port': 80} %}\nport-{{ wanted.port }}:\n  test.nop: []\n" },
  *find({ templates }) {
    for (const template of templates) {
      const own = template.path.endsWith('.zy') ? nativeNames : saltNames;
      for (const { name, at, kind } of bindingsOf(template)) {
        // Within a loop or a macro alone, few miss the options of the peel.
        if (!own.has(name) || (name === 'opts' && kind !== 'set' && kind !== 'import')) continue;
        yield {
          message: `"${name}" is what every template is given, and means something else from here on`,
          hint: `Choose another name than "${name}"`,
          at: template.place(at),
        };
      }
    }
  },
});

const saltNames = new Set(['salt', 'pillar', 'grains', 'opts']);
const nativeNames = new Set([...saltNames, 'zester', 'settings', 'facts']);

/** Names a template may read: its own, and those of templates that it is part of or that hand theirs on. */
function namesSeen(template: Template, survey: Survey, asked: Set<Template>): readonly string[] {
  if (asked.has(template)) return [];
  asked.add(template);
  const own = bindingsOf(template).map(({ name }) => name);
  const around = usersOf(template, survey).filter(({ withContext }) => withContext);
  const parents = survey.uses.filter(({ user, statement }) => user === template && statement.type === 'extends');
  return [
    ...own,
    ...around.flatMap(({ user }) => namesSeen(user, survey, asked)),
    ...parents.flatMap(({ files }) =>
      files.flatMap((file) => bindingsIn(survey.templateAt(file)).map(({ name }) => name)),
    ),
  ];
}

function bindingsIn(template: Template | undefined): readonly Binding[] {
  return template ? bindingsOf(template) : [];
}

function usersOf({ path }: Template, { uses }: Survey): readonly Use[] {
  return uses.filter(({ files }) => files.includes(path));
}

function isExtending({ statements }: Template): boolean {
  return statements.some(({ node }) => node.type === 'extends');
}

/** The one macro a name can mean in a template, its own or an imported one. */
function macroNamed(name: string, template: Template, survey: Survey): MacroStatement | undefined {
  const [only, ...others] = bindingsOf(template).filter((each) => each.name === name);
  const node = only?.statement.node;
  if (node === undefined || others.length > 0) return undefined;
  if (node.type === 'macro' && only?.kind === 'macro') return node;
  if (node.type !== 'from') return undefined;
  const use = survey.uses.find((each) => each.statement === node);
  const [file, second] = use?.isExact ? use.files : [];
  const imported = node.names.find(({ alias }) => alias === name)?.name;
  const used = file !== undefined && second === undefined ? survey.templateAt(file) : undefined;
  const [macro, another] = bindingsIn(used).filter((each) => each.name === imported);
  return another === undefined && macro?.kind === 'macro' && macro.statement.node.type === 'macro'
    ? macro.statement.node
    : undefined;
}

function misfit({ parameters, uses }: MacroStatement, { positional, named, spread, spreadNamed }: CallArguments) {
  if (spread !== undefined || spreadNamed !== undefined) return undefined;
  const names = parameters.map(({ name }) => name);
  const stray = named.find(([name]) => !names.includes(name) && name !== 'caller')?.[0];
  if (stray !== undefined && !uses.has('kwargs'))
    return `it takes no "${stray}", only ${names.join(', ') || 'nothing'}`;
  const surplus = positional.length > parameters.length && !uses.has('varargs');
  return surplus ? `it takes ${parameters.length} arguments, not ${positional.length}` : undefined;
}
