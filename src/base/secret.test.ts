import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSecrets } from './secret.ts';

test('a line is shown without what its names or its looks say is secret', () => {
  const shown: readonly (readonly [line: string, shown: string])[] = [
    ['    - password: hunter2', '    - password: [secret]'],
    ["    - db-password: 'hunter2' # ours", '    - db-password: [secret]'],
    ['{user.present: {"api_key": "hunter2"}}', '{user.present: {"api_key": [secret]'],
    ['    - name: mysql --password=hunter2', '    - name: mysql --password=[secret]'],
    ['    - id: AKIAABCDEFGHIJKLMNOP', '    - id: [secret]'],
    ['    - password: "{{ settings.db.pasword }}"', '    - password: "{{ settings.db.pasword }}"'],
    ['    - password:', '    - password:'],
    ['    - conents: hello', '    - conents: hello'],
  ];

  assert.deepEqual(
    shown.map(([line]) => withoutSecrets(line)),
    shown.map(([, text]) => text),
  );
});
