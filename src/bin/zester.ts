#!/usr/bin/env bun
import { main } from '#cli/main.ts';

// A reader that leaves early (`zester … | head`) is no trouble of ours.
process.stdout.on('error', () => process.exit(0));

const code = await main(process.argv.slice(2), {
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outBytes: (bytes) => new Promise((resolve) => process.stdout.write(bytes, () => resolve())),
  isTerminal: process.stdout.isTTY === true,
  errIsTerminal: process.stderr.isTTY === true,
  width: process.stdout.columns ?? 100,
});

// What was written must be out before the process is: pipes are written to in the background.
process.stdout.write('', () => process.exit(code));
