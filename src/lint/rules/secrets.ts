import { isSecretName, privateKey, secretTexts } from '#base/secret.ts';
import { textOf } from '#engine/node.ts';
import { argumentMeta } from '#kit/arguments.ts';
import { unknownText } from '../compile/unknown.ts';
import type { Found } from '../finding.ts';
import { rule } from '../rule.ts';
import { isStateFile, type Survey } from '../survey.ts';
import { argumentOf, stepsOf, wantedBy } from './steps.ts';

export const secretPlain = rule({
  code: 'SECRET_PLAIN',
  severity: 'warning',
  summary: 'A private key, an access token or a password that anybody who sees the tree can read',
  why: 'It lies in clear on the master, in git and in every copy. Keep it out of the tree; a state takes it from the settings',
  bad: {
    'web.zy':
      '/etc/app.key:\n  file.managed:\n    - mode: "0600"\n    - contents: |\n        -----BEGIN PRIVATE KEY-----\n        MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n        -----END PRIVATE KEY-----\n',
  },
  good: { 'web.zy': '/etc/app.key:\n  file.managed:\n    - mode: "0600"\n    - contents_settings: app:key\n' },
  *find(survey) {
    for (const path of survey.paths) yield* secretsIn(path, survey);
    yield* secretArguments(survey);
  },
});

export const secretUnsealed = rule({
  code: 'SECRET_UNSEALED',
  severity: 'warning',
  of: 'settings',
  summary: 'A value marked `!encrypted` that is not sealed',
  why: 'The mark alone does not hide it in the tree: a sealed value begins with ENC[',
  bad: { 'top.zy': "base:\n  '*': app\n", 'app.zy': 'password: !encrypted hunter2-hunter2\n' },
  good: { 'top.zy': "base:\n  '*': app\n", 'app.zy': 'password: !encrypted ENC[nkey,bm90IGEgc2VjcmV0]\n' },
  *find(survey) {
    for (const path of survey.paths.filter(isStateFile)) {
      for (const [index, line] of survey.textOf(path).split('\n').entries()) {
        const found = /^[^#'"]*!encrypted\s+(?![|>]\s*$)(['"]?)(?!ENC\[)\S/.exec(line);
        if (found === null) continue;
        yield {
          message: 'This value is marked, but not sealed',
          hint: 'Write a value that is sealed, or leave the secret out of the tree',
          at: { file: path, line: index + 1, column: line.indexOf('!encrypted') + 1 },
        };
      }
    }
  },
});

export const secretReadable = rule({
  code: 'SECRET_READABLE',
  severity: 'warning',
  of: 'states',
  summary: 'A file for a private key or for passwords that everyone may read, or whose mode is not said',
  why: 'A new file is readable for all users of the machine, unless its mode says otherwise',
  bad: { 'web.zy': '/etc/ssl/private/app.key:\n  file.managed:\n    - contents_settings: app:key\n' },
  good: {
    'web.zy': '/etc/ssl/private/app.key:\n  file.managed:\n    - contents_settings: app:key\n    - mode: "0600"\n',
  },
  *find(survey) {
    for (const { step, machine } of stepsOf(survey)) {
      const { name, mode, contents } = wantedBy(step);
      if (step.state !== 'file.managed' || typeof name !== 'string' || name.includes(unknownText)) continue;
      const isSecret = isSecretPath(name) || (typeof contents === 'string' && privateKey.test(contents));
      if (!isSecret || (typeof mode === 'number' && (mode & 0o007) === 0)) continue;
      yield {
        message: mode === undefined ? `Nothing says who may read "${name}"` : `Everyone may read "${name}"`,
        hint: 'Add "- mode: \'0600\'"',
        at: argumentOf(step, 'mode')?.value.at ?? step.at,
        profile: machine.profile.name,
      };
    }
  },
});

/** Words that stand where a secret will be, and hashes, which are kept in clear by design. */
const harmless =
  /^(?:changeme|change-me|secret|password|example|test|none|null|true|false|yes|no|x+|\*+|!+)$|^\$(?:1|2[aby]|5|6|y|gy|7|argon2\w*)\$|^[!*]|^ENC\[|^(?:\/|\.\/|https?:|zester:|salt:|__slot__)/i;

function* secretsIn(path: string, { textOf: read, of }: Survey): Generator<Found> {
  if (!/\.(zy|sls|jinja2?|j2|ya?ml|json|conf|cfg|ini|env|toml|txt|sh|key|pem)$/.test(path)) return;
  for (const [index, line] of read(path).split('\n').entries()) {
    const [match, what] =
      secretTexts.map(([pattern, name]) => [pattern.exec(line), name] as const).find(([found]) => found) ?? [];
    const found = match ?? (of === 'settings' && isStateFile(path) ? passwordIn(line) : undefined);
    if (!found) continue;
    yield {
      message: `${what ?? 'A secret'} stands here in clear`.replace(/^a/, 'A'),
      hint: 'Take it out of the tree and make a new one: what was in a repository is known',
      at: { file: path, line: index + 1, column: found.index + 1 },
    };
  }
}

/** `db_password: hunter2`, as settings have it. */
function passwordIn(line: string): RegExpExecArray | undefined {
  const pair = /^\s*(?:- )?(['"]?)([\w-]+)\1:\s+(['"]?)([^\s'"#{}[\]|>&*!][^'"#{}]*?)\3\s*$/.exec(line);
  const [, , key = '', , value = ''] = pair ?? [];
  return pair && isSecretName(key) && value.length >= 6 && !harmless.test(value) ? pair : undefined;
}

/** Arguments that a state never shows, written down in the state file. */
function* secretArguments(survey: Survey): Generator<Found> {
  for (const { step, machine } of stepsOf(survey)) {
    if (step.work.kind === 'broken') continue;
    for (const [key, field] of Object.entries(step.work.state.args.shape)) {
      const argument = argumentMeta(field).secret ? argumentOf(step, key) : undefined;
      const text = argument && textOf(argument.value);
      if (!argument || !text || text.length < 4 || harmless.test(text) || text.includes(unknownText)) continue;
      const line = survey.textOf(argument.value.at.file).split('\n')[argument.value.at.line - 1] ?? '';
      if (line.includes('{{')) continue;
      yield {
        message: `"${key}" of "${step.id}" stands here in clear`,
        hint: 'Take it from the settings: {{ settings.name }}',
        at: argument.value.at,
        profile: machine.profile.name,
      };
    }
  }
}

function isSecretPath(path: string): boolean {
  // What package managers verify with is public, whatever its ending.
  if (/keyring|gpg|trusted|\/apt\/|\.pub(?:\.|$)/.test(path)) return false;
  return /\/(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.pgpass|\.netrc|\.my\.cnf|g?shadow)$|\.(?:keytab|p12|pfx|jks)$|\/private\/[^/]+\.(?:key|pem)$|\.key$/.test(
    path,
  );
}
