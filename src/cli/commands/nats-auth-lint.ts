import { type Lint, lintCredentials } from '#trust/lint.ts';
import { command } from '../command.ts';
import { readText } from '../files.ts';
import { paint } from '../report/style.ts';

export const natsAuthLint = command({
  name: 'nats-auth lint',
  summary: 'Examine credentials files offline: are they in date, whole, and of a role',
  positionals: [{ name: 'files', summary: 'Credentials files', required: true, many: true }],
  examples: [{ title: 'The credentials of an administrator', line: 'nats-auth lint admin.creds' }],
  bus: false,
  run: async ({ files }, { clock }) =>
    files.map((file): Lint & { file: string } => ({ file, ...lintCredentials(readText(file), clock.now()) })),
  show: (lints, style) =>
    lints
      .flatMap(({ file, name, key, expiresAt, problems }) => [
        `${file}: ${name} ${key}, ${expiresAt === undefined ? 'does not expire' : `until ${new Date(expiresAt).toISOString()}`}`,
        ...problems.map(({ level, text }) => `  ${paint(style, level === 'error' ? 'red' : 'yellow', level)} ${text}`),
        '',
      ])
      .join('\n'),
  exit: (lints) => (lints.some(({ problems }) => problems.some(({ level }) => level === 'error')) ? 1 : 0),
});
