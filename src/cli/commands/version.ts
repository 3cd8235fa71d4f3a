import { build, versionText } from '#base/version.ts';
import { command } from '../command.ts';

export const version = command({
  name: 'version',
  summary: 'The version of this program',
  examples: [{ title: 'Version, commit and date', line: 'version' }],
  bus: false,
  run: async () => ({ version: build.version, commit: build.commit, built: build.date }),
  show: () => `${versionText('zester')}\n`,
});
