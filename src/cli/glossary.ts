import { type Page, terms, text } from './page.ts';

/** One word for one idea. */
export interface Term {
  readonly word: string;
  readonly means: string;
  /** What Salt, Puppet and Ansible call it, for who comes from there. */
  readonly elsewhere?: string;
  /** Words that code and pages do not use for it. */
  readonly not?: readonly string[];
}

export const glossary: readonly Term[] = [
  { word: 'ack', means: 'A peel has a job in its ledger, and will work on it' },
  { word: 'apply', means: 'Make a machine as its states say', elsewhere: 'state.apply, agent run, playbook run' },
  {
    word: 'basket',
    means: 'Data that peels publish for other peels',
    elsewhere: 'mine, exported resources',
  },
  { word: 'beacon', means: 'Something that watches a machine and sends an event', elsewhere: 'beacon' },
  {
    word: 'changes',
    means: 'What differs between a machine and a state: each field, from and to',
    elsewhere: 'changes',
  },
  { word: 'channel', means: 'A path of messages with one shape' },
  { word: 'context', means: 'A name for one fleet, with its servers and credentials' },
  {
    word: 'enrolment',
    means: 'How a peel joins: it asks, somebody approves, it gets its credentials',
    elsewhere: 'key acceptance, certificate signing',
  },
  { word: 'event', means: 'A message about something that happened, with a tag', elsewhere: 'event' },
  {
    word: 'facts',
    means: 'What a peel is: its system, its network, its hardware',
    elsewhere: 'grains, facts',
    not: ['grain', 'grains'],
  },
  { word: 'function', means: 'What a job runs once, on demand', elsewhere: 'execution module, task, module' },
  { word: 'job', means: 'One request to some peels, with an id (jid), a deadline and their returns', elsewhere: 'job' },
  { word: 'lint', means: 'What is wrong with a tree, found without a machine' },
  {
    word: 'master',
    means: 'The program that lets peels join, sends jobs and publishes the state tree; a client of NATS',
    elsewhere: 'master, server, control node',
  },
  { word: 'operator', means: 'A person with credentials: whoever asks for jobs' },
  { word: 'options', means: 'What a configuration file, a variable or a flag sets' },
  { word: 'outcome', means: 'What became of one state of a run' },
  {
    word: 'peel',
    means: 'The program on a managed machine, and that machine as the fleet knows it',
    elsewhere: 'minion, agent, managed node',
    not: ['minion', 'minions'],
  },
  { word: 'plan', means: 'What an apply would do, found by reading only', elsewhere: 'test=True, noop, check mode' },
  { word: 'reactor', means: 'Rules that answer events', elsewhere: 'reactor' },
  {
    word: 'refresh',
    means: 'What a state does because something it watches changed: a service restarts',
    elsewhere: 'mod_watch, notify, handler',
    not: ['modwatch'],
  },
  {
    word: 'requisite',
    means: 'What ties one state to another: require, watch, onchanges and others',
    elsewhere: 'requisite, metaparameter',
  },
  { word: 'return', means: 'What one peel answers to one job' },
  { word: 'revert', means: 'Take back what a run changed', not: ['rollback'] },
  { word: 'runner', means: 'The process that a peel starts for a job, and ends with it' },
  {
    word: 'settings',
    means: 'Data for chosen peels, which templates read',
    elsewhere: 'pillar, hiera, variables',
    not: ['pillar', 'pillars', 'hiera'],
  },
  {
    word: 'state',
    means: 'How something on a machine should be: a package installed, a file with this content',
    elsewhere: 'state, resource, task',
    not: ['recipe', 'recipes'],
  },
  {
    word: 'state file',
    means: 'A file of states, `.zy` or `.sls`, named by its place in the tree',
    elsewhere: 'SLS, manifest, playbook',
    not: ['sls', 'playbook', 'playbooks', 'cookbook'],
  },
  {
    word: 'state tree',
    means: 'The folder of state files, their sources and the top file, as masters publish it',
    elsewhere: 'file_roots',
  },
  { word: 'step', means: 'One state of a run, in its place', elsewhere: 'low chunk', not: ['lowchunk', 'lowstate'] },
  { word: 'target', means: 'The expression that chooses peels', elsewhere: 'target, node group, host pattern' },
  {
    word: 'top file',
    means: 'Which peels get which state files',
    elsewhere: 'top.sls, site.pp, inventory',
    not: ['highstate', 'inventory'],
  },
  { word: 'watchdog', means: 'The program that supervises another and exchanges its executable', not: ['supervisor'] },
];

/** Word that is not used → the one that is. */
export const avoided: Readonly<Record<string, string>> = Object.fromEntries(
  glossary.flatMap(({ word, not = [] }) => not.map((each) => [each, word] as const)),
);

export const glossaryPage: Page = {
  name: 'glossary',
  summary: 'One word for one idea, and what others call it',
  sections: [
    {
      heading: 'Words',
      blocks: [
        text('The same words are used in commands, pages, messages and code.'),
        terms(
          ...glossary.map(
            ({ word, means, elsewhere }) =>
              [word, elsewhere === undefined ? means : `${means}. Elsewhere: ${elsewhere}`] as const,
          ),
        ),
      ],
    },
  ],
};
