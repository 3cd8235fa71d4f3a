import { didYouMean, type Place } from '#base/errors.ts';
import { argumentHint, isPassedOver, type Known, takesArgument } from '../known.ts';
import type { Lack } from '../report.ts';
import { idleArguments } from '../rewrite/arguments.ts';

/** A state as it is declared, whether read from the text of a file or from what that renders to. */
export interface Stated {
  /** `file.managed` */
  readonly state: string;
  readonly at: Place;
  readonly args: readonly StatedArgument[];
}

export interface StatedArgument {
  readonly key: string;
  readonly at: Place;
  /** Plain data. */
  readonly value: unknown;
}

/** What a state asks for that there is not: itself, an argument, or a function that it calls. */
export function lacksOf({ state, at, args }: Stated, known: Known): readonly Lack[] {
  if (!known.states.has(state)) return [{ at, kind: 'state', name: state, hint: stateHint(state, known) }];
  const keys = new Set(args.map(({ key }) => key));
  return args.flatMap(({ key, at: place, value }): readonly Lack[] => {
    if (!takesArgument(known, state, key, keys)) {
      const hint = argumentHint(known, state, key) ?? argumentAdvice(key, isPassedOver(known, state, key));
      return [{ at: place, kind: 'argument', name: `${state}: ${key}`, hint }];
    }
    return functionsCalled(state, key, value)
      .filter((name) => !known.functions.has(name))
      .map((name) => ({ at: place, kind: 'function', name, hint: functionHint(name, known) }));
  });
}

/** Functions called by `module.run`, in both ways of writing it, and by conditions. */
function functionsCalled(state: string, key: string, value: unknown): readonly string[] {
  if (state === 'module.run' || state === 'module.wait') {
    if (isFunctionName(key)) return [key];
    if (key === 'name' && isFunctionName(value)) return [value];
  }
  if (key !== 'onlyif' && key !== 'unless') return [];
  return [value].flat().flatMap((each) => {
    const called = typeof each === 'object' && each !== null ? (each as Record<string, unknown>).fun : undefined;
    return isFunctionName(called) ? [called] : [];
  });
}

function isFunctionName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z]\w*\.[a-z_]\w*$/i.test(value);
}

function stateHint(state: string, { states }: Known): string | undefined {
  const [module = ''] = state.split('.');
  const siblings = [...states.keys()].filter((each) => each.startsWith(`${module}.`));
  return (
    didYouMean(state, siblings) ??
    moduleAdvice.find(({ modules }) => modules.test(module))?.hint ??
    (siblings.length > 0 ? `The states of "${module}" are ${siblings.join(', ')}` : undefined)
  );
}

export function functionHint(name: string, { functions }: Known): string | undefined {
  const [module = ''] = name.split('.');
  return (
    didYouMean(
      name,
      [...functions].filter((each) => each.startsWith(`${module}.`)),
    ) ?? moduleAdvice.find(({ modules }) => modules.test(module))?.hint
  );
}

const moduleAdvice: readonly { readonly modules: RegExp; readonly hint: string }[] = [
  {
    modules: /^(chocolatey|win_\w+|reg|wua|lgpo|dism|wusa|ntfs\w*|iis\w*)$/,
    hint: 'It is for Windows: Zester manages Linux',
  },
  {
    modules: /^(macpackage|macdefaults|mac_\w+|macos\w*|launchctl|homebrew|brew\w*)$/,
    hint: 'It is for macOS: Zester manages Linux',
  },
  {
    modules: /^(sysrc|pkgng|freebsd\w*|portsnap|ports|poudriere|jail)$/,
    hint: 'It is for FreeBSD: Zester manages Linux',
  },
  {
    modules: /^salt$/,
    hint: 'It orchestrates from the master, which Zester does not: apply to one target after the other',
  },
  { modules: /^(local|runner|wheel|caller)$/, hint: "It is a reaction of Salt's reactor, not a state" },
];

function argumentAdvice(key: string, isIdle: boolean): string | undefined {
  if (/^win_/.test(key)) return 'It is for Windows: remove it';
  const reason = Object.hasOwn(idleArguments, key) ? idleArguments[key] : undefined;
  if (reason === undefined && isIdle) return 'Salt passes over it: remove it';
  return reason && `${reason}: remove it`;
}
