import { didYouMean } from '#base/errors.ts';
import type { Rule as TopTarget } from '#engine/top-file.ts';
import type { Expression } from '#render/jinja/ast.ts';
import type { Found } from '../finding.ts';
import { rule } from '../rule.ts';
import { comesBy, type Survey } from '../survey.ts';
import { dataPathOf, textConstant } from '../template/data-path.ts';
import type { Template } from '../template/template.ts';

export const settingNeeded = rule({
  code: 'SETTING_NEEDED',
  severity: 'note',
  summary: 'A setting without which a file cannot be rendered; said only when no settings are given',
  why: 'A tree is judged without its settings: give them with `--settings` to have this looked at, too',
  bad: { 'web.zy': 'port-{{ settings.web.port }}:\n  test.nop: []\n' },
  good: { 'web.zy': "port-{{ settings.get('web', {}).get('port', 80) }}:\n  test.nop: []\n" },
  find: (survey) => needs(survey, 'setting'),
});

export const factNeeded = rule({
  code: 'FACT_NEEDED',
  severity: 'note',
  summary: 'A fact without which a file cannot be rendered, and that no sample machine has',
  why: 'It may be one an administrator writes into /etc/zester/facts: give such facts with `--facts`',
  bad: { 'web.zy': 'role-{{ facts.role }}:\n  test.nop: []\n' },
  good: { 'web.zy': "role-{{ facts.get('role', 'none') }}:\n  test.nop: []\n" },
  find: (survey) => needs(survey, 'fact'),
});

export const factUnknown = rule({
  code: 'FACT_UNKNOWN',
  severity: 'warning',
  summary: 'A key of a fact that no machine has',
  why: 'Facts such as `os` and `network` have the same keys on every machine; a mistyped one is never there',
  bad: { 'web.zy': "{% if facts.os.famly == 'debian' %}\nnginx:\n  test.nop: []\n{% endif %}\n" },
  good: { 'web.zy': "{% if facts.os.family == 'debian' %}\nnginx:\n  test.nop: []\n{% endif %}\n" },
  *find({ templates, profiles }) {
    for (const template of templates) {
      for (const { node, parent } of template.expressions) {
        const path = dataPathOf(node);
        const [fact, key, ...deeper] = path?.of === 'facts' ? path.keys : [];
        const known = fact !== undefined && ownFacts.has(fact) ? keysOf(fact, profiles) : undefined;
        if (known === undefined || key === undefined || deeper.length > 0 || known.has(key)) continue;
        if (parent && dataPathOf(parent)?.keys.length === path?.keys.length) continue;
        yield {
          message: `The fact "${fact}" has no "${key}"`,
          hint: didYouMean(key, known) ?? `It has ${[...known].join(', ')}`,
          at: template.place(node.at),
        };
      }
    }
  },
});

export const factValue = rule({
  code: 'FACT_VALUE',
  severity: 'warning',
  summary: 'A comparison of a fact with a value it never has: `facts.os.family == "Debian"`',
  why: 'It is false on every machine. Facts are written in small letters; Salt has capitals for some of the same',
  bad: { 'web.zy': "{% if facts.os.family == 'Debian' %}\nnginx:\n  test.nop: []\n{% endif %}\n" },
  good: { 'web.zy': "{% if facts.os.family == 'debian' %}\nnginx:\n  test.nop: []\n{% endif %}\n" },
  *find(survey) {
    for (const template of survey.templates) yield* comparedIn(template);
    for (const { top } of survey.machines) {
      for (const { rule: each } of top) yield* comparedInTarget(each);
    }
  },
});

export const inText = rule({
  code: 'IN_TEXT',
  severity: 'warning',
  summary: 'A search for a fact inside a text: `facts.os.family in ("debian")`',
  why: 'Parentheses around one value make no list: this asks whether the fact is a part of the text',
  bad: { 'web.zy': "{% if facts.os.family in ('debian') %}\nnginx:\n  test.nop: []\n{% endif %}\n" },
  good: { 'web.zy': "{% if facts.os.family in ('debian',) %}\nnginx:\n  test.nop: []\n{% endif %}\n" },
  *find({ templates }) {
    for (const template of templates) {
      for (const { node } of template.expressions) {
        if (node.type !== 'compare') continue;
        const path = dataPathOf(node.first);
        const [part] = node.rest;
        const text = textConstant(part?.operand);
        if (path === undefined || path.of === 'settings' || part === undefined || text === undefined) continue;
        if ((part.operator !== 'in' && part.operator !== 'not in') || !/^\w+$/.test(text)) continue;
        yield {
          message: `This asks whether the fact is a part of the text "${text}", not whether it is "${text}"`,
          hint: `Write "['${text}']", or compare with "=="`,
          at: template.place(part.at),
        };
      }
    }
  },
});

function* needs({ machines }: Survey, of: 'setting' | 'fact'): Generator<Found> {
  for (const machine of machines) {
    const { watched, profile } = machine;
    for (const need of watched.needs().filter((each) => each.of === of && comesBy(machine, each.by))) {
      const message = `Needs the ${of} "${need.path}"`;
      yield { message, at: need.at, profile: profile.name };
    }
  }
}

/** Facts whose keys no administrator adds to. */
const ownFacts = new Set(['os', 'network', 'cpu', 'hardware', 'selinux', 'memory', 'disk']);

/** Keys that only some collectors or machines give. */
const sometimes: Readonly<Record<string, readonly string[]>> = {
  memory: ['used_percent', 'swap_free', 'swap_used'],
};

function keysOf(fact: string, profiles: Survey['profiles']): ReadonlySet<string> {
  const keys = profiles.flatMap(({ facts }) => Object.keys((facts[fact] as object | undefined) ?? {}));
  return new Set([...keys, ...(sometimes[fact] ?? []), 'get', 'items', 'keys', 'values']);
}

const linuxFamilies = ['debian', 'rhel', 'suse', 'alpine', 'arch', 'gentoo', 'void', 'nixos'];

/** The only values of some facts. */
const values: Readonly<Record<string, readonly string[]>> = {
  'facts:os.family': linuxFamilies,
  'facts:os.name': ['linux', 'freebsd', 'darwin'],
  'facts:os.arch': ['amd64', 'arm64', 'arm', '386'],
  'facts:os.init': ['systemd', 'openrc', 'sysvinit', 'runit', 's6-svscan', 'unknown'],
  'grains:os_family': [
    'Debian',
    'RedHat',
    'Suse',
    'Alpine',
    'Arch',
    'Gentoo',
    'Void',
    'NixOS',
    'FreeBSD',
    'OpenBSD',
    'NetBSD',
    'MacOS',
    'Windows',
    'Solaris',
    'AIX',
  ],
  'grains:kernel': ['Linux', 'FreeBSD', 'OpenBSD', 'NetBSD', 'Darwin', 'Windows', 'SunOS', 'AIX'],
};

/** What a fact is called in Salt. */
const otherWords: Readonly<Record<string, string>> = { redhat: 'rhel' };

function* comparedIn(template: Template): Generator<Found> {
  for (const { node } of template.expressions) {
    if (node.type !== 'compare') continue;
    const [part, ...others] = node.rest;
    if (part === undefined || others.length > 0) continue;
    for (const [fact, value] of pairs(node.first, part.operand)) {
      const path = dataPathOf(fact);
      const found = path && path.of !== 'settings' ? never(`${path.of}:${path.keys.join('.')}`, value) : undefined;
      if (path && found) yield { ...told(path.keys.join('.'), value, found), at: template.place(fact.at) };
    }
  }
}

/** A fact with each text it is compared to, on whichever side it stands. */
function pairs(one: Expression, other: Expression): readonly (readonly [Expression, string])[] {
  return [
    ...textsIn(other).map((value) => [one, value] as const),
    ...textsIn(one).map((value) => [other, value] as const),
  ];
}

function textsIn(node: Expression): readonly string[] {
  const items = node.type === 'list' || node.type === 'tuple' ? node.items : [node];
  return items.flatMap((item) => textConstant(item) ?? []);
}

function* comparedInTarget({ target, placeIn }: TopTarget): Generator<Found> {
  for (const { 1: path = '', 2: value = '', index } of target.matchAll(/\bG@([\w.]+):(\w+)(?=$|[\s)])/g)) {
    const found = never(path.includes('.') ? `facts:${path}` : `grains:${path}`, value);
    if (found) yield { ...told(path, value, found), at: placeIn(index) };
  }
}

/** The value that must be meant, when the fact never has this one. */
function never(fact: string, value: string): string | undefined {
  const known = values[fact];
  if (known === undefined || known.includes(value)) return undefined;
  const word = value.toLowerCase();
  return known.find((each) => each.toLowerCase() === word || each === otherWords[word]);
}

function told(fact: string, value: string, meant: string) {
  return { message: `"${fact}" is never "${value}"`, hint: `Write "${meant}"` };
}
