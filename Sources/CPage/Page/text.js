// Agents' text in the document: coloured as a terminal would, with marks for what cannot be seen, and never all of it at once.

import { ansiSpans, legible, onGround } from './ansi.js';
import { h } from './dom.js';
import { count } from './format.js';
import { visibleParts } from './visible.js';

/** How many characters of a text are shown at first. */
export const leastShown = 4_000;
const steps = [20_000, 100_000, 500_000];
const mostSpans = 1_500;

/** Appends a text to an element, up to a limit, with a button that shows more; returns the element. */
export function appendText(target, text, { limit, more, whole = text.length }) {
	const isCut = appendSpans(target, text, limit);
	// A line end may have been taken off.
	if (isCut || whole > text.length + 2) target.append(moreElement(Math.max(whole, text.length), limit, isCut && more));
	return target;
}

/** What stands where a text is cut: a button that calls `more` with the next limit, or where the rest is. */
export function moreElement(length, limit, more) {
	const next = steps.find((step) => step > limit);
	const rest = `${count(Math.max(1, length - limit))} more characters`;
	return next && more
		? h('button.more', { onclick: () => more(next) }, `Show more (${rest})`)
		: h('span.mark', {}, ` … ${rest}: see the raw download`);
}

function appendSpans(target, text, limit) {
	// Some more than is shown, since sequences take up room.
	const taken = cut(text, limit * 2 + 4096);
	let room = limit;
	let elements = mostSpans * Math.max(1, limit / leastShown);
	for (const span of ansiSpans(taken)) {
		const element = styledElement(span.style);
		target.append(element ?? '');
		for (const part of visibleParts(span.text)) {
			const shown = cut(part.text, room);
			(element ?? target).append(part.isMark ? h('span.mark', {}, shown) : shown);
			room -= part.text.length;
			elements -= 1;
			if (room < 0 || elements < 0) return true;
		}
	}
	return taken.length < text.length;
}

// Never half a character.
function cut(text, length) {
	return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

function styledElement(style) {
	if (Object.keys(style).length === 0) return null;
	const element = h('span');
	for (const name of ['bold', 'dim', 'italic', 'underline', 'strike']) if (style[name]) element.classList.add(`t-${name}`);
	const [ink, ground] = style.inverse ? [style.bg, style.fg] : [style.fg, style.bg];
	if (ground !== undefined) {
		const on = onGround(ground, ink);
		element.classList.add('on');
		element.style.setProperty('--bg', on.ground);
		colors(element, on.ink, on.ink);
	} else if (style.inverse) {
		element.classList.add('inverse');
		if (ink !== undefined) colors(element, legible(ink, true), legible(ink, false));
	} else if (typeof ink === 'number') {
		element.classList.add(`fg-${ink}`);
	} else if (ink !== undefined) {
		colors(element, legible(ink, false), legible(ink, true));
	}
	return element;
}

function colors(element, light, dark) {
	element.classList.add('fg-rgb');
	element.style.setProperty('--fg-light', light);
	element.style.setProperty('--fg-dark', dark);
}
