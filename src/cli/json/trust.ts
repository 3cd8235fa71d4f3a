import * as z from 'zod/mini';
import { Moment } from '#wire/json/shape.ts';

export const Ca = z.object({
  dir: z.string(),
  pin: z.string(),
  root_ends: Moment,
  intermediate_ends: Moment,
  /** False when the root's key is kept elsewhere. */
  has_root_key: z.boolean(),
});

export const CaWithRoot = z.extend(Ca, { root: z.string() });

export const IssuedCertificate = z.object({
  certificate: z.string(),
  key: z.string(),
  names: z.array(z.string()),
  expires_at: Moment,
  nats_ca: z.optional(z.string()),
});

export const Identities = z.object({
  dir: z.string(),
  environment: z.string(),
  accounts: z.object({ control: z.string(), peels: z.string() }),
  operator: z.string(),
  files: z.array(z.string()),
});

export const NewEnvironment = z.object({
  dir: z.string(),
  environment: z.string(),
  /** What peels believe masters by. */
  pin: z.string(),
  server: z.string(),
  names: z.array(z.string()),
  /** When the certificate of the NATS servers ends. */
  expires_at: Moment,
  creds: z.string(),
  ca: z.string(),
  server_conf: z.string(),
  master_conf: z.string(),
  peel_conf: z.string(),
  logs: z.string(),
  context: z.object({
    name: z.string(),
    file: z.string(),
    /** Whether it is the one that counts now. */
    counts: z.boolean(),
  }),
  /** What to type next, in this order. */
  steps: z.array(z.object({ title: z.string(), line: z.string() })),
});

export const MadeOperator = z.object({ file: z.string(), key: z.string() });
export const RemovedOperator = z.object({ key: z.string() });

export const RotatedKey = z.object({
  what: z.string(),
  id: z.optional(z.string()),
  key: z.string(),
  used_from: z.optional(Moment),
});

export const ExaminedCredentials = z.array(
  z.object({
    file: z.string(),
    name: z.string(),
    key: z.string(),
    expires_at: z.optional(Moment),
    problems: z.array(z.object({ level: z.enum(['error', 'warning']), text: z.string() })),
  }),
);
