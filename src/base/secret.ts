/** A value that never shows itself: every string form of it is `[secret]`; only `reveal` gives it out. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return masked;
  }

  toJSON(): string {
    return masked;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return masked;
  }
}

export const masked = '[secret]';

export const privateKey = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

/** Texts that are secrets whatever stands around them. */
export const secretTexts: readonly (readonly [pattern: RegExp, what: string])[] = [
  [privateKey, 'a private key'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'an access key of AWS'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a token of GitHub'],
  [/\bglpat-[A-Za-z0-9_-]{20,}\b/, 'a token of GitLab'],
  [/\bxox[abprs]-[A-Za-z0-9-]{20,}/, 'a token of Slack'],
  [/\bS[NAU][A-Z2-7]{56}\b/, 'a seed of an nkey'],
];

/** Whether what has this name is a secret, by the name alone: `db_password`, `api-key`. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll('-', '_'));
}

const secretName =
  /(?:^|_)(?:password|passwd|passphrase|secret|secret_key|api_key|apikey|access_key|private_key|token)$/i;

/** A line of a file without what looks like a secret: everything after `password:`, and what is one by its look. */
export function withoutSecrets(line: string): string {
  const named = [...line.matchAll(/([\w-]+)['"]?\s*[:=]\s*(?=\S)/g)].find(([, name = '']) => isSecretName(name));
  const valueAt = named === undefined ? line.length : named.index + named[0].length;
  // An expression says where the secret is, and is what its author has to mend.
  const value = line.slice(valueAt);
  const open = value === '' || /^['"]?\{\{/.test(value) ? line : `${line.slice(0, valueAt)}${masked}`;
  return secretTexts.reduce((text, [pattern]) => text.replace(new RegExp(pattern, 'g'), masked), open);
}
