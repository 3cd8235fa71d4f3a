import type * as z from 'zod/mini';
import * as enrollments from './enrollments.ts';
import * as jobs from './jobs.ts';
import * as peels from './peels.ts';
import * as plans from './plans.ts';
import * as tool from './tool.ts';
import * as trees from './trees.ts';
import * as trust from './trust.ts';

/**
 * What each command gives to programs, by its name. Within a version fields are added, and none is renamed, removed or
 * given another meaning: `jsonVersion` goes up with the first of those.
 */
export const outputs: Readonly<Record<string, z.core.$ZodType>> = {
  apply: jobs.Answers,
  'ca fingerprint': trust.Ca,
  'ca init': trust.Ca,
  'ca issue': trust.IssuedCertificate,
  'ca print': trust.CaWithRoot,
  'ca rotate': trust.Ca,
  completion: tool.Completion,
  'config show': tool.Configuration,
  'context list': tool.Contexts,
  'context show': tool.Context,
  'context use': tool.UsedContext,
  doc: tool.Documentation,
  doctor: tool.Doctor,
  'enroll approve': enrollments.Approved,
  'enroll list': enrollments.Enrollments,
  'enroll reject': enrollments.Rejected,
  'enroll revoke': enrollments.Revoked,
  'enroll show': enrollments.Enrollment,
  'enroll token create': enrollments.Token,
  'enroll token revoke': enrollments.EndedToken,
  explain: tool.Explanations,
  help: tool.Help,
  init: trust.NewEnvironment,
  'job active': jobs.Jobs,
  'job follow': jobs.JobWithAnswers,
  'job kill': jobs.KilledJob,
  'job list': jobs.Jobs,
  'job output': jobs.Output,
  'job show': jobs.JobWithAnswers,
  'job wait': jobs.JobWithAnswers,
  lint: trees.LintReport,
  migrate: trees.MigrationReport,
  'nats-auth add': trust.MadeOperator,
  'nats-auth init': trust.Identities,
  'nats-auth lint': trust.ExaminedCredentials,
  'nats-auth remove': trust.RemovedOperator,
  'nats-auth rotate': trust.RotatedKey,
  'peel list': peels.Peels,
  'peel show': peels.PeelWithFacts,
  ping: tool.Ping,
  'plan show': plans.SavedPlan,
  run: jobs.Answers,
  schema: tool.Schema,
  target: peels.Targeted,
  version: tool.Version,
};

export const jsonVersion = 1;
