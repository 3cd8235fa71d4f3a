import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { fakeMachine } from '../fake.ts';
import type { GivenCommand, GivenFile } from '../given.ts';
import type { Packages } from '../machine.ts';
import type { Tools } from '../provider.ts';

/** What one call runs, to the letter, and what it makes of the answers. */
export interface Row {
  readonly title: string;
  readonly given: Readonly<Record<string, GivenCommand>>;
  readonly files?: Readonly<Record<string, string | GivenFile>>;
  readonly call: (packages: Packages) => Promise<unknown>;
  /** Maps as objects; a refusal by its code. */
  readonly expect?: unknown;
  readonly refusal?: string;
  /** Command lines in order; all that are given, when left out. */
  readonly runs?: readonly string[];
}

export const done: GivenCommand = { stdout: '' };
/** An answer captured from a real tool: the file is named for the tool or distribution it is from. */
export const captured = (path: string) => fs.readFileSync(new URL(path, import.meta.url), 'utf8');
export const failed = (path: string, code: number): GivenCommand => ({ code, stderr: captured(path) });

/** A provider table: one test a row, on a fake machine that has the given answers and no others. */
export function table(name: string, provider: (tools: Tools) => Packages, rows: readonly Row[]): void {
  describe(name, () => {
    for (const { title, given, files = {}, call, expect, refusal, runs = Object.keys(given) } of rows) {
      test(title, async () => {
        const machine = fakeMachine({ commands: given, files });
        const calling = call(provider(machine));

        if (refusal === undefined) assert.deepEqual(plain(await calling), expect);
        else await assert.rejects(calling, (error) => isError(error, refusal) || assert.fail(String(error)));
        assert.deepEqual(machine.calls, runs);
      });
    }
  });
}

function plain(value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
