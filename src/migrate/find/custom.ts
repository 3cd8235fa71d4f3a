import type { Place } from '#base/errors.ts';
import { Source } from '#render/source.ts';
import type { Lack } from '../report.ts';

/** A file of Python that extends Salt, by the folder it lies in. */
export interface Custom {
  readonly path: string;
  readonly folder: string;
  /** `mymod.installed` → where it is defined. */
  readonly functions: ReadonlyMap<string, Place>;
}

const folders: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  _modules: {
    what: 'custom functions',
    hint: 'Do the same with functions Zester has, or run a script with cmd.script or "cmd.run"',
  },
  _states: {
    what: 'custom states',
    hint: 'Write what they do as states of Zester, or as cmd.run with onlyif and unless',
  },
  _grains: {
    what: 'custom grains',
    hint: 'Write them as YAML or JSON into /etc/zester/facts on the machines: a file, or a folder of files',
  },
  _renderers: { what: 'a custom renderer', hint: 'Write the files that use it with Jinja and YAML' },
  _pillar: { what: 'an external pillar', hint: 'Write what it gives as settings' },
  _utils: { what: 'custom utilities', hint: 'They serve the other custom modules: see there' },
};

const others =
  /^_(auth|beacons|clouds|engines|executors|fileserver|log_handlers|matchers|netapi|outputters|proxy|queues|returners|roster|runners|sdb|search|serializers|thorium|tokens|tops|wheel|wrapper)$/;

/** A file of `_modules`, `_states` and their kind; undefined for any other. */
export function customAt(path: string, text: string): Custom | undefined {
  const [folder = ''] = path.split('/');
  if (!/\.(py|pyx|so|zip)$/.test(path) || !(folder in folders || others.test(folder))) return undefined;
  return { path, folder, functions: functionsIn(path, text) };
}

export function lackOf({ path, folder, functions }: Custom): Lack {
  const known = folders[folder];
  const isCalled = folder === '_modules' || folder === '_states';
  const names = isCalled && functions.size > 0 ? `: ${[...functions.keys()].join(', ')}` : '';
  return {
    at: { file: path, line: 1, column: 1 },
    kind: 'Python',
    name: `${known?.what ?? `"${folder.slice(1)}" of Salt`}${names}`,
    hint: known?.hint ?? 'It extends Salt itself, which Zester does not run',
  };
}

/** Functions anybody may call: those at the left margin whose names do not begin with an underscore. */
function functionsIn(path: string, text: string): ReadonlyMap<string, Place> {
  const source = new Source(path, text.replaceAll('\r\n', '\n'));
  const file = /([^/]+)\.\w+$/.exec(path)?.[1] ?? path;
  const module = /^__virtualname__\s*=\s*["'](\w+)["']/m.exec(text)?.[1] ?? file;
  const renamed = renamesIn(text);
  const found = [...source.text.matchAll(/^def\s+([A-Za-z]\w*)\s*\(/gm)];
  return new Map(
    found.map(({ 1: name = '', index }) => [`${module}.${renamed[name] ?? name}`, source.place(index + 'def '.length)]),
  );
}

/** `__func_alias__ = {"list_": "list"}` */
function renamesIn(text: string): Readonly<Record<string, string>> {
  const body = /^__func_alias__\s*=\s*\{([^}]*)\}/m.exec(text)?.[1] ?? '';
  return Object.fromEntries([...body.matchAll(/["'](\w+)["']\s*:\s*["'](\w+)["']/g)].map(([, from, to]) => [from, to]));
}
