import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkChanges, gather } from './changes.ts';

test('a change is one paragraph of sentences in a file named for it', () => {
  const messages = (path: string, text: string) => checkChanges([{ path, text }]).map(({ message }) => message);

  assert.deepEqual(messages('changes/slow-start.md', 'A peel starts twice as fast.\n'), []);
  assert.deepEqual(messages('changes/Slow.md', 'A peel starts twice as fast.\n'), ['is not named for its change']);
  assert.deepEqual(messages('changes/slow.md', 'One.\n\nTwo.\n'), ['is not one paragraph']);
  assert.deepEqual(messages('changes/slow.md', '# Slow\n'), ['is not one paragraph']);
  assert.deepEqual(messages('changes/slow.md', 'faster now'), ['is not made of sentences']);
  assert.deepEqual(messages('changes/slow.md', `A ${'very '.repeat(200)}fast peel.`), ['has 1012 characters']);
});

test('a release gathers its changes above the earlier ones', () => {
  const changes = [
    { path: 'changes/b.md', text: 'Second\nof two.\n' },
    { path: 'changes/a.md', text: 'First.\n' },
  ];

  const changelog = gather('# Changelog\n\nNews.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n', {
    version: '0.2.0',
    date: '2026-02-02',
    changes,
  });

  assert.equal(
    changelog,
    '# Changelog\n\nNews.\n\n## 0.2.0 (2026-02-02)\n\n- First.\n- Second of two.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n',
  );
});
