import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '#base/errors.ts';
import { createRenderer } from '#render/render.ts';
import type { Return } from '#wire/job.ts';
import { until } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { type Arena, openArena } from './support/arena.ts';
import { documents, escapes } from './support/escapes.ts';
import { share } from './support/sharing.ts';

type Road = keyof typeof escapes;

/** Beyond the ten seconds that a rendering may take. */
const endWithinMs = 15_000;
const secret = 'what-lies-outside-of-the-tree';

/** Whoever writes a state file has a peel render it: nothing in it may reach the machine before it is applied. */
export const attacks: readonly Attack[] = [
  escaping('walks', 'templates walk from their values to the insides of Python and of JavaScript'),
  escaping('filters', 'templates give filters and tests what is to be called'),
  escaping('formats', 'templates reach through format strings'),
  escaping('paths', 'templates include, import and read what is outside of the tree'),
  escaping('prototypes', 'templates write into what all values share'),
  escaping('effects', 'templates change the machine while a plan is made'),
  escaping('bombs', 'templates ask for all memory and all time'),
  {
    promise: 'held',
    name: 'documents stand for far more than they hold',
    quick: true,
    async run() {
      for (const text of documents) {
        assert.throws(
          () => createRenderer({ read: () => undefined }).renderDocument({ path: 'a.sls', sls: 'a', text, scope }),
          (error) => asError(error).family === 'source',
          text.slice(0, 60),
        );
      }
    },
  },
  {
    promise: 'held',
    name: 'what templates did in a process is seen by the next template there',
    quick: true,
    async run() {
      const before = [Object.prototype, Array.prototype, Function.prototype, String.prototype, globalThis].map(
        (each) => [each, Reflect.ownKeys(each).length] as const,
      );
      const renderer = createRenderer({ read: () => undefined });
      const tried = Object.values(escapes).flat();
      assert.ok(tried.length >= 66);
      for (const [index, text] of tried.entries()) {
        const startedAt = performance.now();
        try {
          renderer.renderDocument({ path: `${index}.sls`, sls: 'a', text, scope });
        } catch (error) {
          assert.notEqual(asError(error).family, 'bug', `${text.slice(0, 80)}: ${asError(error).message}`);
        }
        const ms = performance.now() - startedAt;
        assert.ok(ms < endWithinMs, `${text.slice(0, 80)} took ${Math.round(ms)} ms`);
        const clean = renderer.renderText({ path: 'clean', text: `{{ {}.polluted is defined }}`, scope });
        assert.equal(clean.text, 'False', text.slice(0, 80));
      }
      for (const [each, keys] of before) assert.equal(Reflect.ownKeys(each).length, keys);
      assert.equal(({} as { polluted?: string }).polluted, undefined);
    },
  },
];

const scope = { facts: { id: 'web-01' }, settings: {}, id: 'web-01' };

/** Each template through a real peel, as the plan of a state file in the published tree. */
function escaping(road: Road, name: string): Attack {
  return {
    promise: 'held',
    name,
    quick: road !== 'bombs',
    async run() {
      const arena = await share('templates', openWithTemplates);
      for (const [index, text] of escapes[road].entries()) {
        const shown = text.slice(0, 100);
        const startedAt = performance.now();
        const { returns } = await arena.run('web-01', 'state.apply', { id: `esc.${road}${index}`, test: true });
        const ms = performance.now() - startedAt;
        const answer = returns.get('web-01');
        assert.ok(answer, `${shown}: nothing came back`);
        const told = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value));
        assert.equal(answer.status, 'done', `${shown}: ${told.slice(0, 500)}`);
        assert.ok(ms < endWithinMs, `${shown} took ${Math.round(ms)} ms`);
        assert.doesNotMatch(told, /root:x:0|\[native code\]|BUN_|NATS_SERVER=/, shown);
        assert.ok(!told.includes(secret), `${shown} read what is outside`);
        assert.ok(!existsSync(join(arena.dir, 'escaped')), `${shown} touched the machine`);
        for (const { code, family, message } of errorsOf(answer)) {
          assert.ok(code !== '' && family !== 'bug', `${shown}: ${code} ${message}`);
        }
        if (road === 'effects') assert.ok(errorsOf(answer).length > 0, `${shown} was not refused`);
      }
      const { returns } = await arena.run('web-01', 'state.apply', { id: 'esc.fine', test: true });
      assert.equal(returns.get('web-01')?.success, true, 'a template that is none of these is rendered');
    },
  };
}

function errorsOf({ error, report }: Return) {
  return [error, ...(report?.outcomes ?? []).map((outcome) => outcome.error)].filter((each) => each !== undefined);
}

async function openWithTemplates(): Promise<Arena> {
  const states: Record<string, string> = { 'esc/fine.sls': stateOf('{{ 6 * 7 }}') };
  for (const [road, all] of Object.entries(escapes)) {
    for (const [index, text] of all.entries()) states[`esc/${road}${index}.sls`] = stateOf(text);
  }
  const arena = await openArena({ peels: [] });
  try {
    mkdirSync(join(arena.dir, 'outside'));
    writeFileSync(join(arena.dir, 'outside/secret'), secret);
    mkdirSync(join(arena.states, 'esc'));
    for (const [path, text] of Object.entries(states)) {
      writeFileSync(join(arena.states, path), text.replaceAll('ESCAPED', join(arena.dir, 'escaped')));
    }
    const peel = await arena.startPeel('web-01');
    await until(() => existsSync(join(peel.cache, 'current', 'base', 'esc', 'fine.sls')), 'the tree is there', 20_000);
    return arena;
  } catch (error) {
    await arena[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the template gave is shown by the state that follows it. */
function stateOf(template: string): string {
  return [
    `{% set got %}${template}{% endset %}`,
    'shown:',
    '  test.configurable_test_state:',
    '    - changes: false',
    '    - comment: {{ got | json }}',
    '',
  ].join('\n');
}
