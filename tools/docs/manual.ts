/** The manual: each page once, as data, for the reference and for `man`. */
import { daemonFlags } from '#base/daemon.ts';
import { type Option, optionFlags } from '#base/options.ts';
import { durationText } from '#base/time.ts';
import { cliOptions } from '#cli/config.ts';
import { globalFlags } from '#cli/flags.ts';
import {
  type Block,
  commandPage,
  defaultText,
  flagTerms,
  flagText,
  lines,
  type Page,
  type Section,
  terms,
  text,
} from '#cli/page.ts';
import { allCommands } from '#cli/registry.ts';
import { groupSections } from '#cli/report/help.ts';
import { topics } from '#cli/topics.ts';
import { masterOptions } from '#master/options.ts';
import { peelOptions } from '#peel/resident/options.ts';
import { localFlags } from '#peel/runner/local.ts';
import type { Channel } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { type Bucket, buckets, returnsStream } from '#wire/stores.ts';

/** A page with its section of `man`: 1 for commands, 7 for what is to be known, 8 for daemons. */
export interface Manual extends Page {
  readonly section: 1 | 7 | 8;
  /** Its file, without the ending: `zester-job-list`. */
  readonly file: string;
}

export async function manual(): Promise<readonly Manual[]> {
  const commands = await allCommands();
  const own = commands.map((each): Manual => {
    return { ...commandPage(each), section: 1, file: `zester-${each.name.replaceAll(' ', '-')}` };
  });
  const about = topics.map((each): Manual => {
    return { ...each, name: `zester-${each.name}`, section: 7, file: `zester-${each.name}` };
  });
  return [
    overviewPage(groupSections(commands)),
    ...own,
    ...about,
    { ...optionsFile, section: 7, file: 'zester-options' },
    { ...channelsPage, name: 'zester-channels', section: 7, file: 'zester-channels' },
    masterPage,
    peelPage,
  ];
}

function overviewPage(groups: readonly Section[]): Manual {
  return {
    name: 'zester',
    summary: 'Ask a fleet of machines, and have it keep the states that are declared for it',
    section: 1,
    file: 'zester',
    sections: [
      {
        heading: 'Usage',
        blocks: [lines("zester '<target>' <module.function> [value] [key=value …] [flags]", 'zester <command> …')],
      },
      ...groups,
      { heading: 'Flags everywhere', blocks: [flagTerms(globalFlags)] },
      {
        heading: 'More',
        blocks: [
          text('`zester help <command>` shows one command, `zester help <topic>` one of these:'),
          terms(...topics.map(({ name, summary }) => [name, summary] as const)),
          text('`zester doc` lists states and functions, `zester explain` says what a name means.'),
        ],
      },
    ],
  };
}

const masterPage: Manual = {
  name: 'zester-master',
  summary: 'The daemon that lets peels join, sends jobs, publishes the state tree and remembers what happened',
  section: 8,
  file: 'zester-master',
  sections: [
    { heading: 'Usage', blocks: [lines('zester-master [options]', 'zester-master --check-config')] },
    {
      heading: 'About it',
      blocks: [
        text(
          'A master is a client of NATS like everybody else. Several of them may run at once; each job has one that sends it, and another takes over when that is gone.',
        ),
        text('SIGTERM ends it in order. What it keeps is in NATS, so nothing is lost with it.'),
      ],
    },
    ...daemonSections('/etc/zester/master.yaml', masterOptions),
  ],
};

const peelPage: Manual = {
  name: 'zester-peel',
  summary: 'The agent of a managed machine',
  section: 8,
  file: 'zester-peel',
  sections: [
    {
      heading: 'Usage',
      blocks: [
        lines(
          'zester-peel [options]',
          'zester-peel --check-config',
          'zester-peel check [ref…] --states DIR',
          'zester-peel apply --local [ref…] --states DIR [--test]',
        ),
      ],
    },
    {
      heading: 'Without a master',
      blocks: [
        text('`check` compiles state files and touches nothing; `apply --local` applies them on this machine.'),
        flagTerms(localFlags),
      ],
    },
    ...daemonSections('/etc/zester/peel.yaml', peelOptions),
  ],
};

function daemonSections(path: string, options: readonly Option[]): readonly Section[] {
  return [
    { heading: 'Flags', blocks: [flagTerms(daemonFlags), text('Each option below is a flag as well.')] },
    {
      heading: 'Options',
      blocks: [
        text(`Read from \`${path}\`, variables and flags; a flag wins over a variable, and that over the file.`),
        optionTerms(options),
      ],
    },
    {
      heading: 'Exit codes',
      blocks: [terms(['0', 'it stopped in order'], ['1', 'it could not run'], ['64', 'an option is wrong'])],
    },
  ];
}

/** What the options file of each program may say. */
export const optionsFile: Page = {
  name: 'options',
  summary: 'What the configuration of each program may say',
  sections: [
    {
      heading: 'How they are read',
      blocks: [
        text(
          'Default, then file, then variable, then flag: the last one counts. A key that is none is an error with the nearest one. Durations are written `30s`, `1h30m`, sizes `64MB`.',
        ),
      ],
    },
    { heading: 'zester: ~/.zester/config.yaml', blocks: [optionTerms(cliOptions)] },
    { heading: 'zester-master: /etc/zester/master.yaml', blocks: [optionTerms(masterOptions)] },
    { heading: 'zester-peel: /etc/zester/peel.yaml', blocks: [optionTerms(peelOptions)] },
  ],
};

function optionTerms(options: readonly Option[]): Block {
  const flags = new Map(optionFlags(options).map((flag) => [flag.name, flag]));
  return terms(
    ...options.map((option) => {
      const { key, summary, env, restart, secret } = option;
      const flag = [...flags.values()].find((each) => 'key' in each && each.key === key && each.refused === undefined);
      const fallback = defaultText(option);
      const more = [
        ...(fallback === undefined ? [] : [`default \`${fallback}\``]),
        ...(flag === undefined ? [] : [`flag \`${flagText(flag)}\``]),
        ...(env === undefined ? [] : [`variable \`${env}\``]),
        ...(secret ? ['never shown'] : []),
        ...(restart ? ['a new value needs a restart'] : []),
      ];
      return [key, `${summary}${more.length === 0 ? '' : ` (${more.join(', ')})`}`] as const;
    }),
  );
}

/** What travels on the bus, and what it keeps: the protocol. */
export const channelsPage: Page = {
  name: 'channels',
  summary: 'What travels on the bus, from whom to whom, and what the bus keeps',
  sections: [
    {
      heading: 'How to read it',
      blocks: [
        text(
          'The rights of each role are generated from this list. `{peel}` in a subject is the own id of the peel that sends or listens: the server sees to it. A body is MessagePack.',
        ),
      ],
    },
    { heading: 'Requests', blocks: [channelTerms((each) => each.reply !== undefined)] },
    { heading: 'Messages', blocks: [channelTerms((each) => each.reply === undefined)] },
    {
      heading: 'Stores',
      blocks: [
        terms(...Object.values(buckets).map((each) => [`${each.name} / ${each.key}`, storeText(each)] as const), [
          `${returnsStream.name} / ${returnsStream.subjects[0]}`,
          `What peels answer, each stored once, kept for ${daysText(returnsStream.maxAgeMs)}`,
        ]),
      ],
    },
  ],
};

function channelTerms(wanted: (channel: Channel) => boolean): Block {
  const some = (Object.values(channels) as readonly Channel[]).filter(wanted);
  return terms(
    ...some.map(({ pattern, summary, from, to, body, reply }) => {
      const parts = [
        `from ${from.join(' and ')}${to.length === 0 ? '' : ` to ${to.join(' and ')}`}`,
        ...keysText('holds', body),
        ...(reply === undefined ? [] : keysText('answered with', reply)),
      ];
      return [pattern, `${summary}; ${parts.join('; ')}`] as const;
    }),
  );
}

/** The keys of a body; one with a question mark may be missing. */
function keysText(verb: string, schema: Channel['body']): readonly string[] {
  const { def } = schema._zod as { def: { shape?: Readonly<Record<string, { _zod: { optin?: string } }>> } };
  const keys = Object.entries(def.shape ?? {}).map(([key, field]) =>
    field._zod.optin === 'optional' ? `${key}?` : key,
  );
  return keys.length === 0 ? [] : [`${verb} ${keys.join(', ')}`];
}

function storeText({ summary, ttlMs, storage, history, peelReads, peelWrites }: Bucket): string {
  const rights = [...(peelReads ? ['reads'] : []), ...(peelWrites ? ['writes'] : [])];
  return [
    summary,
    `${storage}, ${ttlMs === 0 ? 'for ever' : `for ${daysText(ttlMs)}`}`,
    ...(history > 1 ? [`${history} revisions`] : []),
    ...(rights.length === 0 ? [] : [`a peel ${rights.join(' and ')} its own`]),
  ].join('; ');
}

function daysText(ms: number): string {
  const days = ms / 86_400_000;
  return Number.isInteger(days) ? `${days} day${days === 1 ? '' : 's'}` : durationText(ms);
}
