import { isError, type Place } from '#base/errors.ts';
import type { CreateRenderer } from '#engine/render.ts';
import { decodeArguments, rawArguments } from '#kit/arguments.ts';
import type { Registry } from '#kit/function.ts';
import type { Value } from '#render/jinja/values.ts';
import { createRenderer, type RenderInput } from '#render/render.ts';
import type { Profile } from '../profiles.ts';
import { type DataPath, dataPathsAt } from '../template/data-path.ts';
import type { Template } from '../template/template.ts';
import { Unknown, unknownText, WatchedDict } from './unknown.ts';

/** Data that a template cannot do without, and that is not known. */
export interface Need {
  readonly of: 'setting' | 'fact';
  /** As a template writes it: settings with colons, facts with dots. */
  readonly path: string;
  readonly at: Place;
  /** The file that was rendered: what needs it may be a template that it imports. */
  readonly by: string;
}

/** What is learned while templates are rendered for one machine. */
export interface Watched {
  readonly createRenderer: CreateRenderer;
  /** Whether a body ran: of a file, by its first statement's offset. */
  hasEntered(path: string, at: number | undefined): boolean;
  /** What a file asked for that is not known, when it was rendered: what came of it may be otherwise elsewhere. */
  doubtsOf(path: string): ReadonlySet<string>;
  needs(): readonly Need[];
  /** For templates to call: arguments are looked at, and nothing is known of what a function would say. */
  call(name: string, args: readonly unknown[], named: Readonly<Record<string, unknown>>): Value;
}

export interface WatchedOptions {
  readonly profile: Profile;
  /** All settings there are by now; undefined when nobody said. */
  readonly settings: () => Readonly<Record<string, unknown>> | undefined;
  readonly templateAt: (path: string) => Template | undefined;
  readonly registry: Registry;
}

// Each turn makes one more path known; a template that needs more is not worth the time.
const mostAssumed = 40;

export function watch({ profile, settings, templateAt, registry }: WatchedOptions): Watched {
  const entered = new Set<string>();
  const doubts = new Map<string, Set<string>>();
  const needs = new Map<string, Need>();
  const assumed = new Map<string, ReadonlySet<string>>();
  let current = '';

  const doubt = (what: string) => {
    const known = doubts.get(current) ?? new Set();
    doubts.set(current, known.add(what));
  };
  const dataOf = (of: 'settings' | 'facts' | 'grains', data: Readonly<Record<string, unknown>>, ordered = false) => {
    const isComplete = of === 'settings' ? settings() !== undefined : profile.isComplete;
    const watching = {
      missing(path: string): Value | undefined {
        if (isComplete) return undefined;
        const known = assumed.get(current);
        if (known?.has(`${of}:${path}`)) return new Unknown();
        if (known && [...known].some((each) => each.startsWith(`${of}:${path}:`))) {
          return new WatchedDict({}, watching, { path, ordered });
        }
        doubt(`${of}:${path}`);
        return undefined;
      },
      walked(path: string) {
        if (of === 'settings' && !isComplete) doubt(`${of}:${path}`);
      },
    };
    return new WatchedDict(data, watching, { ordered });
  };
  const scopeOf = (input: RenderInput) => ({
    ...input.scope,
    facts: dataOf('facts', profile.facts),
    grains: dataOf('grains', profile.grains),
    settings: dataOf('settings', settings() ?? {}, true),
  });

  const dataNamed = (of: DataPath['of']) =>
    ({ settings: settings() ?? {}, facts: profile.facts, grains: profile.grains })[of];

  /** True when what was missing is now taken as known, so that the rest of the file can be judged. */
  const assume = (thrown: unknown): boolean => {
    if (!isError(thrown, 'TEMPLATE_UNDEFINED') || thrown.at === undefined) return false;
    const template = templateAt(thrown.at.file);
    const paths = template ? dataPathsAt(template, template.offset(thrown.at)) : [];
    const path = paths.find(({ of, keys }) => keys.length > 0 && lookup(dataNamed(of), keys) === undefined);
    if (path === undefined) return false;
    const isComplete = path.of === 'settings' ? settings() !== undefined : profile.isComplete;
    const known = assumed.get(current) ?? new Set();
    const name = `${path.of}:${path.keys.join(':')}`;
    if (isComplete || known.has(name) || known.size >= mostAssumed) return false;
    assumed.set(current, new Set([...known, name]));
    doubt(name);
    const need: Need =
      path.of === 'settings'
        ? { of: 'setting', path: path.keys.join(':'), at: thrown.at, by: current }
        : { of: 'fact', path: path.keys.join('.'), at: thrown.at, by: current };
    needs.set(`${need.path}@${need.at.file}:${need.at.line}`, need);
    return true;
  };

  const attempt = <T>(input: RenderInput, render: (input: RenderInput) => T): T => {
    current = input.path;
    doubts.delete(current);
    assumed.delete(current);
    for (;;) {
      try {
        return render({ ...input, scope: scopeOf(input) });
      } catch (thrown) {
        if (!assume(thrown)) throw thrown;
      }
    }
  };

  return {
    createRenderer(options) {
      const renderer = createRenderer({ ...options, entered: (path, at) => entered.add(`${path}:${at}`) });
      return {
        renderText: (input) => attempt(input, renderer.renderText),
        renderDocument: (input) => attempt(input, renderer.renderDocument),
      };
    },
    hasEntered: (path, at) => entered.has(`${path}:${at}`),
    doubtsOf: (path) => doubts.get(path) ?? new Set(),
    needs: () => [...needs.values()],
    call(name, args, named) {
      const called = registry.functions.get(name);
      const isKnown = !JSON.stringify([args, named]).includes(unknownText);
      if (called && isKnown) decodeArguments(name, called.args, rawArguments(called.args, named, args));
      doubt(`function:${name}`);
      return new Unknown();
    },
  };
}

function lookup(data: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((each, key) => (each as Readonly<Record<string, unknown>> | undefined)?.[key], data);
}
