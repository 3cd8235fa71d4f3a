import type { Rule } from '../rule.ts';
import * as compiled from './compiled.ts';
import * as facts from './facts.ts';
import * as files from './files.ts';
import * as ignoring from './ignoring.ts';
import * as includes from './includes.ts';
import * as names from './names.ts';
import * as pairs from './pairs.ts';
import * as secrets from './secrets.ts';
import * as states from './states.ts';
import * as template from './template.ts';
import * as unused from './unused.ts';
import * as values from './values.ts';

/** Every subject, sorted; what a subject's file exports is registered. */
const subjects: readonly Readonly<Record<string, Rule>>[] = [
  compiled,
  facts,
  files,
  ignoring,
  includes,
  names,
  pairs,
  secrets,
  states,
  template,
  unused,
  values,
];

/** Every rule there is, by code. */
export const rules: readonly Rule[] = subjects
  .flatMap((subject) => Object.values(subject))
  .toSorted((a, b) => (a.code < b.code ? -1 : 1));
