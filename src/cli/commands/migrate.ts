import { command } from '../command.ts';
import { readText } from '../files.ts';
import { exitCodes } from '../report/exit.ts';
import { isClean, showMigration } from '../report/migrate.ts';

export const migrate = command({
  name: 'migrate',
  summary: 'What Zester makes of the trees of a Salt master, and those trees written for Zester',
  notes: [
    'Without --out nothing is written: the report says of every file whether it runs as is, what would be changed in it, and what Zester does not have.',
    'Each tree is compiled for several kinds of machines, before and after: what would not come to the same is not changed.',
    'It ends with 0 when nothing is missing, with 1 when something is.',
  ],
  positionals: [{ name: 'tree', summary: 'A root of the files of Salt: /srv/salt', required: true }],
  flags: [
    { name: 'settings', summary: 'A root of its pillar: /srv/pillar', type: 'string', aliases: ['pillar'] },
    { name: 'out', summary: 'New folder to write the migrated trees to, as "states" and "settings"', type: 'string' },
    { name: 'nodegroups', summary: 'File with nodegroups to translate: /etc/salt/master', type: 'string' },
    { name: 'rename', summary: 'Write zester, settings and zester:// for salt, pillar and salt://', type: 'bool' },
  ],
  examples: [
    { title: 'What a tree would need', line: 'migrate /srv/salt --pillar /srv/pillar' },
    { title: 'The migrated trees', line: 'migrate /srv/salt --pillar /srv/pillar --out /srv/zester' },
    { title: 'In the words of Zester', line: 'migrate /srv/salt --out /srv/zester --rename' },
    { title: 'For a program', line: 'migrate /srv/salt --json' },
  ],
  bus: false,
  async run({ tree: states, settings, out, nodegroups: file, rename }) {
    // Loaded here: the engine comes with it, which no other command is to pay for.
    const { migrate: migrateTree } = await import('#migrate/migrate.ts');
    const nodegroups = file === undefined ? undefined : { path: file, text: readText(file) };
    return migrateTree({ states, settings, out, nodegroups, rename });
  },
  show: showMigration,
  exit: (report) => (isClean(report) ? exitCodes.ok : exitCodes.trouble),
});
