// Finding in a session, and the marks of what was found.

import { fetchRows } from './api.js';
import { findField, h, setText } from './dom.js';

/** The find box of a session. `from()` says which row to go on from, `found(seq, text)` shows a row. */
export function findPart(id, { from, found }) {
	const input = findField('Find in session');
	const outcome = h('span.outcome', { role: 'status' });
	const previous = h('button.icon', { type: 'button', 'aria-label': 'Previous', title: 'Previous (Shift+Enter)', onclick: () => find(-1) }, '↑');
	const next = h('button.icon', { 'aria-label': 'Next', title: 'Next (Enter)' }, '↓');
	let at = null;
	let request = null;

	input.addEventListener('input', () => {
		at = null;
		request?.abort();
		setText(outcome, '');
		found(0, '');
	});
	input.addEventListener('keydown', (event) => {
		if (event.key !== 'Enter' || !event.shiftKey) return;
		event.preventDefault();
		find(-1);
	});

	async function find(step) {
		const q = input.value;
		if (q === '') return;
		request?.abort();
		request = new AbortController();
		const { signal } = request;
		setText(outcome, 'looking…');
		try {
			let seq = await look(q, step, at ?? from(step), signal);
			let note = '';
			if (!seq) {
				seq = await look(q, step, step > 0 ? 0 : null, signal);
				note = step > 0 ? ', from the start' : ', from the end';
			}
			if (signal.aborted) return;
			setText(outcome, seq ? `found at #${seq}${note}` : 'not found');
			at = seq || null;
			if (seq) found(seq, q);
		} catch (error) {
			if (!signal.aborted) setText(outcome, error.code === 'unreachable' ? 'the hub cannot be reached' : 'that cannot be looked for');
		}
	}

	async function look(q, step, at, signal) {
		const place = at === null ? { before: Number.MAX_SAFE_INTEGER } : step > 0 ? { after: at } : { before: at };
		const [row] = await fetchRows(id, { q, ...place, limit: 1 }, signal);
		return row?.seq ?? 0;
	}

	return {
		element: h('form.find', { role: 'search', onsubmit: () => find(1) }, input, previous, next, outcome),
		focus: () => input.select(),
	};
}

/** Marks a text within an element, in any case; without an element or a text, nothing. The document is not changed. */
export function highlight(element, text) {
	// Where there is no CSS Custom Highlight API, the row's own mark has to do.
	if (typeof Highlight === 'undefined') return;
	CSS.highlights.delete('found');
	if (!element || text === '') return;
	const needle = text.toLowerCase();
	const found = new Highlight();
	const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
	while (walker.nextNode() && found.size < 500) {
		const node = walker.currentNode;
		const hay = node.data.toLowerCase();
		if (hay.length !== node.data.length) continue;
		for (let at = hay.indexOf(needle); at >= 0 && found.size < 500; at = hay.indexOf(needle, at + needle.length)) {
			const range = new Range();
			range.setStart(node, at);
			range.setEnd(node, at + needle.length);
			found.add(range);
		}
	}
	CSS.highlights.set('found', found);
}
