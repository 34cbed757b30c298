import assert from 'node:assert';
import { test } from 'node:test';
import { visibleLine, visibleParts } from '../../Sources/CPage/Page/visible.js';

const shown = (text) => visibleParts(text).map((part) => part.text).join('');

test('text that hides nothing is itself', () => {
  for (const text of ['', 'abc\tdef\n', 'é 漢字 עברית', '👩‍👩‍👧 ☂️', 'می‌خواهم', '\u00a0']) {
    assert.deepStrictEqual(visibleParts(text), [{ text, isMark: false }]);
  }
});

test('controls, bidi marks and invisible characters are marks', () => {
  assert.deepStrictEqual(visibleParts('a\0\x1b\x7fb'), [
    { text: 'a', isMark: false },
    { text: '␀␛␡', isMark: true },
    { text: 'b', isMark: false },
  ]);
  for (const code of [0x0d, 0x85, 0xad, 0x200b, 0x200e, 0x202e, 0x2028, 0x2029, 0x2066, 0x2069, 0xfeff, 0x115f, 0x3164, 0x034f, 0xe0041, 0xe0100, 0x061c]) {
    const parts = visibleParts(`x${String.fromCodePoint(code)}y`);
    assert.strictEqual(parts.length, 3, code.toString(16));
    assert.ok(parts[1].isMark);
  }
  assert.strictEqual(shown('a\u202eb'), 'a⟨U+202E⟩b');
  assert.strictEqual(shown('\ud800x'), '⟨U+D800⟩x');
});

test('a joiner that joins nothing is a mark', () => {
  assert.strictEqual(shown('a\u200db'), 'a⟨U+200D⟩b');
  assert.strictEqual(shown('\u200c'), '⟨U+200C⟩');
  assert.strictEqual(shown('é\u200d'), 'é⟨U+200D⟩');
});

test('a line is one, of a limited length, of whatever it is made', () => {
  assert.strictEqual(visibleLine('a\n  b\u202e'), 'a b⟨U+202E⟩');
  assert.strictEqual(visibleLine('x'.repeat(500), 10), 'xxxxxxxxx…');
  assert.strictEqual(visibleLine({ toString: 1 }), '{"toString":1}');
  assert.strictEqual(visibleLine(undefined), '');
});
