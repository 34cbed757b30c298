// What stands in the folder, is compiled in, and keeps to the rules of the page's content security policy. For node only.

import assert from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const folder = new URL('../../Sources/CPage/Page/', import.meta.url);
const names = readdirSync(folder).sort();
const text = (name) => readFileSync(new URL(name, folder), 'utf8');
const table = readFileSync(new URL('../page.c', folder), 'utf8');

test('every file is embedded and in the table', () => {
  assert.deepStrictEqual([...table.matchAll(/#embed "Page\/([^"]+)"/g)].map((match) => match[1]).sort(), names);
  assert.deepStrictEqual([...table.matchAll(/FILE\("([^"]+)"/g)].map((match) => match[1]).sort(), names);
  assert.match(table, / files\[\] = \{\s*FILE\("index.html"/);
});

test('every import and every asset is a file', () => {
  for (const name of names) {
    for (const [, other] of text(name).matchAll(/(?:from '\.\/|\/assets\/)([\w.-]+)['"]/g)) assert.ok(names.includes(other), `${name}: ${other}`);
  }
});

test('nothing makes markup, styles or code of text', () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function|setAttribute\('style|DOMParser|createContextualFragment|\.cssText/;
  for (const name of names.filter((name) => name.endsWith('.js'))) assert.doesNotMatch(text(name), forbidden, name);
  assert.doesNotMatch(text('index.html'), /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
});

test('all of it has fewer than 180,000 bytes', () => {
  const size = names.reduce((sum, name) => sum + readFileSync(new URL(name, folder)).length, 0);
  assert.ok(size < 180_000, `${size} bytes`);
});
