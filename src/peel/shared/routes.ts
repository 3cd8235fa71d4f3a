/** Where a request is worked on. `read` and `call` run beside each other and beside a run; runs go one at a time. */
export interface Route {
  readonly lane: 'read' | 'call' | 'run';
  /** Behind how many runs it may wait; 0 refuses at once when one is at work. */
  readonly mayWait: number;
  /** Whether it must have the machine for itself: it applies states. */
  readonly locks: boolean;
}

interface Routed {
  readonly function: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly test: boolean;
}

/**
 * A plan reads, so it waits for nobody. What is neither a function that is known to read nor one that acts is a state, or
 * applies states.
 */
export function routeOf({ function: called, args, test }: Routed): Route {
  if (callFunctions.has(called)) return { lane: 'call', mayWait: Number.POSITIVE_INFINITY, locks: false };
  const isPlan = test || readFunctions.has(called) || says(args.test, true);
  if (isPlan) return { lane: 'read', mayWait: Number.POSITIVE_INFINITY, locks: false };
  if (says(args.concurrent, true)) return { lane: 'call', mayWait: Number.POSITIVE_INFINITY, locks: false };
  return { lane: 'run', mayWait: mayWait(args.queue), locks: true };
}

function mayWait(queue: unknown): number {
  if (says(queue, false)) return 0;
  const limit = typeof queue === 'boolean' ? Number.NaN : Number.parseInt(String(queue), 10);
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}

/** A truth value as the wire may carry it: itself, or the word that was typed. */
function says(value: unknown, wanted: boolean): boolean {
  return String(value).toLowerCase() === String(wanted);
}

/**
 * Functions that change nothing, so that they need not wait behind those that do. The resident peel must not load the
 * modules to learn this; `routes.test.ts` holds the lists against them.
 */
export const readFunctions: ReadonlySet<string> = new Set([
  'cmd.has_exec',
  'cmd.which',
  'cmd.which_bin',
  'disk.percent',
  'disk.usage',
  'facts.get',
  'facts.has_value',
  'facts.item',
  'facts.items',
  'facts.keys',
  'file.basename',
  'file.check_hash',
  'file.directory_exists',
  'file.dirname',
  'file.exists',
  'file.file_exists',
  'file.get_hash',
  'file.is_link',
  'file.join',
  'file.read',
  'file.readdir',
  'file.stats',
  'grains.get',
  'grains.has_value',
  'grains.item',
  'grains.items',
  'grains.keys',
  'group.info',
  'group.list_groups',
  'job.output',
  'match.compound',
  'match.glob',
  'match.grain',
  'match.grain_pcre',
  'match.ipcidr',
  'match.list',
  'match.pcre',
  'match.pillar',
  'match.pillar_pcre',
  'network.default_route',
  'network.interfaces',
  'network.ip_addrs',
  'network.ip_addrs6',
  'network.ping',
  'pillar.get',
  'pillar.has_value',
  'pillar.item',
  'pillar.items',
  'pillar.keys',
  'pkg.latest_version',
  'pkg.list_pkgs',
  'pkg.list_upgrades',
  'pkg.version',
  'pkg.version_cmp',
  'service.available',
  'service.disabled',
  'service.enabled',
  'service.get_all',
  'service.list',
  'service.masked',
  'service.missing',
  'service.status',
  'settings.get',
  'settings.has_value',
  'settings.item',
  'settings.items',
  'settings.keys',
  'state.plan',
  'state.running',
  'state.runs',
  'state.show_highstate',
  'state.show_low_sls',
  'state.show_lowstate',
  'state.show_sls',
  'state.show_top',
  'state.test',
  'status.loadavg',
  'status.meminfo',
  'status.uptime',
  'sys.argspec',
  'sys.doc',
  'sys.list_functions',
  'sys.list_state_functions',
  'test.echo',
  'test.fail',
  'test.false',
  'test.kwarg',
  'test.ping',
  'test.true',
  'test.version',
  'user.getent',
  'user.info',
  'user.list_groups',
  'user.list_users',
  'user.primary_group',
]);

/** Functions that act, but apply no states: an operator's command must get through while a run is at work, or hangs. */
export const callFunctions: ReadonlySet<string> = new Set([
  'cmd.retcode',
  'cmd.run',
  'cmd.run_all',
  'cmd.run_stderr',
  'cmd.run_stdout',
  'cmd.script',
  'cmd.shell',
  'file.append',
  'file.mkdir',
  'file.remove',
  'file.set_mode',
  'file.write',
  'pkg.hold',
  'pkg.install',
  'pkg.purge',
  'pkg.refresh_db',
  'pkg.remove',
  'pkg.unhold',
  'pkg.upgrade',
  'service.disable',
  'service.enable',
  'service.force_reload',
  'service.mask',
  'service.reload',
  'service.restart',
  'service.start',
  'service.stop',
  'service.systemctl_reload',
  'service.unmask',
  'test.sleep',
]);
