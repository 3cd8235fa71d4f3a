import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A managed file: its template in the tree, and where it goes. */
export interface ManagedFile {
  readonly source: string;
  readonly target: string;
}

/** A state tree whose `many` manages so many small templated files. */
export function writeTree(
  tree: string,
  { count, target }: { readonly count: number; readonly target: string },
): readonly ManagedFile[] {
  mkdirSync(join(tree, 'many', 'files'), { recursive: true });
  const states = [`{% set base = '${target}' %}`];
  const files: ManagedFile[] = [];
  for (let index = 0; index < count; index++) {
    const name = fileName(index);
    const source = join(tree, 'many', 'files', name);
    writeFileSync(source, `# ${name} on {{ facts.id }}\n${'value = {{ port }}\n'.repeat(10)}`);
    files.push({ source, target: join(target, name) });
    states.push(
      `${name}:`,
      '  file.managed:',
      `    - name: {{ base }}/${name}`,
      `    - source: zester://many/files/${name}`,
      '    - template: jinja',
      `    - context: {port: ${portOf(index)}}`,
      '    - mode: "0640"',
      '    - makedirs: true',
    );
  }
  writeFileSync(join(tree, 'many', 'init.zy'), `${states.join('\n')}\n`);
  return files;
}

/** The same files, as CFEngine's policy: a template each, with data of its own. */
export function writePolicy(folder: string, { count, target }: { readonly count: number; readonly target: string }) {
  const policy = join(folder, 'policy.cf');
  mkdirSync(join(folder, 'templates'), { recursive: true });
  mkdirSync(target, { recursive: true });
  const promises: string[] = [];
  for (let index = 0; index < count; index++) {
    const name = fileName(index);
    const template = join(folder, 'templates', name);
    writeFileSync(template, `# ${name} on {{{vars.sys.fqhost}}}\n${'value = {{{port}}}\n'.repeat(10)}`);
    promises.push(
      `    "${join(target, name)}"`,
      '      create => "true",',
      `      edit_template => "${template}",`,
      '      template_method => "mustache",',
      `      template_data => parsejson('{"port": "${portOf(index)}"}'),`,
      '      perms => owner_only;',
    );
  }
  const text = [
    'body common control\n{\n  bundlesequence => { "many" };\n}',
    'body perms owner_only\n{\n  mode => "0640";\n  rxdirs => "false";\n}',
    `bundle agent many\n{\n  files:\n${promises.join('\n')}\n}`,
  ];
  // It refuses a policy that others may write.
  writeFileSync(policy, `${text.join('\n\n')}\n`, { mode: 0o600 });
  return policy;
}

/** What `native files` reads: the hash that each file, sources and targets, has now. */
export function writeFileList(path: string, files: readonly ManagedFile[]): string {
  const lines = files.flatMap(({ source, target }) => [source, target]).map((each) => `${sha256(each)} ${each}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function fileName(index: number): string {
  return `file-${String(index).padStart(4, '0')}`;
}

function portOf(index: number): number {
  return 8_000 + index;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
