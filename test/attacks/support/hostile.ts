/** What is no id of a peel, and would be something else to a subject, a path, a terminal or a shell. */
export const hostileIds: readonly string[] = [
  ...['', ' ', '.', '..', '*', '>', 'web.*', 'web.>', 'a.b', '.web', 'web.', 'a..b', '../../etc/passwd', '/etc/passwd'],
  ...[
    'a/b',
    'a\\b',
    'a b',
    'a\nb',
    'a\r\nb',
    'a\0b',
    'a\tb',
    '\u001b[2Jweb',
    'web\u202e10',
    'wéb',
    '𝓌eb',
    '-web',
    '_web',
  ],
  ...['$SYS', '$KV', '_INBOX', '{{name()}}', '$HOME', '$(id)', '`id`', 'a;id', "a'b", 'a"b', '<script>', '%2e%2e'],
  ...['a'.repeat(129), 'x'.repeat(128).concat('yz')],
];

/** What is no id of a job. */
export const hostileJids: readonly string[] = [
  ...['', '*', '>', '.', '..', '../../x', 'a.b', 'a b', 'a\nb', 'a\0b', '/etc/passwd', '__proto__', 'constructor'],
  ...[
    '0'.repeat(26),
    '0'.repeat(28),
    '0'.repeat(300),
    `${'0'.repeat(26)}*`,
    `${'0'.repeat(26)}.`,
    `${'0'.repeat(26)}é`,
  ],
];
