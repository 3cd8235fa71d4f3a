import { isError, ZesterError } from '#base/errors.ts';
import type { Rule } from '#engine/top-file.ts';
import { match, parse, type Target, type TargetType } from '#target/index.ts';
import type { Profile } from '../profiles.ts';

/** Whether a target means a machine, as far as its facts tell: ids, settings and addresses are not known. */
export type ProfileMatch = 'yes' | 'no' | 'perhaps';

/** A rule's target as it is understood; undefined when it needs a nodegroup, which no file of a tree defines. Throws `TARGET_SYNTAX`. */
export function targetOf({ target, dialect, match: type, placeIn }: Rule): Target | undefined {
  const isNative = dialect === 'native' && type === undefined;
  try {
    return parse(target, isNative ? {} : { dialect: 'salt', type: (type ?? 'compound') as TargetType });
  } catch (thrown) {
    if (isError(thrown, 'TARGET_GROUP_UNKNOWN')) return undefined;
    if (!isError(thrown)) throw thrown;
    const { family, code, message, hint, at } = thrown;
    throw new ZesterError(family, code, message, { at: placeIn((at?.column ?? 1) - 1), hint, cause: thrown });
  }
}

export function matchesProfile(target: Target | undefined, profile: Profile): ProfileMatch {
  switch (target?.kind) {
    case 'all':
      return 'yes';
    case 'none':
      return 'no';
    case 'fact': {
      const [first = ''] = target.text.split(target.delimiter === '.' ? /[.:]/ : target.delimiter);
      const isKnown = first.split('.').some((key) => key in profile.facts || key in profile.grains);
      if (target.of === 'settings' || !isKnown) return 'perhaps';
      return match(target, profile) ? 'yes' : 'no';
    }
    case 'not': {
      const inner = matchesProfile(target.item, profile);
      return inner === 'perhaps' ? inner : inner === 'yes' ? 'no' : 'yes';
    }
    case 'and': {
      const all = target.items.map((item) => matchesProfile(item, profile));
      return all.includes('no') ? 'no' : all.includes('perhaps') ? 'perhaps' : 'yes';
    }
    case 'or': {
      const all = target.items.map((item) => matchesProfile(item, profile));
      return all.includes('yes') ? 'yes' : all.includes('perhaps') ? 'perhaps' : 'no';
    }
    default:
      return 'perhaps';
  }
}
