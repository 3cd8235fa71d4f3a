import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avoided, glossary } from '#cli/glossary.ts';
import { checkErrorCodes, checkNames } from './names.ts';

const messages = (path: string, text: string) => checkNames([{ path, text }]).map(({ message }) => message);

test('plain code passes', () => {
  const text = [
    "log.info('Job finished', { jid, ms: end - start, ...more });",
    'const scope = { facts, pillar: settings };',
    "throw new ZesterError('usage', 'JOB_UNKNOWN', `Cannot find it`);",
  ].join('\n');

  assert.deepEqual(messages('src/master/jobs.ts', text), []);
});

test('every rule can be broken', () => {
  const cases: readonly (readonly [path: string, text: string, message: RegExp])[] = [
    ['src/peel/MyFile.ts', '', /not kebab case/],
    ['src/peel/utils.ts', '', /says nothing/],
    ['src/peel/a.ts', 'const minionId = 1;', /"minionId" says "minion"/],
    ['src/peel/a.ts', 'function pillarOf() {}', /"pillarOf" says "pillar"/],
    ['src/peel/a.ts', `// TO${''}DO later`, /a note to do it later/],
    ['docs/start/a.md', `see /wo${''}rk/main`, /path of a build machine/],
    ['README.md', `from https://regi${''}stry.example.org/x`, /registry's host/],
    ['src/peel/a.ts', 'log.info(`Job ` + jid);', /sentence is put together/],
    ['src/peel/a.ts', "this.log.warn('Job finished', { jobId: 1 });", /"jobId" is no name of a log field/],
    ['src/peel/a.ts', 'const child = log.child({ jid, colour: f({ a: 1 }) });', /"colour" is no name/],
    ['docs/guide/a.md', 'Start it.\n\nEvery minion\nanswers.', /says "minion"/],
    ['README.md', 'Take a rollback.', /says "rollback"/],
    ['test/a.test.ts', "test.only('x', () => {});", /some tests only/],
    ['src/peel/a.ts', "new ZesterError('usage', 'jobUnknown', 'x')", /not spelt like a code/],
  ];

  for (const [path, text, message] of cases) assert.match(messages(path, text).join('\n'), message, text);
});

test('a finding names its line', () => {
  const [finding] = checkNames([{ path: 'src/peel/a.ts', text: 'const a = 1;\nconst minion = 2;\n' }]);

  assert.equal(finding?.line, 2);
});

test('words in comments, strings, and the aliases of Salt are free', () => {
  const text =
    "// a minion\nconst alias = 'pillar';\nconst scope = { pillar: settings, x: given.pillar, contents_pillar };\n";

  assert.deepEqual(messages('src/peel/a.ts', text), []);
});

test('a page may name the words of another system beside its name, and code between backticks', () => {
  const text = '# Jobs\n\nA peel is a minion of Salt.\n\nIt calls `pillar.get`.\n\n```yaml\nminion: 1\n```\n';

  assert.deepEqual(messages('docs/guide/a.md', text), []);
  assert.deepEqual(messages('docs/guide/from-salt.md', '# Coming from Salt\n\nThe minion is a peel.\n'), []);
  assert.deepEqual(messages('docs/reference/functions/pillar.md', '# pillar\n'), []);
});

test('the glossary has each word once, and none that it says not to use', () => {
  const words = glossary.map(({ word }) => word);

  assert.deepEqual(words, [...new Set(words)].toSorted());
  for (const each of Object.keys(avoided)) assert.ok(!words.includes(each), each);
});

test('an error code has one family and one layer', () => {
  const throwing = (path: string, family: string) => ({ path, text: `new ZesterError('${family}', 'JOB_LOST', 'x')` });

  const same = checkErrorCodes([throwing('src/peel/a.ts', 'bug'), throwing('src/peel/b.ts', 'bug')]);
  const families = checkErrorCodes([throwing('src/peel/a.ts', 'bug'), throwing('src/peel/b.ts', 'usage')]);
  const layers = checkErrorCodes([throwing('src/peel/a.ts', 'bug'), throwing('src/master/b.ts', 'bug')]);

  assert.equal(same.length, 0);
  assert.match(families[0]?.message ?? '', /JOB_LOST of family "usage" is taken: "bug" in src\/peel\/a.ts/);
  assert.match(layers[0]?.message ?? '', /is taken/);
});
