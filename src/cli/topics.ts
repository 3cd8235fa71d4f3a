import { cliOptions } from './config.ts';
import { glossaryPage } from './glossary.ts';
import { lines, type Page, terms, text } from './page.ts';

const targets: Page = {
  name: 'targets',
  summary: 'Which peels a job is for, and how to say it',
  sections: [
    {
      heading: 'One condition',
      blocks: [
        text('A target without anything before it is about ids. A letter and `@` say what else is looked at.'),
        terms(
          ['web-01', 'the peel of that id'],
          ['web*  db-[0-9]?', 'ids that match a glob; * alone is every peel'],
          ['E@web-(01|02)', 'ids in which a regular expression is found; ^ and $ bind it'],
          ['L@web-01,db-01', 'these ids'],
          ['G@os.family:debian', 'a fact, by its path and a glob; dots or colons part the path'],
          ['G@cpu.count>=4', 'a fact compared: >= <= > < != as numbers where both are'],
          ['P@os.name:(Debian|Ubuntu)', 'a fact by a regular expression'],
          ['I@role:web', 'a setting, as G@ is for facts'],
          ['J@role:web|db', 'a setting by a regular expression'],
          ['S@10.0.0.0/24', 'an address, or a network it is in'],
          ['N@frontends', 'a nodegroup, named in the options of the master'],
        ),
        text(
          'Letters in values are compared without regard to their case. Put a value with spaces between quotes: G@os.name:"Debian GNU/Linux".',
        ),
      ],
    },
    {
      heading: 'Several',
      blocks: [
        text('`and`, `or`, `not` and parentheses join conditions; `not` binds most and `or` least.'),
        lines("zester 'G@os.family:debian and not (db* or L@web-03)' test.ping"),
      ],
    },
    {
      heading: 'As Salt says it',
      blocks: [
        text('A flag may say what kind the whole target is.'),
        terms(
          ['-G -P', 'a fact, by glob or by regular expression'],
          ['-I -J', 'a setting, in the same two ways'],
          ['-L -E', 'a list of ids, a regular expression from the start of the id'],
          ['-S -N -C', 'an address or network, a nodegroup, an expression of several'],
        ),
        lines("zester -G 'os.family:debian' test.ping"),
      ],
    },
    {
      heading: 'Try it first',
      blocks: [
        text(
          '`zester target` shows how a target is understood, and whom it chooses. A target that chooses nobody is an error of its own (exit code 5).',
        ),
        lines("zester target 'G@os.family:debian and not db*'"),
      ],
    },
  ],
};

const values: Page = {
  name: 'values',
  summary: 'How arguments of functions and states are written',
  sections: [
    {
      heading: 'Places and names',
      blocks: [
        text(
          'The first word after the function is its main value; everything else is `key=value`. A function takes further bare words for what it needs. An argument may be written as a flag when no flag has its name.',
        ),
        lines(
          'zester web-01 pkg.installed nginx version=1.24.0-1',
          "zester web-01 file.write /etc/motd 'Welcome'",
          'zester web-01 pkg.installed nginx --refresh',
        ),
      ],
    },
    {
      heading: 'Kinds',
      blocks: [
        terms(
          ['text', 'as it is: 1.10 and 0644 stay what they are'],
          ['true or false', 'true, yes, on, 1, or the opposite'],
          ['number', 'digits; nothing is rounded'],
          ['list', "a,b, or YAML or JSON: 'groups=[wheel, docker]'"],
          ['map', "YAML or JSON: 'env={LANG: C}'"],
          ['command', "onlyif and unless: a command; 'onlyif=[a, b]' without a space after the bracket is a list"],
          ['anything', 'what it looks like; \'"5"\' is text'],
        ),
        text('`zester doc <function>` names the kind of each argument.'),
      ],
    },
    {
      heading: 'Files and commands',
      blocks: [
        text(
          '`key=@file` takes the text of a file, `key=@-` standard input, `key=@@x` the text "@x". After `--` everything is one value.',
        ),
        lines('zester web-01 cmd.run -- ls -la /tmp'),
      ],
    },
  ],
};

const output: Page = {
  name: 'output',
  summary: 'What is printed where, for people and for programs',
  sections: [
    {
      heading: 'For people',
      blocks: [
        text(
          'Reports go to standard output, what is said meanwhile to standard error. On a terminal tables are cut to its width, and what is long opens in a pager; in a pipe nothing is cut, and there are no colours.',
        ),
        terms(
          ['--quiet', 'the results only'],
          ['--no-pager', 'no pager; ZESTER_PAGER or PAGER choose one'],
          ['--no-color, --force-color', 'NO_COLOR is honoured as well'],
          ['--columns, --sort', 'of every list: which columns, in which order; -created sorts the other way round'],
        ),
      ],
    },
    {
      heading: 'For programs',
      blocks: [
        text('`--json` and `--yaml` print everything that is known, whatever the columns.'),
        lines('zester job list --state failed --json'),
      ],
    },
    {
      heading: 'Exit codes',
      blocks: [
        terms(
          ['0', 'all is well'],
          ['1', 'zester could not do it: no connection, no such job'],
          ['2', 'some peel failed'],
          ['3', 'some peel said nothing'],
          ['4', 'both'],
          ['5', 'the target chose nobody'],
          ['64', 'the command line was wrong'],
          ['130', 'left by Ctrl-C; the job goes on'],
        ),
      ],
    },
  ],
};

const contexts: Page = {
  name: 'contexts',
  summary: 'Several fleets from one command line',
  sections: [
    {
      heading: 'What a context is',
      blocks: [
        text('A name for where the masters are and who is asking, in `~/.zester/config.yaml`:'),
        lines(
          'context: lab',
          'contexts:',
          '  lab: { servers: [tls://lab:4222], creds: /home/ada/lab.creds, ca: /home/ada/lab.crt }',
          '  production: { servers: [tls://nats-1:4222], creds: /home/ada/production.creds }',
        ),
        text('What a context does not say is taken from the rest of the file. Variables and flags win over it.'),
      ],
    },
    {
      heading: 'Which one counts',
      blocks: [
        terms(
          ['--context <name>', 'for one command'],
          ['ZESTER_CONTEXT', 'for a shell'],
          ['zester context use <name>', 'from now on: written to the file'],
        ),
        lines('zester context list', 'zester context show', 'zester --context production job list'),
        text('On a master its own configuration counts, unless a context is asked for.'),
      ],
    },
  ],
};

const environment: Page = {
  name: 'environment',
  summary: 'Variables that zester reads, and its files',
  sections: [
    {
      heading: 'Variables',
      blocks: [
        terms(
          ...cliOptions.flatMap((option) => ('env' in option ? [[option.env, option.summary] as const] : [])),
          ['ZESTER_CONFIG', 'The configuration file'],
          ['ZESTER_PAGER, PAGER', 'What shows long text on a terminal; empty for nothing'],
          ['NO_COLOR', 'No colours'],
        ),
      ],
    },
    {
      heading: 'Files',
      blocks: [
        terms(
          [
            '/etc/zester/master.yaml',
            'On a master: where NATS is, and the administrator’s credentials beside its keys',
          ],
          ['~/.zester/config.yaml', 'Otherwise: servers, creds, ca, timeout, context, contexts'],
          ['~/.cache/zester', 'Ids of peels and jobs for completion'],
        ),
        text('`zester config show` prints each value with where it came from.'),
      ],
    },
  ],
};

/** What is worth explaining beside the commands: `zester help targets`. */
export const topics: readonly Page[] = [targets, values, output, contexts, environment, glossaryPage];
