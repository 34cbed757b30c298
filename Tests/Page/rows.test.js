import assert from 'node:assert';
import { test } from 'node:test';
import { joinedText, rowOf } from '../../Sources/CPage/Page/row.js';
import { chunkSize, Rows } from '../../Sources/CPage/Page/rows.js';

const log = (seq, payload) => rowOf(JSON.stringify({ type: 'log', seq, payload: { stream: 'stdout', ...payload } }));
const turn = () => new Promise((resolve) => setTimeout(resolve));

function stored(all, options = {}) {
  const asked = [];
  const rows = new Rows({
    load: async (after, limit, signal) => {
      asked.push(after);
      await turn();
      if (signal.aborted) throw new Error('aborted');
      return all.filter((row) => row.seq > after).slice(0, limit).map((row) => ({ ...row }));
    },
    onRows: () => {},
    ...options,
  });
  rows.last = all.at(-1)?.seq ?? 0;
  return { rows, asked };
}

test('a row is read from its envelope', () => {
  const row = rowOf('{"type":"log","seq":3,"ts":5,"payload":{"stream":"stderr","text":"a","eol":false}}');
  assert.deepStrictEqual(row, { seq: 3, ts: 5, type: 'log', start: 3, stream: 'stderr', eol: false, isJSON: false, text: 'a' });
  assert.strictEqual(rowOf('{"type":"log","seq":3,"payload":{"stream":"stdout","b64":"w6n/"}}').text, 'é\ufffd');
});

test('a JSON line is kept as it was written', () => {
  const line = '{"n":12345678901234567890, "n":1.0e1}';
  assert.strictEqual(rowOf(`{"type":"log","seq":3,"payload":{"stream":"stdout","json":${line}}}`).text, line);
  assert.strictEqual(rowOf(`{"type":"log","seq":3,"payload":{"json":{"a": 1},"stream":"stdout"}}`).text, '{"a":1}');
});

test('what is no envelope is none, and what is odd is shown', () => {
  for (const text of ['', 'x', '[]', 'null', '{"seq":0,"payload":{}}', '{"seq":1.5,"payload":{}}', '{"seq":1}', '{"seq":1,"payload":[]}']) {
    assert.strictEqual(rowOf(text), null, text);
  }
  assert.strictEqual(rowOf('{"type":"log","seq":1,"payload":{"stream":{},"text":5}}').stream, 'stdout');
  assert.strictEqual(rowOf('{"type":"log","seq":1,"payload":{"b64":"*"}}').text, '');
  assert.strictEqual(rowOf('{"type":"odd","seq":1,"payload":{"a":1}}').text, '{"a":1}');
});

test('pieces are joined as bytes if one of them is', () => {
  const [a, b] = [log(1, { b64: 'w6nD', eol: false }), log(2, { b64: 'qWY=' })];
  assert.strictEqual(joinedText([a, b]), 'ééf');
  assert.strictEqual(joinedText([log(1, { text: 'é' }), log(2, { b64: '/w==' })]), 'é\ufffd');
});

test('rows are fetched by chunks, and numbers without a row are known as such', async () => {
  const all = Array.from({ length: 600 }, (_, index) => log(index + 1, { text: `${index}` })).filter((row) => row.seq < 50 || row.seq > 70);
  const { rows, asked } = stored(all);
  assert.strictEqual(rows.at(10), undefined);
  rows.want([10, 300]);
  rows.want([10, 300]);
  await turn();
  await turn();
  assert.deepStrictEqual(asked, [0, chunkSize]);
  assert.strictEqual(rows.at(10).text, '9');
  assert.strictEqual(rows.at(60), null);
  assert.strictEqual(rows.at(599), undefined);
  rows.want([10, 300]);
  assert.strictEqual(asked.length, 2);
});

test('a request that nobody waits for any more is given up', async () => {
  const { rows } = stored(Array.from({ length: 600 }, (_, index) => log(index + 1, { text: 'x' })));
  rows.want([1]);
  rows.want([600]);
  await turn();
  await turn();
  assert.strictEqual(rows.at(1), undefined);
  assert.strictEqual(rows.at(600).seq, 600);
});

test('live rows come once, in order, and need no fetching', () => {
  const { rows } = stored([]);
  const told = [];
  const live = new Rows({ load: async () => [], onRows: (fresh) => told.push(...fresh.map((row) => row.seq)) });
  live.append([log(1, { text: 'a' }), log(2, { text: 'b' })]);
  live.append([log(2, { text: 'again' }), log(3, { text: 'c' })]);
  live.append([log(9, { text: 'after a gap' })]);
  assert.deepStrictEqual(told, [1, 2, 3, 9]);
  assert.strictEqual(live.at(2).text, 'b');
  assert.strictEqual(live.at(5), null);
  assert.strictEqual(live.last, 9);
  assert.strictEqual(rows.at(1), undefined);
});

test('live rows in a chunk that was never fetched do not pass for all of it', async () => {
  const { rows } = stored(Array.from({ length: 300 }, (_, index) => log(index + 1, { text: `${index}` })));
  rows.append([log(301, { text: 'live' })]);
  assert.strictEqual(rows.at(290), undefined);
  rows.want([290]);
  await turn();
  await turn();
  assert.strictEqual(rows.at(290).text, '289');
  assert.strictEqual(rows.at(301).text, 'live');
});

test('pieces of a line know its first one, over other streams and chunks, whichever comes first', async () => {
  const all = Array.from({ length: 520 }, (_, index) => log(index + 1, { text: `${index + 1} `, eol: index + 1 < 250 || index + 1 === 515 || index + 1 > 516 }));
  all[299] = rowOf('{"type":"log","seq":300,"payload":{"stream":"stderr","text":"other"}}');
  const { rows } = stored(all);
  rows.want([520]);
  await turn();
  await turn();
  assert.strictEqual(rows.at(513).start, 513);
  rows.want([1, 520]);
  rows.want([1, 300, 520]);
  for (let turns = 0; turns < 6; turns += 1) await turn();
  assert.strictEqual(rows.at(300).start, 300);
  assert.strictEqual(rows.at(301).start, 250);
  assert.strictEqual(rows.at(515).start, 250);
  assert.strictEqual(rows.at(516).start, 516);
  const line = rows.line(rows.at(250));
  assert.ok(line.startsWith('250 251 ') && line.endsWith('514 515 ') && !line.includes('other'));
  assert.strictEqual(rows.line(rows.at(1)), '1 ');
});

test('a line is not joined while pieces are missing', () => {
  const live = new Rows({ load: async () => [], onRows: () => {} });
  live.append([log(1, { text: 'a', eol: false }), log(2, { text: 'b', eol: false })]);
  assert.strictEqual(live.line(live.at(1)), undefined);
  live.append([log(3, { text: 'c' })]);
  assert.strictEqual(live.line(live.at(1)), 'abc');
});

test('what is kept is bounded, by number and by text', () => {
  const live = new Rows({ load: async () => [], onRows: () => {} });
  for (let seq = 1; seq <= 60_000; seq += 1) live.append([log(seq, { text: 'x' })]);
  assert.ok([...live.all()].length <= 97 * chunkSize);
  assert.strictEqual(live.at(1), undefined);
  assert.strictEqual(live.at(60_000).seq, 60_000);

  const big = new Rows({ load: async () => [], onRows: () => {} });
  const text = 'y'.repeat(1024 * 1024);
  for (let seq = 1; seq <= 200; seq += 1) big.append([log(seq, { text })]);
  assert.ok([...big.all()].reduce((sum, row) => sum + row.text.length, 0) < 70e6);
  assert.strictEqual(big.at(200).cut, text.length);
  assert.strictEqual(big.line(big.at(200)), undefined);
});
