import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '#engine/engine.ts';
import { registry } from '#modules/registry.ts';
import { folderTree } from '#tree/folder.ts';
import type { BenchOptions } from './main.ts';
import { median, rounded } from './stats.ts';

const files = 50;
const coldRuns = 5;
const edits = 20;

/**
 * From state files to a graph that is checked and in order, as every run does before it touches anything: `states` states in 50
 * templates, which share macros and a map and read `keys` settings. `cold_ms` is the first time in a process of its
 * own, its loading not counted; `incremental_ms` the next time after one file was edited.
 */
export function run({ states = '1000', keys = '1000' }: BenchOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'zester-render-'));
  try {
    const load = { folder, states: Number(states), keys: Number(keys) };
    writeTree(load);
    const runs = Array.from({ length: coldRuns }, () => measureElsewhere(load));
    return {
      states: load.states,
      keys: load.keys,
      cold_ms: rounded(median(runs.map(({ cold }) => cold)), 1),
      incremental_ms: rounded(median(runs.map(({ incremental }) => incremental)), 1),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Load {
  readonly folder: string;
  readonly states: number;
  readonly keys: number;
}

interface Measured {
  readonly cold: number;
  /** Median over all edits. */
  readonly incremental: number;
}

function measureElsewhere(load: Load): Measured {
  const out = execFileSync(process.execPath, [import.meta.filename, JSON.stringify(load)], { encoding: 'utf8' });
  return JSON.parse(out) as Measured;
}

if (import.meta.main && process.argv[2]?.startsWith('{')) {
  console.log(JSON.stringify(measure(JSON.parse(process.argv[2]) as Load)));
}

function measure({ folder, states, keys }: Load): Measured {
  const engine = createEngine({ registry, tree: folderTree(folder, { immutable: false }) });
  const facts = { id: 'web-01', os: { family: 'debian' } };
  const scope = { id: 'web-01', facts, settings: settingsOf(keys), grains: { os_family: 'Debian' } };
  const compile = (edit: number): number => {
    const startedAt = performance.now();
    const { graph } = engine.compile(['site'], { scope });
    const ms = performance.now() - startedAt;
    const edited = graph.steps.filter(({ name }) => name.endsWith(`edit-${edit}`)).length;
    if (graph.steps.length === states && edited === (edit === 0 ? states : perFile(states))) return ms;
    throw new Error(`Not what was written: ${graph.steps.length} states, ${edited} of them edited`);
  };

  const cold = compile(0);
  const incremental = Array.from({ length: edits }, (_, index) => {
    const edit = index + 1;
    const path = join(folder, 'app', `part${edit % files}.zy`);
    const written = readFileSync(path, 'utf8');
    writeFileSync(path, written.replaceAll('edit-0', `edit-${edit}`));
    const ms = compile(edit);
    writeFileSync(path, written);
    compile(0);
    return ms;
  });
  return { cold, incremental: median(incremental) };
}

function perFile(states: number): number {
  return states / files;
}

function settingsOf(keys: number): Readonly<Record<string, unknown>> {
  const all = Array.from({ length: keys }, (_, index) => [
    `key${index}`,
    { port: 8_000 + index, name: `app-${index}` },
  ]);
  return { app: Object.fromEntries(all) };
}

function writeTree({ folder, states, keys }: Load): void {
  mkdirSync(join(folder, 'app'), { recursive: true });
  writeFileSync(
    join(folder, 'app', 'map.jinja'),
    [
      "{% set defaults = {'debian': {'root': '/etc/app', 'owner': 'root'}, 'redhat': {'root': '/opt/app', 'owner': 'app'}} %}",
      '{% set map = defaults[facts.os.family] %}',
      '{% macro path(index) -%}{{ map.root }}/conf-{{ index }}.d{%- endmacro %}',
      '',
    ].join('\n'),
  );
  for (let file = 0; file < files; file++) {
    const first = file * perFile(states);
    const lines = [
      "{% from 'app/map.jinja' import map, path with context %}",
      `{% for index in range(${first}, ${first + perFile(states)}) %}`,
      `{% set own = settings.app['key' ~ (index % ${keys})] %}`,
      'app_{{ index }}:',
      '  file.managed:',
      `    - name: {{ path(index) }}/edit-0`,
      '    - contents: |',
      '        name = {{ own.name }}',
      '        port = {{ own.port }}',
      '        {% if own.port % 2 == 0 %}even = yes{% else %}odd = yes{% endif %}',
      '    - user: {{ map.owner }}',
      '    - mode: "0640"',
      '    - makedirs: true',
      `    {% if index > ${first} %}`,
      '    - require:',
      '      - file: app_{{ index - 1 }}',
      '    {% endif %}',
      '{% endfor %}',
    ];
    writeFileSync(join(folder, 'app', `part${file}.zy`), `${lines.join('\n')}\n`);
  }
  const include = Array.from({ length: files }, (_, file) => `  - app.part${file}`);
  writeFileSync(join(folder, 'site.zy'), `include:\n${include.join('\n')}\n`);
}
