import assert from 'node:assert';
import { test } from 'node:test';
import { ansiSpans, legible, onGround } from '../../Sources/CPage/Page/ansi.js';

const text = (line) => ansiSpans(line).map((span) => span.text).join('');
const styles = (line) => ansiSpans(line).map((span) => [span.text, span.style]);

test('a plain line is one plain span', () => {
  assert.deepStrictEqual(styles('abc'), [['abc', {}]]);
  assert.deepStrictEqual(styles(''), []);
});

test('colours and attributes begin and end', () => {
  assert.deepStrictEqual(styles('\x1b[1;31mred\x1b[22m thin\x1b[m plain'), [
    ['red', { bold: true, fg: 1 }],
    [' thin', { fg: 1 }],
    [' plain', {}],
  ]);
  assert.deepStrictEqual(styles('\x1b[2;3;4;7;9mx'), [['x', { dim: true, italic: true, underline: true, inverse: true, strike: true }]]);
  assert.deepStrictEqual(styles('\x1b[2;3;4;7;9;22;23;24;27;29mx'), [['x', {}]]);
  assert.deepStrictEqual(styles('\x1b[97;104mx\x1b[39;49my'), [['x', { fg: 15, bg: 12 }], ['y', {}]]);
});

test('256 colours and true colour are read, with semicolons and with colons', () => {
  assert.deepStrictEqual(styles('\x1b[38;5;9mx'), [['x', { fg: 9 }]]);
  assert.deepStrictEqual(styles('\x1b[38;5;208mx'), [['x', { fg: '255,135,0' }]]);
  assert.deepStrictEqual(styles('\x1b[48;5;232mx'), [['x', { bg: '8,8,8' }]]);
  assert.deepStrictEqual(styles('\x1b[38;2;1;2;3;1mx'), [['x', { fg: '1,2,3', bold: true }]]);
  assert.deepStrictEqual(styles('\x1b[38:2::1:2:3mx'), [['x', { fg: '1,2,3' }]]);
  assert.deepStrictEqual(styles('\x1b[4:3mx\x1b[4:0my'), [['x', { underline: true }], ['y', {}]]);
  assert.deepStrictEqual(styles('\x1b[58;5;1;3mx'), [['x', { italic: true }]]);
});

test('colours that are none change nothing', () => {
  for (const bad of ['38;5;256', '38;2;1;2', '38;2;300;0;0', '38;9;1', '38', '999', '38:2:1', '>1', '?1']) {
    assert.deepStrictEqual(styles(`\x1b[${bad}mx`).map(([, style]) => style.fg), [undefined], bad);
  }
});

test('what only ends as a colour does is none', () => {
  assert.deepStrictEqual(styles('\x1b[>4;1mx\x1b[?1;31my\x1b[1 mz'), [['xyz', {}]]);
});

test('what steers a terminal is dropped', () => {
  for (const sequence of [
    '\x1b[2J', '\x1b[?25l', '\x1b[1;2H', '\x1b[ q', '\x1b]0;title\x07', '\x1b]8;;http://evil\x1b\\', '\x1b]52;c;aGk=\x9c', '\x1bPq#0~~\x1b\\',
    '\x1b^pm\x1b\\', '\x1b_apc\x1b\\', '\x1bXsos\x1b\\', '\x1b(B', '\x1bM', '\x1b7', '\x1bc', '\x9b31m', '\x9d0;t\x9c', '\x90x\x9c',
  ]) {
    assert.strictEqual(text(`a${sequence}b`), 'ab', JSON.stringify(sequence));
  }
});

test('what is not complete hides nothing', () => {
  for (const line of ['a\x1b]0;rest', 'a\x1b[31', 'a\x1b', 'a\x1bPq rest', '\x1b]0;a\x1b[', 'a\x9d rest', '\x1b[31é']) {
    assert.strictEqual(text(line), line, JSON.stringify(line));
  }
  assert.strictEqual(text('\x1b]0;one\x1b]0;two\x07three'), '\x1b]0;onethree');
});

test('hostile lines are read in no time', () => {
  for (const unit of ['\x1b]', '\x1b[', '\x9d', '\x90\x9b', '\x1b[1;', '\x1b(', '\x1b[31m', '\x1bP\x1b[']) {
    const began = performance.now();
    ansiSpans(unit.repeat(300_000 / unit.length));
    assert.ok(performance.now() - began < 1000, JSON.stringify(unit));
  }
});

test('a colour is made legible on either ground, and left alone if it is', () => {
  assert.strictEqual(legible('0,0,0', false), 'rgb(0 0 0)');
  assert.strictEqual(legible('255,255,255', true), 'rgb(255 255 255)');
  assert.notStrictEqual(legible('255,255,0', false), 'rgb(255 255 0)');
  assert.notStrictEqual(legible('0,0,90', true), 'rgb(0 0 90)');
});

test('an ink that could not be read on its ground is black or white', () => {
  assert.deepStrictEqual(onGround(0, 0), { ground: 'rgb(28 28 26)', ink: 'rgb(255 255 255)' });
  assert.deepStrictEqual(onGround(15, 7), { ground: 'rgb(243 243 241)', ink: 'rgb(0 0 0)' });
  assert.deepStrictEqual(onGround('0,60,120', 15), { ground: 'rgb(0 60 120)', ink: 'rgb(243 243 241)' });
  assert.deepStrictEqual(onGround('255,255,0', '255,254,0').ink, 'rgb(0 0 0)');
  assert.deepStrictEqual(onGround(3, undefined).ink, 'rgb(0 0 0)');
});
