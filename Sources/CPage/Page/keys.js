// Keyboard shortcuts. They never fire while someone types, or with a modifier.

import { h, showDialog } from './dom.js';

const shown = [
	['/', 'find'],
	['g s', 'sessions'],
	['g d', 'devices'],
	['j k ↓ ↑', 'next and previous row'],
	['Home End', 'start and end'],
	['Enter', 'unfold the row, or link to it'],
	['p', 'prompt'],
	['?', 'this'],
];
const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
const places = { s: '/', d: '/devices' };

/** Listens for shortcuts: `view()` has `keys`, and `step(by)` if it has rows; `go(path)` goes elsewhere. */
export function listenForKeys({ view, go }) {
	let prefixAt = 0;
	addEventListener('keydown', (event) => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
		if (document.querySelector('dialog[open]')) return;
		const place = Date.now() - prefixAt < 1500 && places[event.key];
		prefixAt = 0;
		const action = place ? () => go(place) : actionOf(event);
		if (!action) return;
		event.preventDefault();
		action();
	});

	function actionOf({ key, target }) {
		if (key === 'g') return () => (prefixAt = Date.now());
		if (key === '?') return showKeys;
		// Arrows scroll what has the focus, unless that is a row.
		if (key.startsWith('Arrow') && !target.closest('[data-seq], .sessions')) return null;
		if (key === 'Enter' && !target.matches('[data-seq]')) return null;
		const { keys = {}, step } = view() ?? {};
		return steps[key] && step ? () => step(steps[key]) : keys[key];
	}
}

export function showKeys() {
	const rows = shown.map(([keys, what]) => h('div', {}, h('dt', {}, keys.split(' ').map((key) => h('kbd', {}, key))), h('dd', {}, what)));
	showDialog('Keys', h('dl.keys', {}, rows), h('button', {}, 'Close'));
}

function isTyping(target) {
	return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
