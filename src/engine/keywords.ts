/** Requisites that make a step wait for, or depend on, another. In the order Salt looks at them. */
export const requisiteKinds = [
  'require',
  'require_any',
  'watch',
  'watch_any',
  'prereq',
  'onfail',
  'onfail_any',
  'onfail_all',
  'onchanges',
  'onchanges_any',
] as const;
export type RequisiteKind = (typeof requisiteKinds)[number];

/** Written on the other side: `require_in` on A gives its target a `require` on A. `listen_in` is read by the listeners. */
export const inKinds = ['require_in', 'watch_in', 'onfail_in', 'onchanges_in', 'prereq_in'] as const;
export type InKind = (typeof inKinds)[number];

/** Lists of references: an `extend` appends to them instead of replacing them. */
export const appendedKeywords: ReadonlySet<string> = new Set([...requisiteKinds, 'prerequired', 'listen']);

/** Everything whose value is a list of references. */
export const referenceKeywords: ReadonlySet<string> = new Set([
  ...requisiteKinds,
  ...inKinds,
  'listen',
  'listen_in',
  'use',
  'use_in',
]);

/** What the engine itself reads of a state's arguments; a module gets them only when its schema has them too. */
export const engineKeywords: ReadonlySet<string> = new Set([
  ...referenceKeywords,
  'prerequired',
  'onfail_stop',
  'names',
  'order',
  'failhard',
  'retry',
  'parallel',
  'onlyif',
  'unless',
  'creates',
  'check_cmd',
  'cmd_opts_exclude',
  'runas',
  'runas_password',
  'umask',
  'timeout',
  'fire_event',
  'reload_modules',
  'reload_grains',
  'reload_pillar',
  'saltenv',
  'aggregate',
  'provider',
  'state',
  'fun',
]);
