#!/usr/bin/env bun
import { standardError, standardOutput } from '#base/outlet.ts';
import { exitAfter } from '#base/program.ts';
import { main, tellError } from '#cli/main.ts';

const argv = process.argv.slice(2);
const terminal = {
  environment: process.env,
  out: (text: string) => void standardOutput.write(text),
  err: (text: string) => void standardError.write(text),
  outBytes: (bytes: Uint8Array) => standardOutput.write(bytes),
  isTerminal: process.stdout.isTTY === true,
  errIsTerminal: process.stderr.isTTY === true,
  width: process.stdout.columns ?? 100,
  errColumns: () => process.stderr.getWindowSize()[0],
  broken: standardOutput.broken,
};

void exitAfter(main(argv, terminal), { tell: (error) => tellError(error, argv, terminal) });
