import { posix } from 'node:path';
import type { CompiledBlock, CompiledTemplate } from './compile.ts';
import { templateCycle, templateNotFound, typeError, undefinedError } from './errors.ts';
import { iterate } from './operators.ts';
import { Output } from './output.ts';
import { str } from './print.ts';
import type { Runtime } from './runtime.ts';
import { Scope } from './scope.ts';
import { Host, isText, Native, Undefined, type Value } from './values.ts';

/** One running template: its top-level names, its blocks, and where names of other templates are looked for. */
export class TemplateFrame {
  readonly runtime: Runtime;
  readonly template: CompiledTemplate;
  /** The folder that `./x` and `../x` start from. */
  readonly folder: string;
  readonly root: Scope;
  /** Top-level names that importers do not get, because they were imported themselves. */
  readonly hidden = new Set<string>();
  /** Each block's definitions, the most derived first. */
  readonly blocks = new Map<string, CompiledBlock[]>();
  /** Set by `extends`: what is written outside of blocks is dropped, and this is rendered instead. */
  parent: CompiledTemplate | undefined;

  constructor({ runtime, template, folder, names }: FrameInput) {
    this.runtime = runtime;
    this.template = template;
    this.folder = folder;
    this.root = new Scope(this, new Scope(this, undefined, names));
    names.set('self', new BlockTable(this));
    this.addBlocks(template);
  }

  addBlocks(template: CompiledTemplate): void {
    for (const [name, block] of template.blocks) {
      const known = this.blocks.get(name);
      if (known === undefined) this.blocks.set(name, [block]);
      else known.push(block);
    }
  }

  /** Renders the template, and the templates it extends, into `out`. */
  run(out: Output): void {
    let template: CompiledTemplate | undefined = this.template;
    const extended = new Set<CompiledTemplate>();
    while (template !== undefined) {
      if (extended.has(template)) throw templateCycle('extends', template.source.path);
      extended.add(template);
      this.parent = undefined;
      out.muted = false;
      template.body(this.root, out);
      template = this.parent;
    }
    out.muted = false;
  }

  /** Writes a block's definition number `level`, counted from the most derived. */
  writeBlock(name: string, { level, scope, out }: { level: number; scope: Scope; out: Output }): void {
    const block = this.blocks.get(name)?.[level];
    if (block === undefined) {
      throw typeError(
        `there is no parent block called '${name}'.`,
        'Remove "super()", or extend a template with the block',
      );
    }
    if (block.statement.required && level === 0) {
      throw typeError(
        `Required block '${name}' not found`,
        `Write "{% block ${name} %}" in the file that extends this one`,
      );
    }
    const inner = new Scope(this, block.statement.scoped ? scope : this.root);
    inner.names.set('super', new Native('super', () => this.blockText(name, level + 1, inner)));
    block.body(inner, out);
  }

  blockText(name: string, level: number, scope: Scope): string {
    return this.runtime.deeper(() => {
      const out = new Output(this.runtime);
      this.writeBlock(name, { level, scope, out });
      const text = out.text();
      this.runtime.remember(text, out.pieces);
      return text;
    });
  }

  /** Names an importer can take. */
  exported(): string[] {
    return [...this.root.names.keys()].filter((name) => !name.startsWith('_') && !this.hidden.has(name));
  }
}

/** `self`: every block of the template as a function that renders it. */
class BlockTable extends Host {
  readonly typeName = 'TemplateReference';
  readonly #frame: TemplateFrame;

  constructor(frame: TemplateFrame) {
    super();
    this.#frame = frame;
  }

  override attribute(name: string): Value | undefined {
    if (!this.#frame.blocks.has(name)) return undefined;
    return new Native(name, () => this.#frame.blockText(name, 0, this.#frame.root));
  }
}

export interface FrameInput {
  readonly runtime: Runtime;
  readonly template: CompiledTemplate;
  readonly folder: string;
  /** The context: what the template sees besides the globals. */
  readonly names: Map<string, Value>;
}

/** An imported template: its top-level names are attributes, and as text it is what it wrote. */
export class Module extends Host {
  readonly typeName = 'TemplateModule';
  readonly frame: TemplateFrame;
  readonly text: string;

  constructor(frame: TemplateFrame, text: string) {
    super();
    this.frame = frame;
    this.text = text;
  }

  override attribute(name: string): Value | undefined {
    return this.frame.exported().includes(name) ? this.frame.root.names.get(name) : undefined;
  }

  override attributes(): Iterable<string> {
    return this.frame.exported();
  }

  override print(): string {
    return this.text;
  }

  /** A name for `from … import`, undefined (the template kind) when it is not exported. */
  exportedName(name: string): Value {
    const value = this.attribute(name);
    if (value !== undefined) return value;
    const { path } = this.frame.template.source;
    const reason = `the template '${path}' does not export the requested name '${name}'`;
    return new Undefined(name, () =>
      undefinedError(name, reason, { candidates: this.frame.exported(), hint: `Define it in ${path}` }),
    );
  }
}

/** The frame of the template an import, include or extends names. Throws TEMPLATE_NOT_FOUND. */
export function loadTemplate(scope: Scope, name: Value): { template: CompiledTemplate; folder: string; file: string } {
  if (name instanceof Undefined) throw name.error();
  const names = isText(name) ? [name] : [...iterate(name)];
  for (const each of names) {
    if (!isText(each))
      throw typeError('the name of a template is a text, or a list of them', 'Write the path in quotes');
    const written = str(each);
    const relative = /^\.\.?(?:\/|$)/.test(written);
    const path = relative ? posix.normalize(posix.join(scope.frame.folder, written)) : posix.normalize(written);
    const inside = path !== '..' && !path.startsWith('../') && !path.startsWith('/');
    const template = inside ? scope.frame.runtime.host.template(path) : undefined;
    // A template reached by a relative path keeps the folder of the one that named it, as Salt has it.
    if (template !== undefined) {
      return { template, folder: relative ? scope.frame.folder : posix.dirname(path), file: relative ? written : path };
    }
  }
  throw templateNotFound(names.map(str).join('", "'), scope.frame.runtime.host.paths());
}

/** Runs a template for its names. Without context it sees the globals only, and is run once per rendering. */
export function importTemplate(scope: Scope, name: Value, withContext: boolean): Module {
  const { runtime } = scope.frame;
  const { template, folder, file } = loadTemplate(scope, name);
  const key = `${folder}\n${file}`;
  const known = withContext ? undefined : runtime.modules.get(key);
  // It sees the same every time, so it would ask for itself for ever.
  if (known === 'unfinished') throw templateCycle('imports', template.source.path);
  if (known !== undefined) return known;
  if (!withContext) runtime.modules.set(key, 'unfinished');
  const names = withContext ? scope.snapshot() : templateNames(folder, file);
  const frame = new TemplateFrame({ runtime, template, folder, names });
  const out = new Output(runtime);
  runtime.deeper(() => frame.run(out));
  const text = out.text();
  runtime.remember(text, out.pieces);
  const module = new Module(frame, text);
  if (!withContext) runtime.modules.set(key, module);
  return module;
}

/** Writes a template into another one's output. */
export function includeTemplate(
  scope: Scope,
  { name, withContext, out }: { name: Value; withContext: boolean; out: Output },
): void {
  const { runtime } = scope.frame;
  const { template, folder, file } = loadTemplate(scope, name);
  const names = withContext ? scope.snapshot() : templateNames(folder, file);
  runtime.deeper(() => new TemplateFrame({ runtime, template, folder, names }).run(out));
}

function templateNames(folder: string, file: string): Map<string, Value> {
  return new Map<string, Value>([
    ['tplfile', file],
    ['tpldir', folder === '' ? '.' : folder],
    ['tpldot', folder === '.' ? '' : folder.replaceAll('/', '.')],
  ]);
}
