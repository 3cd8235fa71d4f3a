import { ZesterError } from '#base/errors.ts';

// What keeps a folder from being a tree. The author of the tree acts, so the family is `source`.

/** `leadsTo` is where the link ends. */
export function linkLeaves(path: string, leadsTo: string): ZesterError {
  return new ZesterError(
    'source',
    'TREE_LINK_LEAVES',
    `Cannot take "${path}" into the tree: it leads out of it, to "${leadsTo}"`,
    {
      hint: 'Copy what it leads to into the tree, or name the folder it may lead into as one of the "link_dirs"',
    },
  );
}

/** Nothing is refused for it: linters tell of it. */
export function linkEmpty(path: string, why: string): ZesterError {
  return new ZesterError('source', 'TREE_LINK_EMPTY', `Cannot find files below "${path}": it is ${why}`, {
    hint: 'Remove the link, or make it lead to something of the tree',
  });
}

export function fileSpecial(path: string, kind: string): ZesterError {
  return new ZesterError('source', 'TREE_FILE_SPECIAL', `Cannot take "${path}" into the tree: it is a ${kind}`, {
    hint: 'Remove it: a tree has files, folders and links between them',
  });
}

export function fileUnreadable(path: string, cause: unknown): ZesterError {
  return new ZesterError(
    'source',
    'TREE_FILE_UNREADABLE',
    `Cannot take "${path}" into the tree: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, hint: 'Make it readable for who reads the tree, or move it out of the tree' },
  );
}

export function fileChanging(path: string): ZesterError {
  return new ZesterError(
    'source',
    'TREE_FILE_CHANGING',
    `Cannot take "${path}" into the tree: it changed while it was read`,
    {
      hint: 'Write files beside and rename them; what writes to them all the time does not belong into a tree',
    },
  );
}

/** `limit` as its option says it. */
export function treeLarge(what: string, limit: string): ZesterError {
  return new ZesterError('source', 'TREE_TOO_LARGE', `Cannot take ${what} into the tree: ${limit}`, {
    hint: 'Keep large files on a web server and name them with "source: https://…", or raise the limit',
  });
}

export function fileProtected(path: string, secret: string): ZesterError {
  return new ZesterError(
    'source',
    'TREE_FILE_PROTECTED',
    `Cannot take "${path}" into the tree: it holds what is in "${secret}"`,
    {
      hint: 'Remove it from the tree: every peel would get it; replace the keys in question if a tree with it was published before',
    },
  );
}
