import type { Found, Severity } from './finding.ts';
import type { Survey } from './survey.ts';

/** Path → text. */
export type Files = Readonly<Record<string, string>>;

/** One thing that can be wrong with a tree. Its examples are its manual and its test. */
export interface Rule {
  readonly code: string;
  readonly severity: Severity;
  /** One sentence: what it finds. */
  readonly summary: string;
  /** Why that is wrong, and what to do. */
  readonly why: string;
  /** A tree that it speaks of. */
  readonly bad: Files;
  /** The same, put right: no rule has anything to say but notes. */
  readonly good: Files;
  /** Whether the examples are trees of settings. */
  readonly of?: 'states' | 'settings';
  /** Left out for what reading and compiling themselves refuse. */
  find?(survey: Survey): Iterable<Found>;
}

/** Keeps the shape of a rule. */
export function rule(definition: Rule): Rule {
  return definition;
}
