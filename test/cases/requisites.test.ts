import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../tools/conformance/requisites.ts';

const folder = new URL('./requisites/', import.meta.url);

for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  test(`requisites: ${file}`, async () => {
    const { failed } = await run(fileURLToPath(new URL(file, folder)), { verbose: true });

    assert.deepEqual(failed, []);
  });
}
