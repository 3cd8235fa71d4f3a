import type { SupposedMachine, Unforeseen } from '#kit/supposed.ts';
import type { Rendering, RunScope } from './render.ts';

/** How a run renders: with which scope, and through what its templates pass when their turn comes. */
export interface Questions {
  readonly scope: RunScope;
  through(rendering: Rendering): Rendering;
}

/** A run asks the machine as it is when a template's turn comes. */
export function realQuestions(scope: RunScope): Questions {
  return { scope, through: (rendering) => rendering };
}

/** A plan would ask too early: what a function would say of something that is only supposed is `Unforeseen`. */
export function foreseenQuestions(scope: RunScope, supposed: SupposedMachine): Questions {
  const { call } = scope;
  if (call === undefined) return realQuestions(scope);
  let unforeseen: Unforeseen | undefined;
  const asking: RunScope['call'] = (name, args, kwargs) => {
    unforeseen = supposed.unforeseenIn([...args, ...Object.values(kwargs)].map(String), `its template asks "${name}"`);
    if (unforeseen !== undefined) throw unforeseen;
    return call(name, args, kwargs);
  };
  return {
    scope: { ...scope, call: asking },
    through: (rendering) => ({
      ...rendering,
      text(env, text, path, context) {
        unforeseen = undefined;
        try {
          return rendering.text(env, text, path, context);
        } catch (error) {
          // The renderer gives every error the place where it was met.
          throw unforeseen ?? error;
        }
      },
    }),
  };
}
