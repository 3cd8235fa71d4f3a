import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { match } from '#target/match.ts';
import { parse } from '#target/parse.ts';
import type { ParseOptions, TargetType } from '#target/syntax.ts';

export interface Conformance {
  readonly cases: number;
  readonly passed: number;
  readonly failed: readonly string[];
}

interface File {
  readonly minion: {
    readonly id: string;
    readonly grains: Record<string, unknown>;
    readonly pillar: Record<string, unknown>;
    readonly nodegroups: NonNullable<ParseOptions['groups']>;
  };
  readonly cases: readonly { expr: string; match: boolean; type?: TargetType; delimiter?: string }[];
}

/** Does the Salt dialect choose the minion of the file exactly when Salt does? */
export async function run(file: string, { verbose = false }: { verbose?: boolean } = {}): Promise<Conformance> {
  const { minion, cases } = parseYaml(readFileSync(file, 'utf8')) as File;
  const subject = { id: minion.id, facts: {}, grains: minion.grains, settings: minion.pillar };
  const failed: string[] = [];
  for (const { expr, match: wanted, type = 'compound', delimiter = ':' } of cases) {
    const target = parse(expr, { dialect: 'salt', type, delimiter, groups: minion.nodegroups });
    const got = match(target, subject);
    if (got === wanted) continue;
    failed.push(`${type} ${expr}`);
    if (verbose) console.error(`${type} ${JSON.stringify(expr)}: Salt says ${wanted}, Zester says ${got}`);
  }
  return { cases: cases.length, passed: cases.length - failed.length, failed };
}

if (import.meta.main) console.log(await run(process.argv[2] ?? '', { verbose: true }));
