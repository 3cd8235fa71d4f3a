import { isError, type ZesterError } from '#base/errors.ts';
import { type Environments, readText, refsOf, type Tree } from '#engine/tree.ts';
import type { Registry } from '#kit/function.ts';
import { type Compiled, createProfileCompiler, outcome } from './compile/compiler.ts';
import { type Managed, managedTemplates, renderManaged } from './compile/managed.ts';
import { refOfPath } from './compile/ref.ts';
import { readSettings } from './compile/settings.ts';
import { isStateLike, isTopLike } from './compile/state-like.ts';
import { type CompiledTree, compileTree, reachable, refOf, sourcesOf } from './compile/tree.ts';
import type { Watched } from './compile/watching.ts';
import type { Profile } from './profiles.ts';
import { filesMeant, ownPlace, type TemplateUse, usesOf } from './template/paths.ts';
import { isWithoutJinja, readTemplate, type Template } from './template/template.ts';

/** A tree as rules look at it: its templates parsed, its references compiled for each machine. */
export interface Survey {
  readonly of: 'states' | 'settings';
  readonly tree: Tree;
  readonly paths: readonly string[];
  readonly registry: Registry;
  readonly profiles: readonly Profile[];
  readonly templates: readonly Template[];
  readonly syntaxErrors: readonly ZesterError[];
  readonly machines: readonly Machine[];
  textOf(path: string): string;
  templateAt(path: string): Template | undefined;
  /** Which templates use which, by what they say. */
  readonly uses: readonly Use[];
}

export interface Machine
  extends Pick<CompiledTree, 'profile' | 'single' | 'together' | 'top' | 'topRead' | 'listed' | 'given'> {
  readonly watched: Watched;
  /** All that was compiled or rendered for it. */
  readonly compiled: readonly Compiled[];
  /** Files that are installed as templates. */
  readonly managed: readonly Managed[];
  /** Of a tree of settings: what it is given. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Use extends TemplateUse {
  readonly user: Template;
  /** The files it may mean. */
  readonly files: readonly string[];
}

export interface SurveyOptions {
  readonly tree: Tree;
  /** Trees of further environments, which are not judged themselves. */
  readonly environments?: Readonly<Record<string, Tree>> | undefined;
  /** Settings of each machine by its name; nothing when nobody said. */
  readonly settings?: ((profile: Profile) => Readonly<Record<string, unknown>>) | undefined;
  readonly profiles: readonly Profile[];
  readonly registry: Registry;
}

export function surveyStates({ tree, environments = {}, settings, profiles, registry }: SurveyOptions): Survey {
  const shelf = new TemplateShelf(tree);
  for (const path of shelf.paths) if (isStateFile(path) || isTemplateFile(path)) shelf.add(path);
  const all: Environments = new Map([['base', tree], ...Object.entries(environments)]);
  const templateAt = (path: string) => shelf.find(path);
  const compilers = profiles.map((profile) =>
    createProfileCompiler({ profile, environments: all, registry, settings: settings?.(profile), templateAt }),
  );
  const compiledTrees = compilers.map((compiler) => compileTree(compiler, { environments: all, tree }));
  const refs = new Set(refsOf(tree));
  const trees = reachable(
    compiledTrees,
    (document) => isStateLike(document, registry) || !(shelf.isData(document.source.path) || isTopLike(document, refs)),
  );
  const machines = compilers.flatMap((compiler, index): Machine[] => {
    const compiled = trees[index];
    if (compiled === undefined) return [];
    const runs = [...compiled.single, ...compiled.together];
    const managed = managedTemplates(runs, tree);
    for (const { path } of managed) shelf.add(path);
    const all = [...runs, compiled.topRead, ...renderManaged(compiler, managed, tree)];
    return [{ ...compiled, watched: compiler.watched, compiled: all, managed, settings: {} }];
  });
  return { of: 'states', tree, registry, profiles, machines, ...shelf.contents() };
}

/** A tree of settings, and what it gives each machine. */
export function surveySettings({ tree, profiles, registry }: Omit<SurveyOptions, 'settings'>): Survey {
  const shelf = new TemplateShelf(tree);
  for (const path of shelf.paths) if (isStateFile(path) || isTemplateFile(path)) shelf.add(path);
  const machines = profiles.map((profile): Machine => {
    const read = readSettings({ profile, tree, registry, templateAt: (path) => shelf.find(path) });
    const { watched, listed, errors, sources, data } = read;
    const topRead = outcome(profile, [...sourcesOf(['top'], tree), ...sources], errors);
    const compiled = [topRead];
    const given = new Set(sources.map(({ ref }) => ref));
    return {
      profile,
      watched,
      compiled,
      topRead,
      single: [],
      together: [],
      top: [],
      listed,
      given,
      managed: [],
      settings: data,
    };
  });
  return { of: 'settings', tree, registry, profiles, machines, ...shelf.contents() };
}

export function isStateFile(path: string): boolean {
  return /\.(zy|sls)$/.test(path);
}

/** Whether a machine comes by a file: it is given it, or something that it is given includes it. */
export function comesBy({ compiled, single }: Machine, path: string): boolean {
  if (!isStateFile(path) || single.some((each) => refOf(each) === refOfPath(path))) return true;
  return compiled.some(({ documents }) => documents.some(({ source }) => source.path === path));
}

function isTemplateFile(path: string): boolean {
  return /\.(jinja2?|j2)$/.test(path);
}

/** Templates by path, each parsed once, with those that they name. */
class TemplateShelf {
  readonly paths: readonly string[];
  readonly #tree: Tree;
  readonly #texts = new Map<string, string>();
  readonly #templates = new Map<string, Template | undefined>();
  readonly #uses: Use[] = [];
  readonly #errors: ZesterError[] = [];

  constructor(tree: Tree) {
    this.#tree = tree;
    this.paths = [...tree.list('')].sort();
  }

  find(path: string): Template | undefined {
    return this.#templates.get(path);
  }

  /** Whether a file that declares no states may be meant to: other data lies in folders of its own, or is imported. */
  isData(path: string): boolean {
    return (
      /(?:^|\/)(?:_[^/]*|tests?|pillars?|settings|examples?)\//.test(path) ||
      this.#uses.some(({ files }) => files.includes(path))
    );
  }

  add(path: string): void {
    if (this.#templates.has(path)) return;
    this.#templates.set(path, undefined);
    const text = this.#textOf(path);
    if (isStateFile(path) && isWithoutJinja(text)) return;
    const template = this.#read(path, text);
    if (template === undefined) return;
    this.#templates.set(path, template);
    const known = isStateFile(path) ? ownPlace(path) : new Map<string, string>();
    for (const use of usesOf(template, known)) {
      const files = filesMeant(use, this.paths);
      this.#uses.push({ ...use, user: template, files });
      if (use.isExact) for (const each of files) this.add(each);
    }
  }

  contents(): Pick<Survey, 'paths' | 'templates' | 'templateAt' | 'textOf' | 'uses' | 'syntaxErrors'> {
    return {
      paths: this.paths,
      templates: [...this.#templates.values()].filter((each) => each !== undefined),
      templateAt: (path) => this.find(path),
      textOf: (path) => this.#textOf(path),
      uses: this.#uses,
      syntaxErrors: this.#errors,
    };
  }

  #read(path: string, text: string): Template | undefined {
    try {
      return readTemplate(path, text);
    } catch (thrown) {
      if (!isError(thrown)) throw thrown;
      this.#errors.push(thrown);
      return undefined;
    }
  }

  #textOf(path: string): string {
    const known = this.#texts.get(path) ?? readText(this.#tree, path) ?? '';
    this.#texts.set(path, known);
    return known;
  }
}
