import assert from 'node:assert';
import { test } from 'node:test';
import { EventParser } from '../../Sources/CPage/Page/sse.js';

const encoder = new TextEncoder();

function events(...pieces) {
  const found = [];
  const parser = new EventParser((event) => found.push(event));
  for (const piece of pieces) parser.feed(typeof piece === 'string' ? encoder.encode(piece) : piece);
  return found;
}

test('an event has its type, id and data', () => {
  assert.deepStrictEqual(events('event: log\nid: 42\ndata: {"a":1}\n\n'), [{ type: 'log', id: '42', data: '{"a":1}' }]);
});

test('without a type it is a message, and one blank behind the colon is dropped', () => {
  assert.deepStrictEqual(events('data:  a\ndata:b\ndata\n\n'), [{ type: 'message', id: undefined, data: ' a\nb\n' }]);
});

test('comments, unknown fields and events without data are nothing', () => {
  assert.deepStrictEqual(events(': hello\nretry: 5\nfoo: bar\n\nid: 3\nevent: x\n\n'), []);
});

test('an id is that of its own event only, and one with NUL is none', () => {
  const found = events('id: 1\ndata: a\n\ndata: b\n\nid: \0\ndata: c\n\n');
  assert.deepStrictEqual(found.map((event) => event.id), ['1', undefined, undefined]);
});

test('every line end is one, cut anywhere', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const bytes = encoder.encode(['\ufeffevent: log', 'id: 7', 'data: é', 'data: 🙂', '', 'data: z', '', ''].join(end));
    const expected = [{ type: 'log', id: '7', data: 'é\n🙂' }, { type: 'message', id: undefined, data: 'z' }];
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepStrictEqual(events(bytes.slice(0, cut), bytes.slice(cut)), expected, `${JSON.stringify(end)} cut at ${cut}`);
    }
    assert.deepStrictEqual(events(...Array.from(bytes, (byte) => Uint8Array.of(byte))), expected);
  }
});

test('an event that was cut off is not told', () => {
  assert.deepStrictEqual(events('data: whole\n\ndata: half\n'), [{ type: 'message', id: undefined, data: 'whole' }]);
});

test('a line without end is refused', () => {
  const parser = new EventParser(() => {});
  const piece = new Uint8Array(1024 * 1024).fill(0x61);
  assert.throws(() => {
    for (let count = 0; count < 10; count += 1) parser.feed(piece);
  }, RangeError);
});
