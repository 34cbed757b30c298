import assert from 'node:assert';
import { test } from 'node:test';
import { Heights } from '../../Sources/CPage/Page/heights.js';

test('rows that were never measured have the estimate', () => {
  const heights = new Heights(20);
  assert.strictEqual(heights.at(5), 0);
  heights.grow(1000);
  assert.strictEqual(heights.total, 20_000);
  assert.strictEqual(heights.top(501), 10_000);
  assert.strictEqual(heights.at(10_000), 501);
  assert.strictEqual(heights.at(9_999.5), 500);
  assert.strictEqual(heights.at(1e9), 1000);
  heights.reset(10);
  assert.strictEqual(heights.total, 10_000);
});

test('a height that is set moves all that follows, and setting it again changes nothing', () => {
  const heights = new Heights(20);
  heights.grow(1000);
  assert.ok(heights.set(300, 50.5));
  assert.ok(!heights.set(300, 50.5));
  assert.strictEqual(heights.top(300), 5980);
  assert.strictEqual(heights.top(301), 6030.5);
  assert.strictEqual(heights.total, 20_030.5);
  assert.ok(!heights.set(0, 1) && !heights.set(1001, 1));
  heights.grow(1200);
  assert.strictEqual(heights.total, 24_030.5);
});

test('rows without height are passed over, whole blocks of them too', () => {
  const heights = new Heights(10);
  heights.grow(5000);
  for (let row = 100; row < 4000; row += 1) heights.set(row, 0);
  assert.strictEqual(heights.next(99), 4000);
  assert.strictEqual(heights.previous(4000), 99);
  assert.strictEqual(heights.at(990), 4000);
  assert.strictEqual(heights.at(989), 99);
  assert.strictEqual(heights.next(5000), 0);
  assert.strictEqual(heights.previous(1), 0);
});

test('rows may begin beyond a base', () => {
  const base = 9_000_000_000;
  const heights = new Heights(10, base);
  heights.grow(base + 300);
  heights.set(base + 2, 30);
  assert.strictEqual(heights.last, base + 300);
  assert.strictEqual(heights.total, 3020);
  assert.strictEqual(heights.top(base + 3), 40);
  assert.strictEqual(heights.at(0), base + 1);
  assert.strictEqual(heights.at(39), base + 2);
  assert.strictEqual(heights.next(base + 1), base + 2);
  assert.strictEqual(heights.previous(base + 1), 0);
  heights.reset(5);
  assert.strictEqual(heights.total, 1500);
});

test('it agrees with a plain list, whatever is done', () => {
  let seed = 20260731;
  const random = (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const heights = new Heights(16);
  const plain = [];
  for (let step = 0; step < 4000; step += 1) {
    if (random(10) === 0) {
      for (let more = random(60); more > 0; more -= 1) plain.push(16);
      heights.grow(plain.length);
    } else if (plain.length > 0) {
      const row = random(plain.length) + 1;
      plain[row - 1] = random(4) === 0 ? 0 : random(100);
      heights.set(row, plain[row - 1]);
    }
    if (step % 20 !== 0 || plain.length === 0) continue;
    const row = random(plain.length) + 1;
    const top = plain.slice(0, row - 1).reduce((sum, height) => sum + height, 0);
    assert.strictEqual(heights.top(row), top, `step ${step}`);
    assert.strictEqual(heights.total, plain.reduce((sum, height) => sum + height, 0));
    if (plain[row - 1] > 0) assert.strictEqual(heights.at(top), row);
    assert.strictEqual(heights.next(row), plain.findIndex((height, index) => index >= row && height > 0) + 1);
    assert.strictEqual(heights.previous(row), plain.slice(0, row - 1).findLastIndex((height) => height > 0) + 1);
  }
});
