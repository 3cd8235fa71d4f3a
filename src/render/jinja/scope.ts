import type { TemplateFrame } from './template.ts';
import { undefinedName, type Value } from './values.ts';

/** Names and their values at one place of a template; inner scopes see the outer ones. */
export class Scope {
  readonly frame: TemplateFrame;
  readonly parent: Scope | undefined;
  readonly names: Map<string, Value>;

  constructor(frame: TemplateFrame, parent: Scope | undefined, names = new Map<string, Value>()) {
    this.frame = frame;
    this.parent = parent;
    this.names = names;
  }

  find(name: string): Value | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const value = scope.names.get(name);
      if (value !== undefined) return value;
    }
    return this.frame.runtime.globals.get(name);
  }

  get(name: string): Value {
    const value = this.find(name);
    return value === undefined ? undefinedName(name, () => this.visibleNames()) : value;
  }

  set(name: string, value: Value): void {
    this.names.set(name, value);
    if (this === this.frame.root) this.frame.hidden.delete(name);
  }

  /** A copy of everything visible but the globals: what an included or imported template gets as its context. */
  snapshot(): Map<string, Value> {
    const names = new Map<string, Value>();
    const chain: Scope[] = [];
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) chain.unshift(scope);
    for (const scope of chain) for (const [name, value] of scope.names) names.set(name, value);
    return names;
  }

  visibleNames(): Set<string> {
    return new Set([...this.snapshot().keys(), ...this.frame.runtime.globals.keys()]);
  }
}
