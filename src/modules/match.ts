import * as z from 'zod';
import { moduleFunction } from '#kit/function.ts';

/** What each function's target is, and how its page calls that. */
const kinds = {
  compound: { says: 'a compound target such as "G@os:Debian and web*" matches', target: 'web*', misses: 'db*' },
  glob: { says: 'a glob matches its id', target: 'web-*', misses: 'db-*' },
  pcre: { says: 'a regular expression matches its id', target: 'web-\\d+', misses: 'db-\\d+' },
  list: { says: 'a list names it', target: 'web-01,web-02', misses: 'web-02,web-03' },
  grain: { says: 'a fact or grain is as said', target: 'kernel:Linux', misses: 'kernel:FreeBSD' },
  grain_pcre: { says: 'a fact or grain matches a regular expression', target: 'kernel:^Lin', misses: 'kernel:BSD$' },
  pillar: { says: 'a setting is as said', target: 'role:web*', misses: 'role:db' },
  pillar_pcre: { says: 'a setting matches a regular expression', target: 'role:^w', misses: 'role:^d' },
  ipcidr: { says: 'one of its addresses lies in a network', target: '10.0.0.0/8', misses: '192.168.0.0/16' },
} as const;

const given = {
  facts: { kernel: 'Linux', network: { ipv4: ['10.0.0.5'] } },
  settings: { role: 'web' },
};

export const compound = matching('compound');
export const glob = matching('glob');
export const pcre = matching('pcre');
export const list = matching('list');
export const fact = matching('grain');
export const factPcre = matching('grain_pcre');
export const settings = matching('pillar');
export const settingsPcre = matching('pillar_pcre');
export const ipcidr = matching('ipcidr');

function matching(kind: keyof typeof kinds) {
  const { says, target, misses } = kinds[kind];
  return moduleFunction({
    name: `match.${kind}`,
    summary: `Whether this machine is meant: ${says}`,
    args: z.object({
      tgt: z
        .string()
        .describe('The target')
        .meta({ primary: true, aliases: ['target'] }),
      delimiter: z.string().default(':').describe('What stands between the names of a path, and before its value'),
    }),
    returns: 'True or false',
    changes: false,
    run: async ({ tgt, delimiter }, { matches }) => matches(tgt, kind, { delimiter }),
    examples: [
      { title: 'A target that means it', args: { tgt: target }, given, expect: true },
      { title: 'A target that means another', args: { tgt: misses }, given, expect: false },
    ],
  });
}
