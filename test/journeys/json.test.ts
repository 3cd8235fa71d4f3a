import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { systemClock } from '#base/time.ts';
import type { Command } from '#cli/command.ts';
import { type JsonSchema, jsonSchemas } from '#cli/json/schema.ts';
import { main } from '#cli/main.ts';
import { printed } from '#cli/print.ts';
import { allCommands, findCommand } from '#cli/registry.ts';
import { plainStyle } from '#cli/report/style.ts';
import type { Session } from '#cli/session.ts';
import { enroll } from '#peel/enroll/enroll.ts';
import { localWorker } from '#peel/runner/main.ts';
import { openOutputs } from '#peel/runner/outputs.ts';
import { localTree } from '#peel/shared/tree.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { signDecision } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import { testEnrollment } from '../harness/enrollment.ts';
import { testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

const schemas = jsonSchemas();
const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': true } });
const validators = new Map(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(strict(schema))]));

/** The same schema for who also wants to know of fields that it does not name. */
function strict(schema: JsonSchema): JsonSchema {
  const within = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(within);
    if (typeof node !== 'object' || node === null) return node;
    const closed = 'properties' in node && !('additionalProperties' in node) ? { additionalProperties: false } : {};
    return { ...Object.fromEntries(Object.entries(node).map(([key, each]) => [key, within(each)])), ...closed };
  };
  return { ...(within(schema) as JsonSchema), $id: `${schema.$id}:strict` };
}

/** They run some twenty commands each: on a busy machine that takes a while. */
const timeout = 120_000;

/** Commands whose output was held against their schema. */
const checked = new Set<string>();

function check(name: string, text: string): unknown {
  const value: unknown = JSON.parse(text);
  const validate = validators.get(name.replaceAll(' ', '-')) ?? assert.fail(`"${name}" has no schema`);
  assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors, null, 1)}\n${text.slice(0, 2_000)}`);
  checked.add(name);
  return value;
}

interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function zester(argv: readonly string[], access: readonly string[] = []): Promise<Spoken> {
  let [out, err] = ['', ''];
  const code = await main([...argv, ...access], {
    environment: { ZESTER_CONFIG: '/dev/null' },
    isTerminal: false,
    errIsTerminal: false,
    width: 80,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'zester-json-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test('what commands print of a fleet as JSON is what their schemas say', { timeout }, async () => {
  using at = folder();
  const states = join(at.path, 'states');
  for (const path of [states, join(at.path, 'web-01', 'srv')]) mkdirSync(path, { recursive: true });
  writeFileSync(
    join(states, 'web.zy'),
    '/srv/a: {file.managed: {contents: a}}\nb:\n  cmd.run: {name: "true", unless: "true"}\nc: test.fail_without_changes\n',
  );
  writeFileSync(join(states, 'good.zy'), '/srv/b: {file.managed: {contents: b}}\n');
  await using nats = await testNats();
  await using master = await testMaster(nats, { statesDir: states });
  const outputs = openOutputs(join(at.path, 'outputs'), { bytes: 1e9, ageMs: 1e9 }, systemClock);
  const worker = localWorker({ root: join(at.path, 'web-01'), runs: join(at.path, 'runs'), immutable: false, outputs });
  await using _peel = await testPeel(nats, {
    id: 'web-01',
    facts: { os: { family: 'debian' }, swapTotal: 1 },
    run: (request, signal) => worker.run({ ...request, tree: localTree(states) }, { signal, onOutcome: () => {} }),
  });
  await until(() => master.master.fleet.size === 1, 'the facts of the peel are known');
  const [ca, creds, plan] = [join(at.path, 'ca.pem'), join(at.path, 'alice.creds'), join(at.path, 'plan.json')];
  writeFileSync(ca, nats.ca);
  writeFileSync(creds, formatCredentials(nats.credentials.operator('alice')));
  const access = ['--server', nats.url, '--ca', ca, '--creds', creds];
  const json = async (name: string, ...argv: string[]) => {
    const { out, err } = await zester([...argv, '--json'], access);
    assert.equal(err, '', name);
    return check(name, out);
  };

  const [ran] = (await json('run', 'web-01', 'state.apply', 'web')) as [{ jid: string; success: boolean }];
  await json('run', 'web-01', 'test.ping');
  const planned = await zester(['web-01', 'state.plan', 'good', '--out', plan], access);
  assert.equal(planned.code, 0, planned.err);
  check('plan-file', readFileSync(plan, 'utf8'));
  await json('plan show', 'plan', 'show', plan);
  await json('apply', 'apply', plan);
  await json('job list', 'job', 'list');
  await json('job active', 'job', 'active');
  await json('job show', 'job', 'show', ran.jid);
  await json('job follow', 'job', 'follow', ran.jid);
  await json('job wait', 'job', 'wait', ran.jid);
  const { jid: hanging } = (await json('run', 'web-01', 'cmd.run', 'sleep 60', '--async')) as { jid: string };
  await json('job kill', 'job', 'kill', hanging);
  const long = 'head -c 1500000 /dev/zero | tr "\\0" x';
  const [printed] = (await json('run', 'web-01', 'cmd.run', long)) as [{ jid: string }];
  await json('job output', 'job', 'output', printed.jid, '--out', join(at.path, 'whole'));
  await json('explain', 'explain', ran.jid, 'b');
  await json('explain', 'explain', 'file.managed.mode');
  await json('peel list', 'peel', 'list');
  const shown = (await json('peel show', 'peel', 'show', 'web-01')) as { facts: Record<string, unknown> };
  await json('target', 'target', 'web*');
  await json('ping', 'ping');
  await json('doctor', 'doctor');

  assert.equal(ran.success, false);
  assert.equal(shown.facts.swapTotal, 1, 'what a machine says of itself keeps its names');
});

test('a stream of events ends with how it ended, each line as its schema says', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using _peel = await testPeel(nats, { id: 'web-01' });
  await until(() => master.master.fleet.size === 1, 'the facts of the peel are known');
  using at = folder();
  const [ca, creds] = [join(at.path, 'ca.pem'), join(at.path, 'alice.creds')];
  writeFileSync(ca, nats.ca);
  writeFileSync(creds, formatCredentials(nats.credentials.operator('alice')));
  const access = ['--server', nats.url, '--ca', ca, '--creds', creds];

  const { out, err, code } = await zester(['web-01', 'test.ping', '--json', '--stream'], access);
  const none = await zester(['nobody', 'test.ping', '--json', '--stream'], access);
  const [{ jid }] = JSON.parse((await zester(['web-01', 'test.ping', '--json'], access)).out) as [{ jid: string }];
  const followed = await zester(['job', 'follow', jid, '--json', '--stream'], access);

  const eventsOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (check('event', line) as { event: string }).event);
  assert.deepEqual([code, err], [0, '']);
  assert.deepEqual(eventsOf(out), ['dispatched', 'return', 'finished']);
  assert.deepEqual(eventsOf(followed.out), ['return', 'finished']);
  const { event, error, exit_code } = check('event', none.out) as Record<string, unknown>;
  assert.deepEqual([event, (error as { code: string }).code, exit_code], ['error', 'TARGET_EMPTY', none.code]);
});

test('what commands print of enrolments as JSON is what their schemas say', { timeout }, async () => {
  await using master = await testEnrollment();
  const session = {
    clock: master.clock,
    style: plainStyle,
    write: () => {},
    sign: async (_: string, decision: Parameters<typeof signDecision>[0]) =>
      signDecision(decision, master.nats.credentials.operator()),
    ask: async (channel: unknown, body: never) =>
      channel === channels.enrollments ? master.service.list(body) : master.service.decide(body),
  } as unknown as Session;
  const json = async (name: string, input: object) => {
    const command = (await findCommand(name.split(' '))?.load()) as Command;
    const value = await command.run(input as Readonly<Record<string, unknown>>, session);
    return check(
      name,
      await printed(command, value, { format: 'json', streams: false, quiet: false, style: plainStyle }),
    );
  };
  const leaving = new AbortController();
  const asks = async (id: string) => {
    const before = master.service.list({}).enrollments?.length ?? 0;
    const joined = enroll(master.peel(id, { signal: leaving.signal })).catch(() => undefined);
    await until(() => (master.service.list({}).enrollments?.length ?? 0) > before, `${id} asked`);
    return { joined };
  };

  const first = await asks('web-01');
  await json('enroll list', { state: 'all' });
  await json('enroll approve', { peel: 'web-01' });
  await first.joined;
  const { revoked } = (await json('enroll revoke', { peel: 'web-01', reason: 'stolen' })) as {
    revoked: { id: string }[];
  };
  await json('enroll show', { id: revoked[0]?.id });
  const second = await asks('web-02');
  await json('enroll reject', { peel: 'web-02' });
  leaving.abort();
  await second.joined;
  const { token } = (await json('enroll token create', { peels: '*', uses: 1, ttl: 60_000 })) as { token: string };
  await json('enroll token revoke', { id: token });
});

test('what commands print without a master as JSON is what their schemas say, and every command was looked at', async () => {
  using at = folder();
  const path = (...parts: string[]) => join(at.path, ...parts);
  const json = async (name: string, argv: readonly string[] = []) => {
    const { out, err } = await zester([...name.split(' '), ...argv, '--json']);
    assert.equal(err, '', name);
    return check(name, out);
  };
  mkdirSync(path('tree'));
  writeFileSync(path('tree', 'web.sls'), 'a: test.nope\nb:\n  pkgrepo.managed: []\n');

  await json('version');
  await json('completion', ['bash']);
  await json('config show');
  for (const argv of [[], ['file'], ['file.managed']]) await json('doc', argv);
  for (const argv of [[], ['job', 'list'], ['job'], ['targets']]) await json('help', argv);
  const contexts = path('contexts.yaml');
  writeFileSync(contexts, 'contexts:\n  lab: {servers: [tls://lab:1]}\n');
  const configured = ['--config', contexts];
  await json('context list', configured);
  await json('context show', ['lab', ...configured]);
  await json('context use', ['lab', ...configured]);
  for (const word of ['file.managed', 'onchanges', 'os.family', 'REQUISITE_UNKNOWN']) await json('explain', [word]);
  await json('schema', ['job', 'list']);
  await json('lint', [path('tree')]);
  await json('migrate', [path('tree')]);
  await json('init', ['--dir', path('new'), '--environment', 'new', ...configured]);
  const ca = ['--dir', path('ca')];
  await json('ca init', ca);
  await json('ca print', ca);
  await json('ca fingerprint', ca);
  await json('ca issue', ['nats-server', '--dns', 'localhost', ...ca, '--out', path('issued')]);
  await json('ca rotate', ca);
  const auth = ['--dir', path('auth')];
  await json('nats-auth init', auth);
  const { file, key } = (await json('nats-auth add', ['alice', ...auth])) as { file: string; key: string };
  await json('nats-auth lint', [file]);
  await json('nats-auth rotate', ['jobs', ...auth]);
  await json('nats-auth rotate', ['settings', ...auth]);
  await json('nats-auth remove', [key, ...auth]);

  const all = (await allCommands()).map(({ name }) => name);
  assert.deepEqual(
    all.filter((name) => !checked.has(name)),
    [],
  );
});

test('errors are JSON where the answer would have been', async () => {
  const lines = [
    ['job', 'lst', '--json'],
    ['doc', 'nope.nope', '--json'],
    ['lint', '/nowhere', '--json'],
    ['web-01', 'test.ping', '--format', 'json', '--nope'],
  ];
  for (const line of lines) {
    const { out, err, code } = await zester(line);
    const { error } = check('error', err) as { error: { code: string; message: string } };

    assert.equal(out, '', line.join(' '));
    assert.ok(code > 0 && error.code !== '' && error.message !== '', err);
  }
});

test('published names are snake case, and what takes time says its unit', () => {
  const names = new Set<string>();
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('properties' in node) for (const key of Object.keys(node.properties as object)) names.add(key);
    for (const each of Object.values(node)) collect(each);
  };
  collect(schemas);

  assert.deepEqual(
    [...names].filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)),
    [],
  );
  assert.deepEqual(
    [...names].filter((name) => /^(ms|duration|elapsed|timeout)$/.test(name)),
    [],
  );
});
