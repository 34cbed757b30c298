import assert from 'node:assert';
import { test } from 'node:test';
import { ago, duration, outcome, size } from '../../Sources/CPage/Page/format.js';
import { Backoff } from '../../Sources/CPage/Page/live.js';

test('delays double up to a cap, are jittered from nothing, and begin anew', () => {
  const longest = new Backoff(() => 1);
  assert.deepStrictEqual(Array.from({ length: 8 }, () => longest.next()), [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  longest.reset();
  assert.strictEqual(longest.next(), 250);
  assert.strictEqual(new Backoff(() => 0).next(), 0);
});

test('numbers and times are as people read them', () => {
  assert.strictEqual(ago(1000, 5000), 'now');
  assert.strictEqual(ago(0, 200_000), '3 min ago');
  assert.strictEqual(ago(7_200_000, 0), 'in 2 h');
  assert.strictEqual(ago(null), '');
  assert.strictEqual(duration(450), '0.4 s');
  assert.strictEqual(duration(3_725_000), '1 h 2 min');
  assert.strictEqual(size(999), '999 B');
  assert.strictEqual(size(1200), '1.2 kB');
  assert.strictEqual(size(34e6), '34 MB');
  assert.strictEqual(outcome({ code: 0, outcome: 'ok' }), 'exit 0');
  assert.strictEqual(outcome({ signal: 'KILL', outcome: 'incomplete' }), 'SIGKILL, incomplete');
  assert.strictEqual(outcome({ signal: 15 }), 'signal 15');
  assert.strictEqual(outcome(null), '');
});
