import { fromPlain } from './from-plain.ts';
import { dataFunctions } from './functions/data.ts';
import { callFailed, FunctionTable } from './functions/function-table.ts';
import { nativeFunctions } from './functions/natives.ts';
import { pureFunctions } from './functions/pure.ts';
import { builtinGlobals } from './jinja/globals.ts';
import type { Runtime } from './jinja/runtime.ts';
import { type Arguments, Dict, type Value } from './jinja/values.ts';
import type { RenderInput, Scope } from './render.ts';
import { type Plain, plain } from './yaml.ts';

const builtins = builtinGlobals();

/** The names every template of one rendering sees. `runtime` is asked for late: it needs these names to begin. */
export function templateGlobals(
  { path, sls, scope, context }: RenderInput,
  runtime: () => Runtime,
): Map<string, Value> {
  const facts = asDict(fromPlain(scope.facts));
  const grains = scope.grains === undefined ? facts : asDict(fromPlain(scope.grains));
  // Settings keep their order, as they do in Salt; the map that holds them all is a plain one there.
  const settings = asDict(fromPlain(scope.settings, { ordered: true, plainRoot: true }));
  const options = templateOptions(scope);
  const data = { facts, grains, settings, options, id: scope.id };
  const own = { ...pureFunctions((level, message) => scope.log?.(level, message)), ...dataFunctions(data) };
  const table = new FunctionTable({
    own,
    call: scope.call && outside(scope, runtime),
    has: scope.has?.bind(scope),
    names: scope.names?.bind(scope),
  });
  const names = new Map<string, Value>(builtins);
  for (const each of nativeFunctions(data, table)) names.set(each.name, each);
  names.set('facts', facts);
  names.set('grains', grains);
  for (const name of ['settings', 'pillar']) names.set(name, settings);
  for (const name of ['zester', 'salt']) names.set(name, table);
  names.set('opts', options);
  names.set('saltenv', scope.saltenv ?? 'base');
  for (const [name, value] of pathNames(path, sls)) names.set(name, value);
  for (const [name, value] of Object.entries(context ?? {})) names.set(name, fromPlain(value, { ordered: true }));
  return names;
}

function asDict(value: Value): Dict {
  return value instanceof Dict ? value : new Dict();
}

function templateOptions({ options, id, saltenv, test }: Scope): Dict {
  const dict = asDict(fromPlain(options));
  if (!dict.has('id')) dict.set('id', id);
  if (!dict.has('test')) dict.set('test', test ?? false);
  if (!dict.has('saltenv')) dict.set('saltenv', saltenv ?? null);
  if (!dict.has('file_client')) dict.set('file_client', 'remote');
  return dict;
}

function outside(scope: Scope, runtime: () => Runtime): (name: string, args: Arguments) => Value {
  return (name, { positional, named }) => {
    const args = positional.map((value) => plain(value));
    const kwargs: Record<string, Plain> = Object.fromEntries([...named].map(([key, value]) => [key, plain(value)]));
    return runtime().outside(() => {
      try {
        return fromPlain(scope.call?.(name, args, kwargs));
      } catch (thrown) {
        throw callFailed(name, thrown);
      }
    });
  };
}

/** Names that tell a template where it is: `tpldir`, `slspath`, … A file in the root is in ".". */
function pathNames(path: string, sls: string | undefined): Map<string, Value> {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const names = new Map<string, Value>([
    ['tplpath', path],
    ['tplfile', path],
    ['tpldir', folder === '' ? '.' : folder],
    ['tpldot', folder.replaceAll('/', '.')],
    ['slspath', folder],
    ['slsdotpath', folder.replaceAll('/', '.')],
    ['slscolonpath', folder.replaceAll('/', ':')],
    ['sls_path', folder.replaceAll('/', '_')],
  ]);
  if (sls !== undefined) names.set('sls', sls);
  return names;
}
