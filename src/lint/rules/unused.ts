import type { Statement } from '#render/jinja/ast.ts';
import { rule } from '../rule.ts';
import { isStateFile, type Survey } from '../survey.ts';
import { type Binding, bindingsOf, readsOf } from '../template/names.ts';
import type { Template } from '../template/template.ts';
import { bodiesOf, expressionsIn, namesOf } from '../template/walk.ts';

export const importUnused = rule({
  code: 'IMPORT_UNUSED',
  severity: 'warning',
  summary: 'An imported name that nothing uses',
  why: 'The imported file is rendered for nothing, and a reader looks for what it gives',
  bad: {
    'web.zy': '{% from "map.jinja" import port, user %}\nport-{{ port }}:\n  test.nop: []\n',
    'map.jinja': '{% set port = 80 %}\n{% set user = "www" %}\n',
  },
  good: {
    'web.zy': '{% from "map.jinja" import port %}\nport-{{ port }}:\n  test.nop: []\n',
    'map.jinja': '{% set port = 80 %}\n',
  },
  *find(survey) {
    for (const [template, binding] of unused(survey, 'import')) {
      yield {
        message: `"${binding.name}" is imported, and not used`,
        hint: 'Leave it out of the import',
        at: template.place(binding.at),
      };
    }
  },
});

export const macroUnused = rule({
  code: 'MACRO_UNUSED',
  severity: 'warning',
  summary: 'A macro of a state file that nothing calls',
  why: 'What it would declare is not declared',
  bad: { 'web.zy': '{% macro site(name) %}\n{{ name }}:\n  test.nop: []\n{% endmacro %}\nnginx:\n  test.nop: []\n' },
  good: { 'web.zy': '{% macro site(name) %}\n{{ name }}:\n  test.nop: []\n{% endmacro %}\n{{ site("nginx") }}\n' },
  *find(survey) {
    for (const [template, binding] of unused(survey, 'macro')) {
      yield {
        message: `The macro "${binding.name}" is never called`,
        hint: 'Call it, or move it into a .jinja file for others to import',
        at: template.place(binding.at),
      };
    }
  },
});

export const setUnused = rule({
  code: 'SET_UNUSED',
  severity: 'warning',
  summary: 'A name that a state file sets, and nothing reads',
  why: 'It is left over, or the name is written otherwise where it should be read',
  bad: { 'web.zy': "{% set port = 80 %}\n{% set user = 'www' %}\nport-{{ port }}:\n  test.nop: []\n" },
  good: { 'web.zy': '{% set port = 80 %}\nport-{{ port }}:\n  test.nop: []\n' },
  *find(survey) {
    for (const [template, binding] of unused(survey, 'set')) {
      const { node } = binding.statement;
      // A value that is computed by a call may be set for what the call does: `{% set _ = list.append(1) %}`.
      const isForEffect = [...expressionsIn(node)].some((each) => each.node.type === 'call');
      const isTuple = 'target' in node && typeof node.target === 'object' && node.target.type === 'tuple';
      if (isForEffect || isTuple || binding.name.startsWith('_')) continue;
      yield {
        message: `"${binding.name}" is set, and not used`,
        hint: 'Remove it',
        at: template.place(binding.at),
      };
    }
  },
});

export const setLost = rule({
  code: 'SET_LOST',
  severity: 'warning',
  summary: 'A `set` in a loop of a name that is read after the loop',
  why: 'What a turn of a loop sets is gone after the turn: the name keeps the value it had before',
  bad: {
    'web.zy':
      '{% set found = false %}\n{% for each in [1, 2] %}\n{% set found = true %}\n{% endfor %}\n{% if found %}\nnginx:\n  test.nop: []\n{% endif %}\n',
  },
  good: {
    'web.zy':
      '{% set seen = namespace(any=false) %}\n{% for each in [1, 2] %}\n{% set seen.any = true %}\n{% endfor %}\n{% if seen.any %}\nnginx:\n  test.nop: []\n{% endif %}\n',
  },
  *find({ templates }) {
    for (const template of templates) {
      for (const binding of bindingsOf(template)) {
        if (binding.kind !== 'set' || !isLost(binding, template)) continue;
        yield {
          message: `"${binding.name}" is set for this turn of the loop only, and read after the loop`,
          hint: `Write {% set ${binding.name} = namespace(value=…) %} before the loop, and set ${binding.name}.value in it`,
          at: template.place(binding.at),
        };
      }
    }
  },
});

/** Names of state files, or imports of any file, that nothing reads, here or in what is given the names of the file. */
function* unused(survey: Survey, kind: Binding['kind']): Generator<readonly [Template, Binding]> {
  for (const template of survey.templates) {
    const isOwn =
      isStateFile(template.path) ||
      (kind === 'import' && survey.uses.some(({ files }) => files.includes(template.path)));
    if (!isOwn) continue;
    const reads = new Set([...readsOf(template).map(({ name }) => name), ...readElsewhere(template, survey)]);
    for (const binding of bindingsOf(template)) {
      if (binding.kind === kind && !reads.has(binding.name)) yield [template, binding];
    }
  }
}

/** What other templates read of this one's names: those it hands on, and those that import them from it. */
function readElsewhere(template: Template, { uses, templateAt }: Survey): readonly string[] {
  const handed = uses
    .filter(({ user, withContext }) => user === template && withContext)
    .flatMap(({ files }) => files.flatMap((file) => namesReadIn(templateAt(file), { uses, templateAt }, new Set())));
  const taken = uses
    .filter(({ files }) => files.includes(template.path))
    .flatMap(({ statement, user }) => {
      if (statement.type === 'from') return statement.names.map(({ name }) => name);
      return statement.type === 'import' ? attributesOf(user) : bindingsOf(template).map(({ name }) => name);
    });
  return [...handed, ...taken];
}

function namesReadIn(
  template: Template | undefined,
  survey: Pick<Survey, 'uses' | 'templateAt'>,
  asked: Set<Template>,
): readonly string[] {
  if (template === undefined || asked.has(template)) return [];
  asked.add(template);
  const used = survey.uses.filter(({ user }) => user === template).flatMap(({ files }) => files);
  return [
    ...readsOf(template).map(({ name }) => name),
    ...used.flatMap((file) => namesReadIn(survey.templateAt(file), survey, asked)),
  ];
}

function attributesOf({ expressions }: Template): readonly string[] {
  return expressions.flatMap(({ node }) => (node.type === 'attribute' ? [node.name] : []));
}

/** The same name is set before the loop, and read behind it before it is set again. */
function isLost({ name, statement }: Binding, template: Template): boolean {
  const loop = statement.within.findLast(({ type }) => type !== 'if');
  if (loop?.type !== 'for' || loop.otherwise.includes(statement.node) || binds(loop, name)) return false;
  const around = statement.within.slice(0, statement.within.indexOf(loop)).at(-1);
  const body = (around ? bodiesOf(around) : [template.body]).find((each) => each.includes(loop)) ?? [];
  const at = body.indexOf(loop);
  if (!body.slice(0, at).some((each) => sets(each, name))) return false;
  for (const next of body.slice(at + 1)) {
    if (reads(next, name)) return true;
    if (next.type === 'set' && sets(next, name)) return false;
  }
  return false;
}

/** Whether a statement sets a name for those that follow it: not in a loop or a macro of its own. */
function sets(statement: Statement, name: string): boolean {
  if (statement.type === 'set') return namesOf(statement.target).some((target) => target.name === name);
  return statement.type === 'if' && bodiesOf(statement).some((body) => body.some((each) => sets(each, name)));
}

function reads(statement: Statement, name: string): boolean {
  const isRead = [...expressionsIn(statement)].some(({ node }) => node.type === 'name' && node.name === name);
  if (isRead || binds(statement, name)) return isRead;
  return bodiesOf(statement).some((body) => body.some((each) => reads(each, name)));
}

/** Whether a name means something else inside the statement. */
function binds(statement: Statement, name: string): boolean {
  if (statement.type === 'for') return namesOf(statement.target).some((target) => target.name === name);
  if (statement.type === 'macro') return statement.parameters.some((parameter) => parameter.name === name);
  return (
    statement.type === 'with' &&
    statement.bindings.some(([target]) => namesOf(target).some((each) => each.name === name))
  );
}
