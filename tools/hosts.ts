/**
 * Runs the tests that need machines of their own (`test/hosts/`) and closes with `N passed, N failed`.
 * `hosts.ts [part of a path…] [--name pattern] [--verbose]`
 *
 * Where this is root on a Debian, what they need is installed and built first. What cannot be had is skipped, and said.
 */
import { prepareHosts } from '../test/hosts/prepare.ts';
import { parseFlags } from './flags.ts';
import { repositoryFiles } from './source.ts';
import { isHostTest, printSummary, runTests } from './test.ts';

const { words, flags } = parseFlags(process.argv.slice(2), ['verbose']);
const files = repositoryFiles().filter(
  (path) => isHostTest(path) && (words.length === 0 || words.some((word) => path.includes(word))),
);
for (const [kind, answer] of Object.entries(await prepareHosts(console.error))) {
  if (answer !== true) console.error(`There are no ${kind} hosts on this machine: ${answer}`);
}
const summary = await runTests(files, {
  verbose: flags.verbose === true,
  ...(typeof flags.name === 'string' ? { name: flags.name } : {}),
});
printSummary(summary);
process.exitCode = summary.failed === 0 ? 0 : 1;
