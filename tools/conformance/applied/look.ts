import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Inside } from '../../../test/hosts/cases/inside.ts';
import { type Changes, changesOf } from '../../../test/hosts/changes.ts';
import type { AppliedCase, GroupRecord, UserRecord } from './record.ts';

/** What a machine is like at one moment, as far as the records tell. */
export interface Look {
  readonly files: Changes;
  readonly users: ReadonlyMap<string, UserRecord>;
  readonly groups: ReadonlyMap<string, GroupRecord>;
  /** Owners by number. */
  readonly userNames: ReadonlyMap<number, string>;
  readonly groupNames: ReadonlyMap<number, string>;
  /** Name → version and dpkg's state, of all that left a trace. */
  readonly packages: ReadonlyMap<string, { readonly version: string; readonly state: string }>;
  readonly units: ReadonlyMap<string, { readonly enabled: string; readonly active: string }>;
  readonly mounts: ReadonlyMap<string, { readonly fstype: string; readonly opts: string }>;
  readonly probes: ReadonlyMap<string, string>;
}

const probeLimitS = 60;

/** Looks at all that the record of a case tells of. */
export async function lookAt(inside: Inside, each: AppliedCase): Promise<Look> {
  const units = [...new Set([each.machine, each.machine_again].flatMap((machine) => Object.keys(machine.units)))];
  const asked = units.map(
    (unit) => `systemctl is-enabled '${unit}' 2>/dev/null || :; systemctl is-active '${unit}' || :; echo ---`,
  );
  const states = (await inside.bash('units', asked.join('\n'), probeLimitS)).output.split('---\n');
  const told = await inside.bash(
    'packages',
    `dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n'`,
    probeLimitS,
  );
  const probes = new Map<string, string>();
  for (const probe of each.probes) {
    const { code, output } = await inside.bash(`probe ${probe}`, probe, probeLimitS);
    probes.set(probe, code === 0 ? output : `rc=${code} ${output}`);
  }
  const accounts = accountsOf((path) => readFileSync(join(inside.host.root, path), 'utf8'));
  return {
    ...accounts,
    files: changesOf(inside.host),
    packages: new Map(
      rows(told.output, ' ').map(([name = '', version = '', state = '']) => [name, { version, state }] as const),
    ),
    units: new Map(
      units.map((unit, index) => {
        const lines = (states[index] ?? '').trim().split('\n');
        const [enabled, active] = lines.length < 2 ? ['not-found', lines[0]] : lines;
        return [unit, { enabled: enabled ?? '', active: active ?? '' }] as const;
      }),
    ),
    mounts: new Map(
      rows(readFileSync(`/proc/${inside.host.leader}/mounts`, 'utf8'), ' ').map(
        ([, place = '', fstype = '', opts = '']) => [place, { fstype, opts }] as const,
      ),
    ),
    probes,
  };
}

function accountsOf(read: (path: string) => string): Pick<Look, 'users' | 'groups' | 'userNames' | 'groupNames'> {
  const groupRows = rows(read('/etc/group'), ':');
  const groupNames = new Map(groupRows.map(([name = '', , gid]) => [Number(gid), name] as const));
  const membersOf = (field = '') => field.split(',').filter((name) => name !== '');
  const shadows = new Map(rows(read('/etc/shadow'), ':').map(([name = '', ...fields]) => [name, fields] as const));
  const userRows = rows(read('/etc/passwd'), ':');
  const users = userRows.map(([name = '', , uid, gid, gecos = '', home = '', shell = '']) => {
    const groups = groupRows
      .filter(([, , , members]) => membersOf(members).includes(name))
      .map(([group = '']) => group);
    const [password = '', , min, max, warn, inactive, expire] = shadows.get(name) ?? [];
    const shadow = { password, min, max, warn, inactive, expire };
    const known = Object.fromEntries(Object.entries(shadow).filter(([, value]) => value)) as Record<string, string>;
    const group = groupNames.get(Number(gid)) ?? String(gid);
    return [name, { uid: Number(uid), group, gecos, home, shell, groups, shadow: known }] as const;
  });
  return {
    users: new Map(users),
    groups: new Map(
      groupRows.map(
        ([name = '', , gid, members]) => [name, { gid: Number(gid), members: membersOf(members) }] as const,
      ),
    ),
    userNames: new Map(userRows.map(([name = '', , uid]) => [Number(uid), name] as const)),
    groupNames,
  };
}

function rows(text: string, separator: string): readonly string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(separator));
}
