// Devices that ask to be paired: who they are, and the question whether they may.

import { call } from './api.js';
import { announce, factsElement, h, setText, showDialog, timeElement } from './dom.js';
import { remaining } from './format.js';
import { objectsOf } from './json.js';
import { visibleLine } from './visible.js';

/** A code as the hub writes it, of what somebody typed or of a link's fragment; null if it can be none. */
export function userCodeIn(text) {
	const symbols = text.toUpperCase().replace(/[#\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
	return /^[0-9A-Z]{8}$/.test(symbols) ? `${symbols.slice(0, 4)}-${symbols.slice(4)}` : null;
}

/**
 * Who asks: `show(told)` takes the stream's event. `wanted` is the fragment of the address that devices show, whose code is asked
 * about at once; null elsewhere.
 */
export function approvalsPart(wanted) {
	const list = h('ul.devices', { role: 'list', 'aria-label': 'Asking to be paired' });
	const field = h('input', { id: 'user-code', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: '20', required: true });
	const note = h('p.note', { role: 'status' });
	const element = h('section.pairing', { 'aria-labelledby': 'asking', hidden: true },
		h('h2', { id: 'asking' }, 'Asking to be paired'),
		list,
		h('form', { onsubmit: () => ask(userCodeIn(field.value) ?? field.value) }, h('label', { for: 'user-code' }, 'Code on the device'), field, h('button', {}, 'Find')),
		note,
	);
	const waiting = new Map();
	const clock = setInterval(tick, 1000);

	function show(told) {
		const items = objectsOf(told?.items).filter((item) => typeof item.userCode === 'string');
		const codes = new Set(items.map((item) => item.userCode));
		for (const code of waiting.keys()) if (!codes.has(code)) drop(code);
		for (const item of items) if (!waiting.has(item.userCode)) add(item);
		element.hidden = waiting.size === 0 && wanted === null && note.textContent === '';
		tick();
		if (!wanted) return;
		const code = userCodeIn(wanted);
		wanted = '';
		history.replaceState(null, '', '/devices');
		if (code) ask(code);
	}

	function add(item) {
		const label = labelOf(item);
		const left = h('span.left');
		const row = h('li', {},
			h('div.device-head', {}, h('h3', { dir: 'auto' }, label), h('span.badge', {}, item.userCode), left, h('button', { 'aria-label': `Decide about ${label}`, onclick: () => ask(item.userCode) }, 'Decide…')),
			factsOf(item),
		);
		waiting.set(item.userCode, { item, row, left, ends: Date.now() + Number(item.expiresIn) * 1000 });
		list.append(row);
		announce(`${label} asks to be paired`);
	}

	function drop(code) {
		const { row } = waiting.get(code);
		if (row.contains(document.activeElement)) document.querySelector('h1')?.focus();
		row.remove();
		waiting.delete(code);
	}

	function tick() {
		for (const { left, ends } of waiting.values()) setText(left, `${remaining(ends)} left`);
	}

	async function ask(code) {
		const item = waiting.get(code)?.item;
		if (!item) return say(`No device asks with the code ${visibleLine(code, 20)}. It may have expired, or somebody has decided.`);
		const label = labelOf(item);
		const question = h('div', {},
			h('p', {}, 'Allow it only if the device itself shows this code:'),
			h('p.code', {}, item.userCode),
			factsOf(item),
		);
		const decision = await showDialog(`Pair ${label}?`, question,
			h('button', {}, 'Cancel'), h('button.danger', { value: 'deny' }, 'Deny'), h('button.primary', { value: 'allow' }, 'Allow'));
		if (decision === '') return;
		try {
			await call('POST', `/api/clients/approvals/${encodeURIComponent(code)}`, { body: { decision } });
			say(decision === 'allow' ? `${label} may pair now.` : `${label} was denied.`);
		} catch (problem) {
			say(`Not decided: ${problem.message}`);
		}
	}

	function say(text) {
		element.hidden = false;
		setText(note, text);
	}

	return { element, show, close: () => clearInterval(clock) };
}

function labelOf(item) {
	return visibleLine(item.label || 'a device without a name', 60);
}

function factsOf(item) {
	return factsElement([
		['Platform', item.platform],
		['Address', item.address],
		['Asked', timeElement(item.createdAt)],
		['With', item.kind === 'code' ? 'a pairing code' : 'no pairing code'],
		['Fingerprint', item.fingerprint],
	]);
}
