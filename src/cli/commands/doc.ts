import { command } from '../command.ts';
import { findModules } from '../reference.ts';
import { showIndex, showModule } from '../report/module.ts';

export const doc = command({
  name: 'doc',
  summary: 'States and functions: all of them, one family, or one in full',
  positionals: [{ name: 'name', summary: 'group.present, or a family: group', completes: 'subject' }],
  examples: [
    { title: 'Everything there is', line: 'doc' },
    { title: 'One state', line: 'doc group.present' },
    { title: 'For a program', line: 'doc pkg --json' },
  ],
  bus: false,
  paged: true,
  async run({ name }, session) {
    const reference = await session.reference();
    const isOne = name?.includes('.') ?? false;
    return { isOne, modules: name === undefined ? reference.modules : findModules(reference, name) };
  },
  show: ({ isOne, modules }, style) =>
    isOne ? modules.map((each) => showModule(each, style)).join('\n') : showIndex(modules, style),
  plain: ({ isOne, modules }) => (isOne && modules.length === 1 ? modules[0] : modules),
});
