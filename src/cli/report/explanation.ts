import type { Explanation } from '../explanations.ts';
import { showArgument, showExample, showModule } from './module.ts';
import { paint, type Style } from './style.ts';

export function showExplanations(found: readonly Explanation[], style: Style): string {
  return found.map((each) => showOne(each, style)).join('\n');
}

function showOne(found: Explanation, style: Style): string {
  const heading = (name: string, what: string) => `${paint(style, 'bold', name)} (${what})\n`;
  switch (found.kind) {
    case 'module':
      return showModule(found.module, style);
    case 'argument': {
      const { module, argument } = found;
      const names = [argument.name, ...(argument.aliases ?? [])];
      const examples = module.examples.filter(({ args }) => names.some((name) => name in args));
      return [
        heading(`${module.name}.${argument.name}`, `argument of a ${module.kind}`),
        showArgument(argument, style),
        ...(examples.length === 0 ? [] : [`\n${paint(style, 'bold', 'Examples:')}\n`]),
        ...examples.map((each, index) => showExample(module, each, index)),
      ].join('');
    }
    case 'common':
      return heading(found.argument.name, 'argument of every state') + showArgument(found.argument, style);
    case 'fact': {
      const { path, fact } = found;
      return `${heading(path, 'fact')}${fact.summary}. It gives ${fact.returns}.\n`;
    }
    case 'error': {
      const { code, families, messages, hints } = found.error;
      const steps = hints.length > 0 ? hints : families.flatMap((family) => whatToDo[family] ?? []);
      const list = (title: string, lines: readonly string[]) =>
        lines.length === 0 ? '' : `\n${paint(style, 'bold', title)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
      const who = families.map((family) => `  ${whoActs[family] ?? family}\n`).join('');
      return [
        heading(code, 'error'),
        list('It says:', messages),
        list('What to do:', steps),
        `\n${paint(style, 'bold', 'Who acts next:')}\n${who}`,
        list('Related:', found.related.length === 0 ? [] : [found.related.join(', ')]),
      ].join('');
    }
    case 'rule': {
      const { code, severity, summary, why, bad, good } = found.rule;
      return [
        heading(code, `${severity} of zester lint`),
        `${summary}. ${why}.\n`,
        `\n${paint(style, 'bold', 'Not so:')}\n${filesText(bad)}`,
        `\n${paint(style, 'bold', 'But so:')}\n${filesText(good)}`,
      ].join('');
    }
  }
}

/** Each file below its path; of a single one nobody asks the path. */
function filesText(files: Readonly<Record<string, string>>): string {
  const all = Object.entries(files);
  const indented = (text: string) => text.trimEnd().replace(/^(?=.)/gm, '    ');
  return all.map(([path, text]) => `${all.length > 1 ? `  ${path}\n` : ''}${indented(text)}\n`).join('');
}

const whoActs: Readonly<Record<string, string>> = {
  usage: 'whoever typed it',
  source: 'the author of the state, template, settings or options',
  denied: 'the administrator',
  unreachable: 'nobody at first: trying again may help, then the network',
  machine: 'the owner of the machine',
  bug: 'the people who make Zester: please report it',
};

/** Of errors that bring no advice of their own. */
const whatToDo: Readonly<Record<string, string>> = {
  usage: 'Compare what was typed with what there is: zester help <command>, zester doc <function>',
  source: 'Open the file at the line the error shows; "zester lint <folder>" finds the same before a run',
  denied: 'Ask for what the message names, or use credentials that have it: zester context list',
  unreachable: 'See what can be reached: zester ping, and zester doctor for the way there',
  machine: 'Read what the machine itself said, below the message; of a state: zester explain <jid> <id>',
  bug: 'Keep the lines below the message: they say where it happened',
};
