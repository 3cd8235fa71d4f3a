import assert from 'node:assert/strict';
import { test } from 'node:test';
import explanations from '../explanations.json' with { type: 'json' };
import { explain } from '../explanations.ts';
import { showExplanations } from './explanation.ts';
import { plainStyle } from './style.ts';

test('the page of every error says what to do and who does it, and shows what is related', async () => {
  for (const { code } of explanations.errors) {
    const page = showExplanations(await explain(code), plainStyle);

    assert.match(page, /\nWhat to do:\n {2}.*\p{L}/u, code);
    assert.match(page, /\nWho acts next:\n {2}\p{L}/u, code);
  }
  assert.match(
    showExplanations(await explain('ARGUMENT_SHAPE'), plainStyle),
    /\nRelated:\n {2}ARGUMENT_INVALID, ARGUMENT_MISSING, /,
  );
});
