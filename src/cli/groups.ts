/** Commands by what they are for, and in that order, by their first words. A test finds a command that has no place. */
export const groups = [
  { title: 'Ask and act', words: ['run', 'apply', 'plan', 'target'] },
  { title: 'Jobs', words: ['job'] },
  { title: 'Peels', words: ['peel', 'enroll'] },
  { title: 'States', words: ['doc', 'explain', 'lint', 'migrate', 'schema'] },
  { title: 'Is everything well', words: ['ping', 'doctor'] },
  { title: 'Set up', words: ['init', 'ca', 'nats-auth', 'config', 'context', 'completion'] },
  { title: 'About zester', words: ['help', 'version'] },
] as const;

/** Where a command belongs. */
export function groupOf(name: string): (typeof groups)[number] | undefined {
  const [first = ''] = name.split(' ');
  return groups.find(({ words }) => (words as readonly string[]).includes(first));
}
