import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZesterError } from './errors.ts';
import { flagValues, optionFlags, optionTable, parseSize, readFlags, resolveOptions } from './options.ts';

const table = optionTable([
  {
    key: 'servers',
    summary: 'NATS servers',
    type: 'list',
    default: ['tls://localhost:4222'],
    env: 'NATS_URL',
    restart: true,
  },
  {
    key: 'log_level',
    summary: 'How much',
    type: 'choice',
    choices: ['info', 'debug'],
    default: 'info',
    restart: false,
  },
  { key: 'reactor.dir', summary: 'Rules', type: 'string', restart: true },
  {
    key: 'reactor.workers',
    summary: 'How many',
    type: 'int',
    default: 4,
    restart: true,
    formerly: ['reactor_workers'],
  },
  { key: 'grace', summary: 'How long', type: 'duration', default: 5_000, restart: false },
  { key: 'limit', summary: 'How much', type: 'size', restart: false },
  { key: 'watch', summary: 'Whether', type: 'bool', default: true, restart: false },
  { key: 'token', summary: 'Secret', type: 'string', secret: true, env: 'TOKEN', restart: false },
  { key: 'schedule', summary: 'What runs when', type: 'data', restart: false },
  {
    key: 'ports',
    summary: 'Port of each service',
    type: 'map',
    default: new Map<string, number>(),
    read: readPorts,
    restart: false,
  },
]);

function readPorts(written: Readonly<Record<string, unknown>>): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(written).map(([name, port]) => {
      if (Number.isInteger(Number(port))) return [name, Number(port)];
      throw new ZesterError('usage', 'PORT_INVALID', `Cannot use the port of "${name}": it is no number`);
    }),
  );
}

const file = (text: string) => ({ path: 'peel.yaml', text });

test('a flag beats the environment, which beats the file, which beats the default', async () => {
  const { values, why } = await resolveOptions(table, {
    file: file('servers: [tls://a:1]\nlog_level: debug\ngrace: 2m\nreactor:\n  workers: 2\n'),
    environment: { NATS_URL: 'tls://b:1, tls://c:1' },
    flags: new Map([['reactor-workers', ['8']]]),
  });

  assert.deepEqual(values.servers, ['tls://b:1', 'tls://c:1']);
  assert.equal(values.log_level, 'debug');
  assert.equal(values.grace, 120_000);
  assert.equal(values['reactor.workers'], 8);
  assert.equal(values.watch, true);
  assert.equal(values.limit, undefined);
  const from = Object.fromEntries(why.map((each) => [each.key, each.from]));
  assert.deepEqual(
    [from.servers, from.log_level, from['reactor.workers'], from.watch],
    ['NATS_URL', 'peel.yaml:2:12', '--reactor-workers', undefined],
  );
});

test('what is wrong in a file is shown at its place', async () => {
  const cases: readonly (readonly [text: string, code: string, place: string, word: string])[] = [
    ['log_levle: debug', 'OPTION_UNKNOWN', '1:1', '"log_level"'],
    ['reactor:\n  wrokers: 2', 'OPTION_UNKNOWN', '2:3', '"reactor.workers"'],
    ['\nlog_level: loud', 'OPTION_INVALID', '2:12', 'one of info, debug'],
    ['grace: 3 weeks', 'OPTION_INVALID', '1:8', 'duration'],
    ['watch: maybe', 'OPTION_INVALID', '1:8', 'true or false'],
    ['limit: [1]', 'OPTION_INVALID', '1:8', '64MB'],
    ['ports: 80', 'OPTION_INVALID', '1:8', 'a map'],
    ['watch: no\nports: {web: http}', 'PORT_INVALID', '2:8', '"web"'],
    ['a: [1', 'OPTION_FILE_SYNTAX', '1:6', 'peel.yaml'],
    ['- a', 'OPTION_FILE_SYNTAX', '1:1', 'not a map'],
  ];
  for (const [text, code, place, word] of cases) {
    await assert.rejects(resolveOptions(table, { file: file(text) }), (error: never) => {
      const {
        code: got,
        at,
        message,
        hint,
      } = error as { code: string; at: { line: number; column: number }; message: string; hint?: string };
      assert.deepEqual([got, `${at.line}:${at.column}`], [code, place], text);
      assert.ok(`${message} ${hint}`.includes(word), `${message} | ${hint}`);
      return true;
    });
  }
});

test('an old key still counts, and says its new name', async () => {
  const { values, warnings } = await resolveOptions(table, { file: file('reactor_workers: 3\n') });

  assert.equal(values['reactor.workers'], 3);
  assert.deepEqual(warnings, ['peel.yaml:1:1: "reactor_workers" is now "reactor.workers"']);
});

test('a secret is not shown, an empty key is a key left out, data is any YAML', async () => {
  const { values, why } = await resolveOptions(table, {
    file: file('reactor:\n  dir:\nschedule: { a: { module: test.ping } }\n'),
    environment: { TOKEN: 'hunter2' },
  });

  assert.equal(values.token, 'hunter2');
  assert.equal(why.find(({ key }) => key === 'token')?.value, '[secret]');
  assert.equal(values['reactor.dir'], undefined);
  assert.deepEqual(values.schedule, { a: { module: 'test.ping' } });
});

test('an option may be more than its type: the program gets what its reader makes of it', async () => {
  const read = async (...argv: string[]) => {
    const { flags } = readFlags(argv, optionFlags(table));
    return (await resolveOptions(table, { file: file('ports: {web: 80}'), flags })).values.ports;
  };

  assert.deepEqual(await read(), new Map([['web', 80]]));
  assert.deepEqual(
    await read('--ports', 'web=8080', '--ports=db=5432'),
    new Map([
      ['web', 8080],
      ['db', 5432],
    ]),
  );
  assert.deepEqual((await resolveOptions(table, {})).values.ports, new Map());
});

test('a map as a flag has a list where a name is given again, and refuses what has no name or no value', () => {
  const known = [{ name: 'env', summary: '', type: 'map' }] as const;
  const read = (...argv: string[]) => flagValues(known, readFlags(argv, known).flags);

  assert.deepEqual(read('--env', 'dev=/a', '--env', 'prod=/c=d', '--env', 'dev=/b'), {
    env: { dev: ['/a', '/b'], prod: '/c=d' },
  });
  for (const wrong of ['dev', '=x', 'dev=']) {
    assert.throws(() => read('--env', wrong), { code: 'OPTION_INVALID', message: /name=value/ });
  }
});

test('flags are read in every spelling', () => {
  const known = [
    { name: 'limit', summary: '', type: 'int', short: 'l' },
    { name: 'all-pending', summary: '', type: 'bool' },
    { name: 'server', summary: '', type: 'list', aliases: ['master'] },
  ] as const;
  const { flags, words, rest } = readFlags(
    ['a', '--limit=5', '--all-pending', '--server', 'x', '--master', 'y', '-', '-5', '--', '--limit', 'b'],
    known,
  );

  assert.deepEqual(words, ['a', '-', '-5']);
  assert.deepEqual(rest, ['--limit', 'b']);
  assert.deepEqual(flagValues(known, flags), { limit: 5, allPending: true, server: ['x', 'y'] });
  assert.deepEqual(flagValues(known, readFlags(['-l', '3', '--no-all-pending'], known).flags), {
    limit: 3,
    allPending: false,
    server: [],
  });
  assert.throws(() => readFlags(['--limt', '5'], known), { code: 'FLAG_UNKNOWN', hint: 'Did you mean "--limit"?' });
  assert.throws(() => readFlags(['--limit'], known), { code: 'FLAG_VALUE_MISSING' });
  assert.throws(() => flagValues(known, readFlags(['--limit', 'x'], known).flags), { code: 'OPTION_INVALID' });
});

test('sizes are read as people write them', () => {
  assert.deepEqual(['64MB', '1.5GiB', '10', '2 kb'].map(parseSize), [64e6, 1_610_612_736, 10, 2_000]);
  assert.throws(() => parseSize('many'), { code: 'SIZE_INVALID' });
});
