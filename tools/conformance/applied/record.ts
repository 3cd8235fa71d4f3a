import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';

/** What Salt answered for one state. */
const Result = z.object({
  id: z.string(),
  state: z.string(),
  /** A list where the state was given one. */
  name: z.union([z.string(), z.array(z.unknown())]),
  result: z.boolean().nullable(),
  changed: z.boolean(),
});
export type Result = z.output<typeof Result>;

const Results = z.union([z.array(Result), z.object({ error: z.array(z.string()) })]);
export type Results = z.output<typeof Results>;

const FileRecord = z.object({
  type: z.string(),
  mode: z.string().optional(),
  user: z.string().optional(),
  group: z.string().optional(),
  /** `*` is any content. */
  sha256: z.string().optional(),
  target: z.string().optional(),
  text: z.string().optional(),
  /** The package that brings it so. */
  pkg: z.string().optional(),
});
export type FileRecord = z.output<typeof FileRecord>;

const Shadow = z.record(z.string(), z.string());

const UserRecord = z.object({
  uid: z.number(),
  group: z.string(),
  gecos: z.string(),
  home: z.string(),
  shell: z.string(),
  groups: z.array(z.string()),
  shadow: Shadow.optional(),
});
export type UserRecord = z.output<typeof UserRecord>;

const GroupRecord = z.object({ gid: z.number(), members: z.array(z.string()) });
export type GroupRecord = z.output<typeof GroupRecord>;

/** How the machine was changed; a key that is absent says that nothing was. */
const MachineRecord = z.object({
  added: z.record(z.string(), FileRecord).default({}),
  changed: z.record(z.string(), FileRecord).default({}),
  removed: z.array(z.string()).default([]),
  packages: z
    .object({
      added: z.record(z.string(), z.string()).default({}),
      changed: z.record(z.string(), z.string()).default({}),
      removed: z.array(z.string()).default([]),
      selection: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
  users: z.record(z.string(), UserRecord.nullable()).default({}),
  groups: z.record(z.string(), GroupRecord.nullable()).default({}),
  units: z
    .record(z.string(), z.object({ enabled: z.string(), active: z.string() }))
    // A template is no unit: it is neither enabled nor active.
    .transform((units) => Object.fromEntries(Object.entries(units).filter(([name]) => !name.includes('@.'))))
    .prefault({}),
  mounts: z.record(z.string(), z.object({ fstype: z.string(), opts: z.string() }).nullable()).default({}),
  probes: z.record(z.string(), z.string()).default({}),
});
export type MachineRecord = z.output<typeof MachineRecord>;

export const untouched: MachineRecord = MachineRecord.parse({});

const Source = z.union([
  z.object({ tree: z.record(z.string(), z.string()), sls: z.union([z.string(), z.array(z.string())]) }),
  z.object({
    repo: z.string(),
    commit: z.string(),
    sls: z.union([z.string(), z.array(z.string())]),
    also: z.array(z.unknown()).default([]),
  }),
]);

const AppliedCase = z.object({
  name: z.string(),
  root: z.enum(['base', 'tools']),
  source: Source,
  pillar: z.record(z.string(), z.unknown()).optional(),
  setup: z.array(z.string()).default([]),
  between: z.array(z.string()).default([]),
  probes: z.array(z.string()).default([]),
  runs: z.object({ test: Results, apply: Results, again: Results.optional() }),
  machine: MachineRecord,
  machine_again: MachineRecord.prefault({}),
});
export type AppliedCase = z.output<typeof AppliedCase>;

/** Reads what Salt did to machines: one case a line. */
export function readApplied(path: string): readonly AppliedCase[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => AppliedCase.parse(JSON.parse(line)));
}
