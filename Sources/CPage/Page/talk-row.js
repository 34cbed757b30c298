// A row of the conversation: what an event means to a reader. What means nothing has no element.

import { blocksOf } from './blocks.js';
import { h } from './dom.js';
import { size } from './format.js';
import { logRow, shell } from './log-row.js';
import { markdownBlocks, markdownSpans } from './markdown.js';
import { isObject, parsed, stringOf } from './json.js';
import { statusLine } from './statuses.js';
import { appendText, moreElement } from './text.js';
import { visibleLine } from './visible.js';

/** The row's element in the conversation, null if it has none. `talk` knows rows, pairs and what is unfolded. */
export function talkRow(row, talk) {
  if (talk.isRevealed(row.seq)) return logRow(row, talk.rows, talk.unfolded);
  if (row.type === 'status') return statusLine(row.status).isQuiet ? null : logRow(row, talk.rows, talk.unfolded);
  if (row.start !== row.seq) return null;
  if (row.stream !== 'stdout') return logRow(row, talk.rows, talk.unfolded);
  const blocks = talk.blocks(row);
  if (blocks === undefined) return bigRow(row, talk);
  if (blocks === null) return row.isJSON ? eventRow(row, talk) : logRow(row, talk.rows, talk.unfolded);
  const shown = blocks.map((block, index) => blockElement(block, `${row.seq}/${index}`, row, talk)).filter(Boolean);
  if (shown.length === 0) return null;
  return shell(row, shown[0].dataset.block, h('div.blocks', {}, shown));
}

/** Reads a row's event: its blocks, null if it is none, undefined if the line is too long or not all here. */
export function readBlocks(row, rows) {
  if (row.delta) {
    const texts = rows.thread(row).map((piece) => blocksOf(parsed(piece.text))?.[0]?.text ?? '');
    return [{ kind: 'text', text: texts.join('') }];
  }
  const line = rows.line(row);
  if (line === undefined) return undefined;
  return line.trimStart()[0] === '{' ? blocksOf(parsed(line)) : null;
}

function blockElement(block, key, row, talk) {
  switch (block.kind) {
    case 'prompt':
      return box('prompt', key, block.text, talk, h('span.who', {}, 'Prompt'));
    case 'text':
      return proseElement(block.text, key, talk);
    case 'thinking':
      return fold('thinking', key, talk, [h('span.name', {}, 'Thinking'), h('span.about', {}, visibleLine(block.text))], () => [pre(block.text, key, talk)]);
    case 'call':
      return callElement(block, key, talk, block.id ? talk.resultOf(block.id, row.seq) : null);
    case 'result':
      return resultElement(block, key, row, talk);
    case 'done':
      return doneElement(block, key, row, talk);
    case 'error':
      return box(block.isMild ? 'error mild' : 'error', key, block.text, talk, null, 'error');
    case 'note':
      return box('note', key, block.text, talk);
    default:
      return fold('raw', key, talk, [h('span.name', {}, visibleLine(block.name ?? 'event', 60))], () => [pre(stringOf(block.value, 2), key, talk)]);
  }
}

function box(classes, key, text, talk, head = null, kind = classes) {
  const body = h('div.body', { dir: 'auto' });
  appendText(body, text, more(key, talk));
  return h('div', { class: `block ${classes}`, 'data-block': kind }, head, body);
}

function proseElement(text, key, talk) {
  const element = h('div.block.prose', { 'data-block': 'text', dir: 'auto' });
  const { limit, more: show } = more(key, talk);
  element.append(...markdownBlocks(text.slice(0, limit)).map(markdownElement));
  if (text.length > limit) element.append(moreElement(text.length, limit, show));
  return element;
}

function markdownElement(block) {
  if (block.kind === 'rule') return h('hr');
  const element = block.kind === 'code' ? h('pre', { dir: 'ltr' }) : h(block.kind === 'heading' ? 'h3' : 'p', { dir: 'auto' });
  if (block.kind === 'code') {
    appendText(element, block.text, { limit: Infinity });
    return element;
  }
  for (const span of markdownSpans(block.text)) {
    const target = span.style === '' ? element : h(span.style === 'code' ? 'code' : 'strong');
    appendText(target, span.text, { limit: Infinity });
    if (target !== element) element.append(target);
  }
  return element;
}

function callElement(call, key, talk, result) {
  const state = result === null ? 'open' : result.isError ? 'bad' : 'good';
  const words = { open: 'no result yet', bad: 'failed', good: 'done' };
  const shown = result?.call ?? call;
  const summary = [
    h('span', { class: `dot ${state}` }),
    h('span.name', {}, visibleLine(shown.name, 60)),
    h('span.about', {}, visibleLine(shown.about)),
    h('span.outcome', {}, words[state]),
  ];
  return fold('call', key, talk, summary, () => [...inputElements(shown, key, talk), ...resultElements(result, key, talk)]);
}

function resultElement(result, key, row, talk) {
  if (result.id && talk.isPaired(result.id, row.seq)) return null;
  if (result.call) return callElement(result.call, key, talk, result);
  const summary = [h('span', { class: `dot ${result.isError ? 'bad' : 'good'}` }), h('span.name', {}, 'Result'), h('span.about', {}, visibleLine(result.text))];
  return fold('result', key, talk, summary, () => resultElements(result, key, talk));
}

function inputElements(call, key, talk) {
  const { input } = call;
  if (input === undefined || input === null || input === '') return [];
  const members = isObject(input) ? Object.entries(input) : [['Input', input]];
  const shown = members.length <= 12 ? members : [['Input', input]];
  return shown.flatMap(([name, value], index) => [h('h4', {}, visibleLine(name, 60)), pre(stringOf(value ?? 'null', 2), `${key}/in${index}`, talk)]);
}

function resultElements(result, key, talk) {
  if (!result) return [];
  if (result.isAway) return [h('h4', {}, 'Result'), h('p.note', {}, 'being fetched')];
  return [h('h4', {}, result.isError ? 'Result: failed' : 'Result'), pre(result.text === '' ? '(nothing)' : result.text, `${key}/out`, talk)];
}

function doneElement(block, key, row, talk) {
  const facts = block.facts.join(' · ');
  const head = h('span.facts', {}, block.isError ? `Failed${facts ? ` · ${facts}` : ''}` : facts || 'Done');
  const text = block.text !== '' && !talk.wasSaid(block.text, row.seq) ? block.text : '';
  const element = h('div', { class: `block done${block.isError ? ' bad' : ''}`, 'data-block': 'done' }, head);
  if (text === '') return element;
  const body = h('div.body', { dir: 'auto' });
  appendText(body, text, more(key, talk));
  element.append(body);
  return element;
}

function eventRow(row, talk) {
  const type = parsed(row.text)?.type;
  return rawRow(row, talk, typeof type === 'string' ? type : 'JSON');
}

function bigRow(row, talk) {
  const pieces = talk.rows.thread(row);
  const length = pieces.reduce((sum, piece) => sum + (piece.cut ?? piece.text.length), 0);
  return rawRow(row, talk, `A line of ${pieces.at(-1).eol ? '' : 'at least '}${size(length)}`, length);
}

function rawRow(row, talk, name, whole) {
  const key = `${row.seq}/0`;
  const summary = [h('span.name', {}, visibleLine(name, 60)), h('span.about', {}, visibleLine(row.text))];
  return shell(row, 'raw', h('div.blocks', {}, fold('raw', key, talk, summary, () => [pre(row.text, key, talk, whole)])));
}

// A fold's inside is made when it is opened, and not before.
function fold(kind, key, talk, summary, inside) {
  const isOpen = talk.unfolded.isOpen(key);
  const element = h('details', { class: `block fold ${kind}`, 'data-block': kind, open: isOpen }, h('summary', {}, summary));
  if (isOpen) element.append(...inside());
  element.addEventListener('toggle', () => {
    if (element.open === talk.unfolded.isOpen(key)) return;
    talk.unfolded.setOpen(key, element.open);
    talk.hold();
    if (element.open) element.append(...inside());
    else while (element.children.length > 1) element.lastChild.remove();
  });
  return element;
}

function pre(text, key, talk, whole) {
  const element = h('pre', { dir: 'ltr' });
  appendText(element, text, { ...more(key, talk), ...(whole ? { whole } : {}) });
  return element;
}

function more(key, talk) {
  return { limit: talk.unfolded.limit(key), more: (limit) => talk.unfolded.setLimit(key, limit) };
}
