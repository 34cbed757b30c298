// A row of the conversation: what an event means to a reader. What means nothing has no element.

import { h } from './dom.js';
import { size } from './format.js';
import { parsed, partsOf, stringOf } from './json.js';
import { logRow, shell } from './log-row.js';
import { markdownBlocks, markdownSpans } from './markdown.js';
import { lengthOf } from './row.js';
import { appendText, moreElement } from './text.js';
import { visibleLine } from './visible.js';

/** The row's element in the conversation, null if it has none. `talk` is a SessionRows. */
export function talkRow(row, talk) {
	if (row.stream !== 'stdout' || talk.revealed.has(row.seq)) return logRow(row, talk);
	const blocks = talk.blocks(row);
	if (blocks === undefined) return bigRow(row, talk);
	if (blocks === null) return row.isJSON ? eventRow(row, talk) : logRow(row, talk);
	const shown = blocks
		.map((block, index) => ({ kind: block.kind, element: blockElement(block, `${row.seq}/${index}`, row, talk) }))
		.filter(({ element }) => element !== null);
	return shown.length === 0 ? null : shell(row, shown[0].kind, h('div.blocks', {}, shown.map(({ element }) => element)));
}

function blockElement(block, key, row, talk) {
	switch (block.kind) {
		case 'prompt':
			return box('prompt', key, block.text, talk, h('span.who', {}, 'Prompt'));
		case 'text':
			return proseElement(block.text, key, talk);
		case 'thinking':
			return fold('thinking', key, talk, head('Thinking', block.text), () => [pre(block.text, key, talk)]);
		case 'call':
			return callElement(block, key, talk, block.id ? talk.resultOf(block.id, row.seq) : null);
		case 'result':
			return resultElement(block, key, row, talk);
		case 'done':
			return doneElement(block, key, row, talk);
		case 'error':
			return box(block.isMild ? 'error mild' : 'error', key, block.text, talk);
		case 'note':
			return box('note', key, block.text, talk);
		default:
			return fold('raw', key, talk, head(block.name ?? 'event'), () => [pre(stringOf(block.value, 2), key, talk)]);
	}
}

function box(classes, key, text, talk, head = null) {
	return h('div', { class: `block ${classes}` }, head, appendText(h('div.body', { dir: 'auto' }), text, talk.extent(key)));
}

function proseElement(text, key, talk) {
	const { limit, more } = talk.extent(key);
	return h('div.block.prose', { dir: 'auto' },
		markdownBlocks(text.slice(0, limit)).map(markdownElement),
		text.length > limit ? moreElement(text.length, limit, more) : null,
	);
}

function markdownElement({ kind, text }) {
	const whole = { limit: Infinity };
	if (kind === 'rule') return h('hr');
	if (kind === 'code') return appendText(h('pre', { dir: 'ltr' }), text, whole);
	const element = h(kind === 'heading' ? 'h3' : 'p', { dir: 'auto' });
	for (const span of markdownSpans(text)) {
		if (span.style === '') appendText(element, span.text, whole);
		else element.append(appendText(h(span.style === 'code' ? 'code' : 'strong'), span.text, whole));
	}
	return element;
}

function callElement(call, key, talk, result) {
	const [state, word] = result === null ? ['open', 'no result yet'] : result.isError ? ['bad', 'failed'] : ['good', 'done'];
	const shown = result?.call ?? call;
	const summary = [h('span', { class: `dot ${state}` }), head(shown.name, shown.about), h('span.outcome', {}, word)].flat();
	return fold('call', key, talk, summary, () => [...inputElements(shown, key, talk), ...resultElements(result, key, talk)]);
}

function resultElement(result, key, row, talk) {
	if (result.id && talk.isPaired(result.id, row.seq)) return null;
	if (result.call) return callElement(result.call, key, talk, result);
	const summary = [h('span', { class: `dot ${result.isError ? 'bad' : 'good'}` }), ...head('Result', result.text)];
	return fold('result', key, talk, summary, () => resultElements(result, key, talk));
}

function inputElements({ input }, key, talk) {
	if (input === '') return [];
	return partsOf(input).flatMap(({ name, text }, index) => [h('h4', {}, visibleLine(name, 60)), pre(text, `${key}/in${index}`, talk)]);
}

function resultElements(result, key, talk) {
	if (!result) return [];
	if (result.isAway) return [h('h4', {}, 'Result'), h('p.note', {}, 'being fetched')];
	return [h('h4', {}, result.isError ? 'Result: failed' : 'Result'), pre(result.text === '' ? '(nothing)' : result.text, `${key}/out`, talk)];
}

function doneElement({ facts, text, isError }, key, row, talk) {
	const said = [isError ? 'Failed' : '', ...facts].filter(Boolean).join(' · ') || 'Done';
	const rest = talk.wasSaid(text, row.seq) ? '' : text;
	return box(isError ? 'done bad' : 'done', key, rest, talk, h('span.facts', {}, said));
}

function eventRow(row, talk) {
	const type = parsed(row.text)?.type;
	return rawRow(row, talk, typeof type === 'string' ? type : 'JSON');
}

function bigRow(row, talk) {
	const pieces = talk.rows.thread(row);
	const length = lengthOf(pieces);
	return rawRow(row, talk, `A line of ${pieces.at(-1).eol ? '' : 'at least '}${size(length)}`, length);
}

function rawRow(row, talk, name, whole) {
	const key = `${row.seq}/0`;
	return shell(row, 'raw', h('div.blocks', {}, fold('raw', key, talk, head(name, row.text), () => [pre(row.text, key, talk, whole)])));
}

function head(name, about) {
	return [h('span.name', {}, visibleLine(name, 60)), about === undefined ? null : h('span.about', {}, visibleLine(about))];
}

// A fold's inside is made when it is opened, and not before.
function fold(kind, key, talk, summary, inside) {
	const isOpen = talk.open.has(key);
	const element = h('details', { class: `block fold ${kind}`, open: isOpen }, h('summary', {}, summary), isOpen ? inside() : null);
	element.addEventListener('toggle', () => {
		if (element.open === talk.open.has(key)) return;
		talk.hold();
		if (element.open) {
			talk.open.add(key);
			element.append(...inside());
		} else {
			talk.open.delete(key);
			while (element.children.length > 1) element.lastChild.remove();
		}
	});
	return element;
}

function pre(text, key, talk, whole) {
	return appendText(h('pre', { dir: 'ltr' }), text, { ...talk.extent(key), whole });
}
