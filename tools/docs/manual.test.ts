import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lines, type Page, terms, text } from '#cli/page.ts';
import { roff } from './man.ts';
import { manual } from './manual.ts';
import { markdown } from './markdown.ts';
import { writeManual } from './write-manual.ts';

const page: Page = {
  name: 'zester job list',
  summary: "Jobs, newest first, and what's with them",
  sections: [
    { heading: 'Usage', blocks: [lines('zester job list [flags]')] },
    {
      heading: 'Flags',
      blocks: [terms(['--format <text|json>', 'How to print: `--json` is shorter']), text('.hidden <b> files')],
    },
    { heading: 'Examples', blocks: [lines(['All of them', "zester job list --target 'web*'"])] },
  ],
};

test('a page is a page of the reference', () => {
  assert.equal(
    markdown(page),
    `# zester job list

Jobs, newest first, and what's with them.

## Usage

\`\`\`text
zester job list [flags]
\`\`\`

## Flags

| | |
| --- | --- |
| \`--format <text\\|json>\` | How to print: \`--json\` is shorter |

.hidden &lt;b> files

## Examples

\`\`\`sh
# All of them
zester job list --target 'web*'
\`\`\`
`,
  );
});

test('a page is a manual page, and nothing in it is a command of roff', () => {
  assert.equal(
    roff({ ...page, section: 1, file: 'zester-job-list' }, { version: '1.2.3', date: '2026-03-01' }),
    `.TH "ZESTER\\-JOB\\-LIST" 1 "2026-03-01" "Zester 1.2.3" "Zester"
.SH NAME
zester\\-job\\-list \\- Jobs, newest first, and what\\(aqs with them
.SH "SYNOPSIS"
.nf
.RS 4
zester job list [flags]
.RE
.fi
.SH "FLAGS"
.TP
\\fB\\-\\-format <text|json>\\fR
How to print: \\fB\\-\\-json\\fR is shorter
.PP
\\&.hidden <b> files
.SH "EXAMPLES"
All of them:
.PP
.nf
.RS 4
zester job list \\-\\-target \\(aqweb*\\(aq
.RE
.fi
`,
  );
});

test('every command, topic and daemon has a manual page, and all of them are well formed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester-man-'));
  const pages = await manual();

  assert.equal(await writeManual(folder, { version: '1.2.3', date: '2026-03-01' }), pages.length);
  const written = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((each) => /\.\d$/.test(each));
  assert.equal(written.length, pages.length, 'no two have one name');
  for (const each of [
    'man1/zester.1',
    'man1/zester-job-list.1',
    'man7/zester-targets.7',
    'man8/zester-peel.8',
    'man8/zester-master.8',
  ]) {
    assert.ok(written.includes(each), each);
  }
  for (const file of written) {
    const all = readFileSync(join(folder, file), 'utf8').split('\n');
    for (const line of all) {
      assert.doesNotMatch(line, /^'|`|\[object/, file);
      if (line.startsWith('.')) assert.match(line, /^\.(TH|SH|PP|TP|nf|fi|RS|RE)\b/, file);
    }
  }
  rmSync(folder, { recursive: true });
});
