import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Return } from '#wire/job.ts';
import type { Outcome } from '#wire/outcome.ts';
import { createFleetView } from './fleet.ts';
import { type JobReport, showFooter } from './job.ts';
import { type PeelResult, resultOf } from './result.ts';
import { plainStyle } from './style.ts';
import { Tally } from './tally.ts';

const peelName = (at: number) => `web-${String(at + 1).padStart(3, '0')}`;
const many = <T>(amount: number, make: (at: number) => T) => Array.from({ length: amount }, (_, at) => make(at));

const returned = (peel: string, more: Partial<Return> = {}): PeelResult =>
  resultOf({ v: 1, jid: 'J', peel, status: 'done', success: true, startedAt: 0, ms: 4, ...more });

const outcome = (id: string, more: Partial<Outcome> = {}): Outcome => ({
  id,
  state: 'file.managed',
  name: `/srv/${id}`,
  result: 'unchanged',
  startedAt: 0,
  ms: 2,
  ...more,
});

const refusal = {
  family: 'machine' as const,
  code: 'SERVICE_FAILED',
  message: 'Cannot start "nginx": it exited',
  details: { stderr: 'bad config\n' },
};

/** 60 states of one peel, some of which became something else. */
function ran(peel: string, others: Readonly<Record<number, Partial<Outcome>>> = {}): PeelResult {
  const outcomes = many(60, (at) => outcome(`step ${at}`, { ms: at, ...others[at] }));
  const success = outcomes.every(({ result }) => result !== 'failed');
  return returned(peel, { success, report: { test: false, outcomes, counts: {}, ms: 900 } });
}

/** What is said of each answer at once, and the whole of what is said. */
function told(results: readonly PeelResult[], style = plainStyle) {
  const view = createFleetView(results.length, style);
  const tally = new Tally();
  const atOnce = results.map((each) => {
    tally.add(each);
    return view.add(each);
  });
  const rest = view.rest();
  const report: JobReport = {
    jid: 'J',
    function: 'state.apply',
    test: false,
    peels: [],
    tally,
    results: [],
    ms: 3_200,
    ended: 'done',
  };
  return { atOnce, rest, all: `${atOnce.join('')}${rest}${showFooter(report, style)}` };
}

test('400 peels with nothing to do are a few lines', () => {
  assert.equal(
    told(many(400, (at) => ran(peelName(at)))).all,
    `
400 peels: 400 succeeded, 0 changed, 0 failed, 0 unreachable in 3.2s
24000 states: 24000 unchanged
`,
  );
});

test('one failure of 400 is told at once, and named at the end', () => {
  const failure = { result: 'failed', error: refusal, at: { file: 'web.zy', line: 9, column: 3 } } as const;
  const results = many(400, (at) => ran(peelName(at), at === 6 ? { 3: failure } : {}));

  const { atOnce, all } = told(results);

  assert.equal(
    atOnce.findIndex((text) => text !== ''),
    6,
  );
  assert.equal(
    all,
    `web-007:
    failed        file.managed  step 3 (/srv/step 3)
        ERROR: Cannot start "nginx": it exited [SERVICE_FAILED]
        at web.zy:9:3
        stderr: bad config

Failed:
  web-007: file.managed step 3: Cannot start "nginx": it exited [SERVICE_FAILED]
400 peels: 399 succeeded, 0 changed, 1 failed, 0 unreachable in 3.2s
24000 states: 23999 unchanged, 1 failed
Look further: zester job show J --failed
`,
  );
});

test('a failure that many have is told once, when the first has it', () => {
  const results = many(30, (at) => returned(peelName(at), { success: false, error: refusal }));

  const { atOnce, all } = told(results);

  assert.equal(atOnce.filter((text) => text !== '').length, 1);
  assert.match(all, /^Failed:\n {2}web-\[001-030\]: Cannot start "nginx": it exited \[SERVICE_FAILED\]$/m);
});

test('failures that are all different do not flood: some in full, some in a line, the rest counted', () => {
  const results = many(400, (at) => {
    return returned(peelName(at), {
      success: false,
      error: { ...refusal, message: `Cannot start on ${peelName(at)}` },
    });
  });

  const { atOnce, all } = told(results);

  assert.equal(atOnce.filter((text) => text !== '').length, 10);
  assert.match(all, /^ {2}and 380 more, each with its own$/m);
  assert.ok(all.split('\n').length < 70, all);
});

test('a diff that many have is said once, and other ways of the same state below it', () => {
  const changed = (diff: string) => ({ 5: { result: 'changed', diff } as const });
  const results = [
    ...many(387, (at) => ran(peelName(at), changed('-a\n+b\n'))),
    ...many(12, (at) => ran(`db-${at + 1}`, changed('-c\n+b\n'))),
    ran('gw', { 9: { result: 'changed', changes: { mode: { from: '0755', to: '0700' } } } }),
  ];

  assert.equal(
    told(results).rest,
    `changed       file.managed  step 5 (/srv/step 5)
    387 peels: web-[001-387]
    -a
    +b
    12 peels: db-[1-12]
    -c
    +b
changed       file.managed  step 9 (/srv/step 9)
    gw:
    mode: 0755 → 0700
`,
  );
});

test('a state that changes on each peel in its own way is shown on some of them, and says so', () => {
  const results = many(400, (at) => ran(peelName(at), { 1: { result: 'would-change', diff: `+${peelName(at)}\n` } }));

  const { rest } = told(results);

  assert.equal(rest.match(/^ {4}\+web/gm)?.length, 5);
  assert.match(rest, /395 more peels, each in its own way \(--verbose shows them\): web-\[006-400\]\n$/);
});

test('a value that many gave is said once, the rare ones by themselves', () => {
  const results = many(20, (at) => returned(peelName(at), { value: at === 3 ? '1.1' : at === 4 ? '1.0' : '1.2' }));

  assert.equal(told(results).rest, '18 peels: web-[001-003,006-020]\n    1.2\nweb-004: 1.1\nweb-005: 1.0\n');
});

test('answers of few peels are said as they come, and of many when everything is wanted', () => {
  const few = told(many(10, (at) => returned(peelName(at), { value: 1 })));
  const verbose = told(
    many(11, (at) => ran(peelName(at))),
    { ...plainStyle, verbose: true },
  );

  assert.equal(few.atOnce[0], 'web-001:\n    1\n');
  assert.equal(verbose.all.match(/^ {4}unchanged /gm)?.length, 11 * 60);
});

test('peels that are not reached are in the closing list only', () => {
  const silent = many(12, (at): PeelResult => ({ peel: peelName(at), status: 'unreachable', reason: 'no return' }));

  const { atOnce, all } = told([...silent, ...many(3, (at) => returned(`db-${at}`))]);

  assert.equal(atOnce.join(''), '');
  assert.match(all, /^Unreachable:\n {2}web-\[001-012\]: no return$/m);
});

test('values that are all different are not held until there is no room for them', () => {
  const letters = 1024 * 1024;
  const view = createFleetView(100, plainStyle);

  const early = many(40, (at) => view.add(returned(peelName(at), { value: String(at).repeat(letters / 2) })));

  assert.ok(early.some((text) => text !== ''));
  const lines = [...early, view.rest()].join('').match(/^web-\d+:/gm);
  assert.equal(new Set(lines).size, 40);
});
