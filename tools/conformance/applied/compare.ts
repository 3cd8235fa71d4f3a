import { isDeepStrictEqual } from 'node:util';
import type { Run } from '../../../test/hosts/cases/judge.ts';
import { type Difference, differencesBetween, type Entry } from '../../../test/hosts/changes.ts';
import type { Host } from '../../../test/hosts/host.ts';
import type { Look } from './look.ts';
import type { FileRecord, MachineRecord, Result, Results } from './record.ts';

/** What the recorder left out, and folders of links that come and go with the links. */
const noise =
  /^\/(proc|sys|dev|run|tmp|usr|lib|lib64|bin|sbin|boot)(\/|$)|^\/var\/(log|tmp|cache)\/|^\/var\/lib\/(apt|dpkg|systemd|ucf|dbus|private|pam|python|insserv|logrotate)(\/|$)|^\/var\/lib\/[^/]+\/[^/]+\/|^\/etc\/((passwd|shadow|group|gshadow|subuid|subgid)-?|machine-id|mtab|ld\.so\.cache|aliases\.db|\.pwd\.lock|rc.\.d)$|^\/etc\/rc.\.d\/|^\/srv\/tree(\/|$)|\.dpkg-(new|tmp|old)$|^\/etc\/systemd\/system\/[^/]+\.wants$/;

/**
 * How the answers of a run differ from Salt's. `then` is what Salt's run did after its plan: a plan may be right about that
 * where Salt's is not.
 */
export function answerDifferences(what: string, run: Run, right: Results, then?: Results): readonly string[] {
  const { results, refusal, text, code } = run;
  if ('error' in right) {
    return refusal === undefined ? [`${what}: expected a refusal, got (exit ${code})\n${text}`] : [];
  }
  if (results === undefined) return [`${what}: expected a report, got (exit ${code})\n${text}`];
  const left = results.map((each) => ({ ...each }));
  const wrong = right.flatMap((each) => {
    const index = left.findIndex((own) => isSameState(own, each));
    const [own] = index < 0 ? [] : left.splice(index, 1);
    const name = `${each.state} ${each.id}${each.name === each.id || typeof each.name !== 'string' ? '' : ` (${each.name})`}`;
    if (own === undefined) return [`${what}: ${name}: Salt says ${saltText(each)}, Zester does not know it`];
    const done = then === undefined || 'error' in then ? undefined : then.find((other) => isSameState(own, other));
    const isRight = [...meanings(each), ...foreseen(done)].includes(meaningOf(own));
    return isRight ? [] : [`${what}: ${name}: Salt says ${saltText(each)}, Zester ${own.result}`];
  });
  // What a failure with `failhard` left undone, Salt does not tell of.
  const more = left.filter(({ skip_reason: reason }) => reason !== 'failhard_abort');
  return [...wrong, ...more.map(({ state, id, result }) => `${what}: ${state} ${id}: only Zester knows it, ${result}`)];
}

type Own = NonNullable<Run['results']>[number];

function isSameState(own: Own, { id, state, name }: Result): boolean {
  return own.id === id && own.state === state && (typeof name !== 'string' || own.name === name);
}

function saltText({ result, changed }: Result): string {
  if (result === null) return 'would change';
  return `${result ? 'true' : 'false'}${changed ? ', changed' : ''}`;
}

/** A state that was skipped did well, unless it was for the failure of another. */
function meaningOf({ result, skip_reason: reason }: Own): string {
  if (result !== 'skipped') return result;
  return reason === 'require_failed' || reason === 'failhard_abort' ? 'failed' : 'unchanged';
}

function meanings({ result, changed }: Result): readonly string[] {
  if (result === null) return ['would-change', 'cannot-tell'];
  if (result === false) return ['failed'];
  return [changed ? 'changed' : 'unchanged'];
}

/** What a plan says of a state that then does this. */
function foreseen(done: Result | undefined): readonly string[] {
  if (done === undefined) return [];
  if (done.result === false) return ['failed'];
  return done.changed ? ['would-change', 'cannot-tell'] : ['unchanged'];
}

/** How a machine differs from what Salt left, in both directions. */
export function machineDifferences(host: Host, before: Look, after: Look, right: MachineRecord): readonly string[] {
  return [
    ...fileDifferences(differencesBetween(host, before.files, after.files), after, right),
    ...accountDifferences('user', before.users, after.users, right.users, withoutSystemNumber('uid')),
    ...accountDifferences('group', before.groups, after.groups, right.groups, withoutSystemNumber('gid')),
    ...packageDifferences(before, after, right),
    ...Object.entries(right.units).flatMap(([name, unit]) => said(`unit ${name}`, unit, after.units.get(name))),
    ...Object.entries(right.mounts).flatMap(([place, mount]) => mountDifferences(place, mount, after)),
    ...Object.entries(right.probes).flatMap(([probe, output]) =>
      said(`probe ${probe}`, output, after.probes.get(probe)),
    ),
  ];
}

function fileDifferences(found: readonly Difference[], look: Look, right: MachineRecord): readonly string[] {
  const expected = new Map([...Object.entries(right.added), ...Object.entries(right.changed)]);
  const told = found.filter(({ from, to }) => !isSameBut(from, to, 'writtenAt'));
  const byPath = new Map(told.map((each) => [each.path, each]));
  const missing = [...expected].flatMap(([path, file]) => {
    const to = byPath.get(path)?.to ?? look.files.get(path);
    return to === undefined
      ? [`${path}: Salt leaves ${JSON.stringify(file)}, Zester nothing new`]
      : entryDifferences(path, to, file, look);
  });
  const kept = right.removed.filter((path) => byPath.get(path)?.to !== undefined || !byPath.has(path));
  const isRemoved = (path: string) => right.removed.some((each) => path === each || path.startsWith(`${each}/`));
  const extra = told
    .filter(({ to }) => to?.type !== 'socket')
    .filter(({ path, to }) => !expected.has(path) && !noise.test(path) && !(to === undefined && isRemoved(path)))
    .map(
      ({ path, to }) =>
        `${path}: Salt leaves it as it was, Zester ${to === undefined ? 'removes it' : entryText(to, look)}`,
    );
  return [...missing, ...kept.map((path) => `${path}: Salt removes it, Zester does not`), ...extra];
}

function isSameBut(a: Entry | undefined, b: Entry | undefined, key: keyof Entry): boolean {
  return a !== undefined && b !== undefined && isDeepStrictEqual({ ...a, [key]: 0 }, { ...b, [key]: 0 });
}

function entryDifferences(path: string, to: Entry, right: FileRecord, look: Look): readonly string[] {
  const own = { ...to, mode: to.mode.padStart(4, '0'), ...ownersOf(to, look) };
  const keys = (['type', 'mode', 'user', 'group', 'sha256', 'target'] as const).filter((key) => {
    if (right[key] === undefined || own[key] === right[key]) return false;
    if (key === 'mode' && to.type === 'link') return false;
    return key !== 'sha256' || (right.sha256 !== '*' && right.pkg === undefined);
  });
  return keys.map((key) => {
    const text = key === 'sha256' && right.text !== undefined ? ` (${JSON.stringify(right.text)})` : '';
    return `${path}: ${key}: Salt leaves ${right[key]}${text}, Zester ${own[key]}`;
  });
}

function ownersOf(
  { uid, gid }: Entry,
  { userNames, groupNames }: Look,
): { readonly user: string; readonly group: string } {
  return { user: userNames.get(uid) ?? String(uid), group: groupNames.get(gid) ?? String(gid) };
}

function entryText(entry: Entry, look: Look): string {
  const { user, group } = ownersOf(entry, look);
  return ['leaves', entry.type, entry.mode, `${user}:${group}`, entry.target ?? ''].join(' ').trim();
}

function accountDifferences<T>(
  kind: string,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  right: Readonly<Record<string, T | null>>,
  told: (account: T) => unknown,
): readonly string[] {
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !isDeepStrictEqual(before.get(name), after.get(name)),
  );
  const expected = Object.entries(right).flatMap(([name, account]) => {
    const own = after.get(name);
    return said(`${kind} ${name}`, account === null ? undefined : told(account), own && told(own));
  });
  const extra = changed.filter((name) => !Object.hasOwn(right, name));
  return [...expected, ...extra.map((name) => `${kind} ${name}: Salt leaves it as it was, Zester does not`)];
}

/** Numbers of system accounts, and those a tool picks, depend on what else is there. */
function withoutSystemNumber(key: 'uid' | 'gid'): (account: object) => unknown {
  return (account) => {
    const { [key]: number, ...rest } = account as Record<string, unknown>;
    return Number(number) < 1000 ? rest : account;
  };
}

function packageDifferences(before: Look, after: Look, { packages }: MachineRecord): readonly string[] {
  const isThere = (look: Look, name: string) => /^.i/.test(look.packages.get(name)?.state ?? '');
  const versionOf = (name: string) => (isThere(after, name) ? after.packages.get(name)?.version : undefined);
  const expected = { ...packages.added, ...packages.changed };
  const names = new Set([...before.packages.keys(), ...after.packages.keys()]);
  const changed = [...names].filter(
    (name) =>
      isThere(before, name) !== isThere(after, name) ||
      before.packages.get(name)?.version !== after.packages.get(name)?.version,
  );
  return [
    ...Object.entries(expected).flatMap(([name, version]) => said(`package ${name}`, version, versionOf(name))),
    ...packages.removed.flatMap((name) => said(`package ${name}`, undefined, versionOf(name))),
    ...Object.entries(packages.selection).flatMap(([name, state]) =>
      said(`state of package ${name}`, state, after.packages.get(name)?.state.trim()),
    ),
    ...changed
      .filter((name) => expected[name] === undefined && !packages.removed.includes(name))
      .map((name) => `package ${name}: Salt leaves it as it was, Zester ${versionOf(name) ?? 'without it'}`),
  ];
}

function mountDifferences(
  place: string,
  right: { readonly fstype: string } | null,
  { mounts }: Look,
): readonly string[] {
  const own = mounts.get(place);
  if (right === null || own === undefined || right.fstype === 'bind') {
    return said(`mount ${place}`, right === null ? 'none' : 'there', own === undefined ? 'none' : 'there');
  }
  return said(`mount ${place}`, right.fstype, own.fstype);
}

function said(what: string, right: unknown, own: unknown): readonly string[] {
  if (isDeepStrictEqual(right, own)) return [];
  return [`${what}: Salt leaves ${JSON.stringify(right) ?? 'nothing'}, Zester ${JSON.stringify(own) ?? 'nothing'}`];
}
