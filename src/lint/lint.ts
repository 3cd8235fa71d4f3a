import { refusals } from './compile/refusals.ts';
import { collect, type Finding, type Found, sorted } from './finding.ts';
import { type Ignored, ignoredIn, silence } from './ignore.ts';
import type { Rule } from './rule.ts';
import { ignoreUnknown, ignoreUnused } from './rules/ignoring.ts';
import { rules } from './rules/registry.ts';
import { type Survey, type SurveyOptions, surveySettings, surveyStates } from './survey.ts';

/** What is wrong with a state tree, as far as it can be told without a machine; sorted by place. */
export function lintStates(options: SurveyOptions): readonly Finding[] {
  return findingsOf(surveyStates(options));
}

export interface JudgedSettings {
  readonly findings: readonly Finding[];
  /** What each machine is given, by its name. */
  readonly settings: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** The same of a tree of settings. */
export function lintSettings(options: Omit<SurveyOptions, 'settings'>): JudgedSettings {
  const survey = surveySettings(options);
  const settings = new Map(survey.machines.map((machine) => [machine.profile.name, machine.settings]));
  return { findings: findingsOf(survey), settings };
}

function findingsOf(survey: Survey): readonly Finding[] {
  const found = rules
    .filter(({ of }) => of === undefined || of === survey.of)
    .flatMap((rule) => [...(rule.find?.(survey) ?? [])].map((each) => named(rule, each)));
  const profiles = survey.profiles.map(({ name }) => name);
  const findings = collect([...refusals(survey), ...found], profiles);
  const ignored = survey.templates.flatMap(({ path }) => ignoredIn(path, survey.textOf(path)));
  const { left, used } = silence(findings, ignored);
  return sorted([...left, ...strayComments(ignored, used)]);
}

function named(rule: Rule, found: Found) {
  return { ...found, code: rule.code, severity: found.severity ?? rule.severity };
}

/** Comments that silence nothing. */
function strayComments(
  ignored: readonly Ignored[],
  used: ReadonlyMap<Ignored, ReadonlySet<string>>,
): readonly Finding[] {
  const known = new Set(rules.map(({ code }) => code));
  return ignored.flatMap((comment) =>
    comment.codes
      .filter((code) => !used.get(comment)?.has(code))
      .map((code) =>
        known.has(code)
          ? {
              ...ignoreUnused,
              message: `Nothing is to be said of "${code}" here`,
              hint: 'Remove the comment',
              at: comment.at,
            }
          : {
              ...ignoreUnknown,
              message: `"${code}" is no code`,
              hint: 'docs/reference/lint.md lists them',
              at: comment.at,
            },
      )
      .map(({ code, severity, message, hint, at }) => ({ code, severity, message, hint, at })),
  );
}
