import { didYouMean, type Place, ZesterError } from '#base/errors.ts';
import { templateGlobals } from './globals.ts';
import { type CompiledTemplate, compileTemplate, type Entered } from './jinja/compile.ts';
import { defaultLimits, type Limits } from './jinja/limits.ts';
import { truthy } from './jinja/operators.ts';
import { Output } from './jinja/output.ts';
import { Runtime } from './jinja/runtime.ts';
import { TemplateFrame } from './jinja/template.ts';
import { parseJsonDocument } from './json-document.ts';
import { Source } from './source.ts';
import { identityMap, type SourceMap, sourceMap } from './source-map.ts';
import { parseTomlDocument } from './toml.ts';
import { type Node, parseYaml } from './yaml.ts';

export { fromPlain } from './from-plain.ts';
export type { Limits } from './jinja/limits.ts';
export { Dict, Float, type Value } from './jinja/values.ts';
export type { SourceMap } from './source-map.ts';
export {
  dumpYaml,
  type Entry,
  type ListNode,
  type MapNode,
  type Node,
  type Plain,
  plain,
  type Scalar,
  type ScalarNode,
  toValue,
} from './yaml.ts';
export type { Place };

/** What the templates of one peel may see. Plain JavaScript data (objects, maps, arrays, primitives), converted as it is read. */
export interface Scope {
  readonly facts: unknown;
  /** The same under Salt's names and values, for `grains`; `facts` when left out. */
  readonly grains?: unknown;
  readonly settings: unknown;
  readonly options?: unknown;
  /** The peel's id. */
  readonly id: string;
  readonly saltenv?: string;
  /** True while a plan is rendered: functions with effects refuse themselves, in `call`. */
  readonly test?: boolean;
  /**
   * Runs a function that needs more than this data (`cmd.run`, `basket.get`, …), synchronously. Arguments are plain values.
   * A ZesterError it throws keeps its family and code, and gains the place of the call.
   */
  call?(name: string, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): unknown;
  /** Whether `call` knows a function; without it every name is tried. Decides `'cmd.run' in salt`. */
  has?(name: string): boolean;
  /** What `call` knows, to name the nearest when a function is unknown. */
  names?(): Iterable<string>;
  /** Hears what templates log with `salt['log.debug'](…)`. */
  log?(level: string, message: string): void;
}

export interface RenderInput {
  /** Path in the tree, such as `web/init.sls`; every place names it. */
  readonly path: string;
  readonly text: string;
  /** The dotted name the file is applied under, such as `web` or `web.config`. */
  readonly sls?: string;
  readonly scope: Scope;
  /** Further top-level names: `context` and `defaults` of a managed file, the event of a reaction. */
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface RenderedText {
  readonly text: string;
  readonly map: SourceMap;
}

export interface RendererOptions {
  /** A file of the tree by its path from the root (`web/map.jinja`), or undefined when there is none. */
  read(path: string): string | undefined;
  /** Every path of the tree: what is not found is likely one of them misspelled. */
  paths?(): readonly string[];
  readonly limits?: Partial<Limits>;
  /** Milliseconds on a clock, for the time limit. */
  readonly now?: () => number;
  /** Hears that a template asks what may be otherwise next time (chance, the clock): what it makes is not to be remembered. */
  readonly volatile?: () => void;
  /** Hears which parts of templates run: for those who judge a template, not for those who use one. */
  readonly entered?: Entered;
}

export interface Renderer {
  /**
   * The text after every step up to the data format: of a file without a `#!` line, what Jinja makes of it. Without `sls`
   * the input is no state file but, say, a managed file, and a `#!` line is part of its text.
   */
  renderText(input: RenderInput): RenderedText;
  /**
   * The document a state file, settings file or reaction file means. An empty one is an empty map; the top level need
   * not be a map otherwise.
   */
  renderDocument(input: RenderInput): Node;
}

/** A renderer compiles each template once, and again only when its text has changed. */
export function createRenderer({
  read,
  paths = () => [],
  limits,
  now = () => performance.now(),
  volatile = () => {},
  entered,
}: RendererOptions): Renderer {
  const templates = new TemplateCache(entered);
  const allLimits = { ...defaultLimits, ...limits };

  const jinja = (input: RenderInput, source: Source): RenderedText => {
    const template = templates.get(source);
    const globals = templateGlobals(input, () => runtime);
    const find = (path: string): CompiledTemplate | undefined => {
      const text = read(path);
      return text === undefined ? undefined : templates.get(templateSource(path, text));
    };
    const runtime: Runtime = new Runtime({ template: find, paths, globals, limits: allLimits, now, volatile });
    const folder = input.path.includes('/') ? input.path.slice(0, input.path.lastIndexOf('/')) : '.';
    const out = new Output(runtime);
    try {
      new TemplateFrame({ runtime, template, folder, names: new Map() }).run(out);
    } catch (thrown) {
      throw runtime.located(thrown);
    }
    // Jinja drops the line break that ends a file; a state file keeps it.
    const text = out.text() + (input.text.endsWith('\n') ? '\n' : '');
    return { text, map: sourceMap(text, out.pieces, input.path) };
  };

  const text = (input: RenderInput, isDocument: boolean): RenderedText & { format: Format } => {
    const { steps, body } = input.sls === undefined && !isDocument ? plainJinja(input) : readPipeline(input);
    const format = steps.find(isFormat) ?? 'text';
    if (!steps.includes('jinja')) {
      const source = new Source(input.path, body);
      return { text: body, map: identityMap(source), format };
    }
    return { ...jinja({ ...input, text: body }, templateSource(input.path, body)), format };
  };

  return {
    renderText: (input) => text(input, false),
    renderDocument: (input) => {
      const rendered = text(input, true);
      return parseFormat(rendered.format, rendered);
    },
  };
}

/** Compiled templates by path; a text that changed is compiled anew. */
class TemplateCache {
  readonly #byPath = new Map<string, CompiledTemplate>();
  readonly #entered: Entered | undefined;

  constructor(entered: Entered | undefined) {
    this.#entered = entered;
  }

  get(source: Source): CompiledTemplate {
    const known = this.#byPath.get(source.path);
    if (known?.source.text === source.text) return known;
    const compiled = compileTemplate(source, this.#entered);
    this.#byPath.set(source.path, compiled);
    return compiled;
  }
}

function templateSource(path: string, text: string): Source {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  return new Source(path, lines.endsWith('\n') ? lines.slice(0, -1) : lines);
}

type Format = 'yaml' | 'json' | 'toml' | 'text';
type Step = 'jinja' | Format;

const supported: readonly Step[] = ['jinja', 'yaml', 'json', 'toml', 'text'];

function isFormat(step: Step): step is Format {
  return step !== 'jinja';
}

function plainJinja({ text }: RenderInput): { steps: readonly Step[]; body: string } {
  return { steps: ['jinja'], body: text };
}

/**
 * The steps of a `#!jinja|yaml` line and the text below it, whose first line is left empty so that places stay right.
 * A file without the line is Jinja, then YAML. Throws RENDERER_UNSUPPORTED and RENDERER_UNKNOWN.
 */
export function readPipeline({ path, text }: Pick<RenderInput, 'path' | 'text'>): {
  steps: readonly Step[];
  body: string;
} {
  const shebang = /^#!\s*([^/\s][^\n]*)/.exec(text);
  if (shebang === null) return { steps: ['jinja', 'yaml'], body: text };
  const [line, written = ''] = shebang;
  const begin = line.length - written.length + 1;
  const steps = [...written.matchAll(/[^|]+/g)].flatMap(({ 0: part, index }) => {
    const column = begin + index + part.search(/\S|$/);
    return readStep(part.trim().split(/\s+/)[0] ?? '', { file: path, line: 1, column });
  });
  return { steps, body: text.slice(shebang[0].length) };
}

const elsewhere: Readonly<Record<string, string>> = {
  py: 'Write the file with Jinja and YAML: docs/guide/from-salt.md shows how',
  pyobjects: 'Write the file with Jinja and YAML: docs/guide/from-salt.md shows how',
  pydsl: 'Write the file with Jinja and YAML: docs/guide/from-salt.md shows how',
  mako: 'Write the file with Jinja: "#!jinja|yaml"',
  genshi: 'Write the file with Jinja: "#!jinja|yaml"',
  wempy: 'Write the file with Jinja: "#!jinja|yaml"',
  cheetah: 'Write the file with Jinja: "#!jinja|yaml"',
  stateconf: 'Write the file with "#!jinja|yaml" and name the parts it sets yourself',
  gpg: 'Decrypt the values, and keep them out of the tree: a job may carry them with "pillar"',
  hjson: 'Write the file as YAML or JSON',
  json5: 'Write the file as YAML or JSON',
  yamlex: 'Write the file as YAML',
};

function readStep(name: string, at: Place): Step[] {
  if (name === 'yaml_jinja' || name === 'jinja_yaml') return ['jinja', 'yaml'];
  if (name === 'json_jinja') return ['jinja', 'json'];
  const step = supported.find((each) => each === name);
  if (step !== undefined) return [step];
  const hint = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (hint !== undefined) {
    throw new ZesterError(
      'source',
      'RENDERER_UNSUPPORTED',
      `Cannot render "${at.file}": Zester has no renderer "${name}"`,
      { at, hint },
    );
  }
  throw new ZesterError('source', 'RENDERER_UNKNOWN', `Cannot render "${at.file}": "${name}" is no renderer`, {
    at,
    hint: didYouMean(name, supported) ?? `Use ${supported.map((each) => `"${each}"`).join(', ')}`,
  });
}

const parsers: Readonly<Record<Exclude<Format, 'text'>, (text: string, map: SourceMap) => Node>> = {
  yaml: parseYaml,
  json: parseJsonDocument,
  toml: parseTomlDocument,
};

function parseFormat(format: Format, { text, map }: RenderedText): Node {
  if (format === 'text') return { kind: 'scalar', at: map.at(0), value: text };
  const node = parsers[format](text, map);
  return isEmpty(node) ? { kind: 'map', at: node.at, entries: [] } : node;
}

// As in Salt, a document of nothing, false, zero or "" is no document.
function isEmpty(node: Node): boolean {
  if (node.kind === 'list') return node.items.length === 0;
  return node.kind === 'scalar' && !truthy(node.value);
}
