import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blankComments, blankProse, importsOf } from './source.ts';

test('imports are found with the kind they are', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type { B } from './b.ts';",
    "import './effect.ts';",
    'import {',
    '  type C,',
    '  c,',
    "} from '#kit/c.ts';",
    "export * from './again.ts';",
    "const later = () => import('./later.ts');",
    "type Later = typeof import('./shape.ts');",
    "// import { no } from './comment.ts';",
    "/* import('./comment.ts') */",
  ].join('\n');

  assert.deepEqual(importsOf(text), [
    { specifier: './a.ts', kind: 'static' },
    { specifier: './b.ts', kind: 'type' },
    { specifier: './effect.ts', kind: 'static' },
    { specifier: '#kit/c.ts', kind: 'static' },
    { specifier: './again.ts', kind: 'static' },
    { specifier: './later.ts', kind: 'dynamic' },
    { specifier: './shape.ts', kind: 'type' },
  ]);
});

test('prose is blanked, code stays', () => {
  const cases: readonly (readonly [text: string, words: string])[] = [
    ["say('quoted'); // remark", 'say'],
    ["a + 'it\\'s' + b", 'a b'],
    ['a `text #{deep(`more #{b}`)} text` c', 'a deep b c'],
    ['`#{f({ a: 1 })}` + d', 'f a d'],
    ["match(/['`]quoted/) / 2 + b // remark", 'match b'],
    ['total / count / 3 + rest', 'total count rest'],
  ];

  for (const [written, words] of cases) {
    const text = written.replaceAll('#{', '${');

    const code = blankProse(text);

    assert.equal(code.length, text.length);
    assert.equal(
      code
        .match(/\w+/g)
        ?.filter((word) => !/\d/.test(word))
        .join(' '),
      words,
      text,
    );
  }
});

test('comments are blanked, strings stay', () => {
  assert.equal(blankComments("f('// no'); // yes\ng();"), "f('// no');       \ng();");
});
