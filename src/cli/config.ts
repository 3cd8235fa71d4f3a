import { homedir } from 'node:os';
import { join } from 'node:path';
import { didYouMean, ZesterError } from '#base/errors.ts';
import { flagName, type OptionValues, optionTable, type Resolved, resolveOptions, type Why } from '#base/options.ts';
import { exists, findText, readText } from './files.ts';

/** What the command line tool may be told about where the masters are, and who is asking. */
export const cliOptions = optionTable([
  {
    key: 'servers',
    summary: 'NATS servers, tried in turn',
    type: 'list',
    default: ['tls://localhost:4222'],
    env: 'NATS_URL',
    flag: 'server',
    restart: false,
    formerly: ['nats_url', 'master.urls'],
  },
  {
    key: 'creds',
    summary: 'File with the operator’s NATS credentials',
    type: 'string',
    env: 'ZESTER_CREDS',
    restart: false,
  },
  {
    key: 'ca',
    summary: 'File with the CA certificate that issued the NATS servers’',
    type: 'string',
    env: 'NATS_CA_FILE',
    restart: false,
    formerly: ['nats_ca'],
  },
  {
    key: 'timeout',
    summary: 'How long a job may take unless --timeout says otherwise',
    type: 'duration',
    env: 'ZESTER_TIMEOUT',
    flag: false,
    restart: false,
  },
  {
    key: 'context',
    summary: 'The context that counts, of those that are under "contexts"',
    type: 'string',
    env: 'ZESTER_CONTEXT',
    restart: false,
  },
  {
    key: 'contexts',
    summary: 'Several environments by name, each with its own servers, creds, ca and timeout',
    type: 'map',
    flag: false,
    restart: false,
  },
]);

export interface Config {
  readonly values: OptionValues<typeof cliOptions>;
  readonly why: readonly Why[];
  /** The file that was read, if any. */
  readonly file: string | undefined;
  readonly context: string | undefined;
  readonly warnings: readonly string[];
}

export interface ConfigSources {
  /** Of `--config`, `--server`, `--creds`, `--ca`, `--context`. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the conventional files are: other places in tests. */
  readonly home?: string;
  readonly system?: string;
}

const masterFile = 'master.yaml';

/**
 * Looks in `--config`, then the master's own file, then `~/.zester/config.yaml`. A master's file is read for what
 * it says about the bus, and the administrator's credentials are taken from beside its keys.
 * Throws `CONTEXT_UNKNOWN` and what reading options throws.
 */
export async function loadConfig({
  flags,
  environment,
  home = homedir(),
  system = '/etc/zester',
}: ConfigSources): Promise<Config> {
  const asked = flags.get('config')?.at(-1) ?? environment.ZESTER_CONFIG;
  const names = new Set(cliOptions.filter((option) => !('flag' in option) || option.flag !== false).map(flagName));
  const own = new Map([...flags].filter(([name]) => names.has(name)));
  const wantsContext = own.has('context') || Boolean(environment.ZESTER_CONTEXT);
  const file = findFile({ asked, home, system, wantsContext });
  const daemon = file?.path.endsWith(masterFile) ? await daemonDefaults(file.text) : undefined;
  const sources = { environment, flags: own };

  const resolved = await resolveOptions(cliOptions, daemon || !file ? sources : { ...sources, file });
  const inContext = file && !daemon ? await applyContext(resolved, file) : resolved;
  const withDaemon = daemon ? fallBack(inContext, daemon, file?.path ?? '') : inContext;
  const final = fallBack(withDaemon, conventions(daemon?.authDir ?? '/var/lib/zester/auth'), 'convention');
  return { ...final, file: file?.path, context: resolved.values.context };
}

/** The contexts of a person's file, whichever of them counts. */
export interface Contexts {
  /** Where they are, or would be. */
  readonly file: string;
  readonly contexts: Readonly<Record<string, unknown>>;
  /** The one that is asked for: by flag, variable, or in the file. */
  readonly current: string | undefined;
  /** A master's own file, which counts as long as no flag or variable names a context. */
  readonly overruledBy: string | undefined;
}

/** What `zester context` works on. The one that is asked for need not be there. Throws what reading options throws. */
export async function loadContexts({
  flags,
  environment,
  home = homedir(),
  system = '/etc/zester',
}: ConfigSources): Promise<Contexts> {
  const asked = flags.get('config')?.at(-1) ?? environment.ZESTER_CONFIG;
  const path = asked ?? join(home, '.zester', 'config.yaml');
  const text = findText(path);
  const own = new Map([...flags].filter(([name]) => name === 'context'));
  const file = text === undefined ? {} : { file: { path, text } };
  const { values, why } = await resolveOptions(cliOptions, { ...file, environment, flags: own });
  const saidBy = why.find(({ key }) => key === 'context')?.source;
  const isOverruled = asked === undefined && saidBy !== 'flag' && saidBy !== 'environment';
  const ofMaster = join(system, masterFile);
  return {
    file: path,
    contexts: values.contexts ?? {},
    current: values.context,
    overruledBy: isOverruled && exists(ofMaster) ? ofMaster : undefined,
  };
}

function findFile({
  asked,
  home,
  system,
  wantsContext,
}: {
  asked: string | undefined;
  home: string;
  system: string;
  wantsContext: boolean;
}): { readonly path: string; readonly text: string } | undefined {
  if (asked !== undefined)
    return { path: asked, text: readText(asked, { hint: 'Check the path given with --config' }) };
  const personal = join(home, '.zester', 'config.yaml');
  // Contexts live in a person's own file only: asking for one passes the master's file by.
  for (const path of wantsContext ? [personal] : [join(system, masterFile), personal]) {
    const text = findText(path);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

interface Fallback {
  readonly servers?: readonly string[] | undefined;
  readonly creds?: string | undefined;
  readonly ca?: string | undefined;
}

/** What a master's file says about the bus; its other keys are the master's own business. */
async function daemonDefaults(text: string): Promise<Fallback & { readonly authDir: string }> {
  const { parse } = await import('yaml');
  const parsed: unknown = parse(text);
  const keys = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Readonly<Record<string, unknown>>;
  const first = (...names: string[]) =>
    names.map((name) => keys[name]).find((each) => each !== undefined && each !== '');
  const servers = first('servers', 'nats_urls', 'nats_url');
  const ca = first('ca', 'nats_ca');
  return {
    authDir: String(first('auth_dir') ?? '/var/lib/zester/auth'),
    ...(servers === undefined ? {} : { servers: [servers].flat().map(String) }),
    ...(ca === undefined ? {} : { ca: String(ca) }),
  };
}

function conventions(authDir: string): Fallback {
  const creds = join(authDir, 'admin.creds');
  const ca = join(authDir, 'nats-ca.crt');
  return { ...(exists(creds) ? { creds } : {}), ...(exists(ca) ? { ca } : {}) };
}

type CliResolved = Resolved<typeof cliOptions>;

/** Fills what nothing else has said. */
function fallBack(resolved: CliResolved, fallback: Fallback, from: string): CliResolved {
  const taken = (key: string, source: string) => {
    const value = fallback[key as keyof Fallback];
    return (source === 'default' || source === 'unset') && value !== undefined ? value : undefined;
  };
  const why = resolved.why.map((each): Why => {
    const value = taken(each.key, each.source);
    return value === undefined ? each : { ...each, value, source: 'file', from };
  });
  const values = Object.fromEntries(why.map(({ key, value }) => [key, value]));
  return { ...resolved, values: values as CliResolved['values'], why };
}

/** A context's values count as the file's: variables and flags still win. */
async function applyContext(
  resolved: CliResolved,
  file: { readonly path: string; readonly text: string },
): Promise<CliResolved> {
  const { context, contexts = {} } = resolved.values;
  if (context === undefined) return resolved;
  const chosen = contexts[context];
  if (chosen === undefined) {
    throw new ZesterError('usage', 'CONTEXT_UNKNOWN', `Cannot use the context "${context}": "${file.path}" has none`, {
      hint: didYouMean(context, Object.keys(contexts)) ?? `It has ${Object.keys(contexts).join(', ') || 'no contexts'}`,
    });
  }
  const table = cliOptions.filter(({ key }) => key !== 'context' && key !== 'contexts');
  const { stringify } = await import('yaml');
  const inner = await resolveOptions(table, { file: { path: `${file.path} (${context})`, text: stringify(chosen) } });
  const said = new Map(inner.why.filter(({ source }) => source === 'file').map((each) => [each.key, each]));
  const why = resolved.why.map((each) =>
    each.source === 'flag' || each.source === 'environment' ? each : (said.get(each.key) ?? each),
  );
  const values = Object.fromEntries(why.map(({ key, value }) => [key, value]));
  return {
    ...resolved,
    values: values as CliResolved['values'],
    why,
    warnings: [...resolved.warnings, ...inner.warnings],
  };
}
