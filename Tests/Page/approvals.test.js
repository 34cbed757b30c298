import assert from 'node:assert';
import { test } from 'node:test';
import { userCodeIn } from '../../Sources/CPage/Page/approvals.js';
import { remaining } from '../../Sources/CPage/Page/format.js';

test('a code is read however it was typed, or from a fragment', () => {
  for (const text of ['1A0B-CDEF', '#1A0B-CDEF', ' 1a0bcdef ', 'iAoB cdef', 'L-A-O-B-C-D-E-F']) {
    assert.strictEqual(userCodeIn(text), '1A0B-CDEF', text);
  }
});

test('what can be no code is none', () => {
  for (const text of ['', '#', '1A0B-CDE', '1A0B-CDEFG', '1A0B-CD<F', '../../x/y', 'ÄAAAAAAA']) {
    assert.strictEqual(userCodeIn(text), null, text);
  }
});

test('what is left is told in minutes and seconds, and never less than nothing', () => {
  assert.strictEqual(remaining(Date.now() + 599_500), '10:00');
  assert.strictEqual(remaining(Date.now() + 61_500), '1:02');
  assert.strictEqual(remaining(Date.now() - 5), '0:00');
});
