import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { daemonFlags } from '#base/daemon.ts';
import { optionFlags, readFlags } from '#base/options.ts';
import { shellWords } from '#cli/command-line.ts';
import { understand } from '#cli/main.ts';
import { parseJob } from '#cli/parse.ts';
import { loadReference } from '#cli/reference.ts';
import { allCommands } from '#cli/registry.ts';
import { createEngine } from '#engine/engine.ts';
import { masterOptions } from '#master/options.ts';
import { registry } from '#modules/registry.ts';
import { peelOptions } from '#peel/resident/options.ts';
import { localFlags } from '#peel/runner/local.ts';
import { treeOf } from './trees.ts';

const docs = join(import.meta.dirname, '../../docs');
const reference = await loadReference();

/** Folders whose pages people read to use it. */
const read = ['start', 'guide', 'develop', 'reference'];

/** Throws what the program would: of a job, up to the point where it is sent. */
const programs: Readonly<Record<string, (words: readonly string[]) => Promise<unknown> | unknown>> = {
  async zester(words) {
    const { command, input } = await understand(words);
    if (command.name !== 'run') return;
    const { target, function: called, values, rest } = input as unknown as RunInput;
    parseJob({
      words: [target, called, ...values],
      rest,
      test: false,
      timeoutMs: undefined,
      reference,
      readFile: () => '',
      parseYaml,
    });
  },
  'zester-master': (words) => readFlags(words, [...daemonFlags, ...optionFlags(masterOptions)]),
  'zester-peel': (words) =>
    /^(check|apply)$/.test(words[0] ?? '')
      ? readFlags(words.slice(1), localFlags)
      : readFlags(words, [...daemonFlags, ...optionFlags(peelOptions)]),
};

interface RunInput {
  readonly target: string;
  readonly function: string;
  readonly values: readonly string[];
  readonly rest?: readonly string[];
}

for (const path of pages()) {
  const text = readFileSync(join(docs, path), 'utf8');
  const lines = commandLines(text);
  if (lines.length > 0) {
    describe(`command lines of docs/${path}`, () => {
      for (const line of new Set(lines)) {
        test(line, async () => {
          const [program = '', ...words] = shellWords(line);
          await programs[program]?.(words);
        });
      }
    });
  }
}

test('every example of the help is a command line', async () => {
  for (const { name, examples } of await allCommands()) {
    for (const { line } of examples) {
      assert.equal((await understand(shellWords(line))).command.name, name, line);
      await programs.zester?.(shellWords(line));
    }
  }
});

test('every state file of the reference compiles, but for those that are refused', () => {
  for (const path of pages().filter((each) => each.startsWith('reference/states/'))) {
    const text = readFileSync(join(docs, path), 'utf8');
    for (const [whole, block = ''] of text.matchAll(/```yaml\n(.*?)```\s*(?:Refused)?/gs)) {
      if (whole.endsWith('Refused')) continue;
      const engine = createEngine({ registry, tree: treeOf({ 'example.zy': block }) });
      const scope = { id: 'web-01', facts: { id: 'web-01' }, settings: {} };
      assert.equal(engine.compile(['example'], { scope }).graph.steps.length, 1, block);
    }
  }
});

test('there are command lines to read', () => {
  const lines = pages().flatMap((path) => commandLines(readFileSync(join(docs, path), 'utf8')));
  assert.ok(lines.length > 100);
});

function pages(): readonly string[] {
  const all = readdirSync(docs, { recursive: true, encoding: 'utf8' });
  return all.filter((path) => path.endsWith('.md') && read.includes(path.split('/')[0] ?? '')).toSorted();
}

/** What a page tells people to type, without what the shell does with it. */
function commandLines(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(?:sh|console|bash)\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/^(\$ |sudo )+/, '').replace(/\s+#\s.*$/, ''))
    .flatMap((line) => line.match(/^zester(?:-master|-peel)? (?:'[^']*'|"[^"]*"|[^|&;<>'"]|<\w+>)*/) ?? [])
    .map((line) => line.replaceAll('<jid>', '2xYkQbZ1fGm5n8pR0sT3uVwXyZa').trim());
}
