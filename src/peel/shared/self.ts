/** The command that starts this very program in another role: an executable by itself, or the runtime with its entry. */
export function selfCommand(role: string): [string, ...string[]] {
  const entry = process.argv[1];
  if (entry?.endsWith('.ts') && !entry.startsWith('/$bunfs/')) return [process.execPath, entry, role];
  return [process.execPath, role];
}
