import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { probe } from '../probe.ts';
import { startCases } from './batch.ts';
import { readMachineCases } from './format.ts';

const folder = join(import.meta.dirname, '../../cases/machines');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const cases = files.flatMap((file) => readMachineCases(join(folder, file)).map((each) => ({ file, each })));
const can = probe();
const verdicts = startCases(
  cases.map(({ each }) => each),
  can,
);

for (const file of files) {
  describe(file, () => {
    for (const [index, { each }] of cases.entries()) {
      if (cases[index]?.file !== file) continue;
      const reason = can[each.root];
      test(each.name, { skip: reason !== true && reason, timeout: 300_000 }, async () => {
        const verdict = await verdicts[index];

        assert.ok(verdict !== undefined && 'differences' in verdict);
        if (verdict.differences.length > 0) assert.fail(verdict.differences.join('\n'));
      });
    }
  });
}
