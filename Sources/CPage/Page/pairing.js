import { call } from './api.js';
import { h, setText } from './dom.js';
import { remaining } from './format.js';

/** "Pair a device": its button, and what it shows. `paired(label)` says that one was. */
export function pairingPart() {
	const button = h('button.primary', { onclick: ask }, 'Pair a device');
	const element = h('section.pairing', { 'aria-label': 'Pairing', hidden: true });
	const status = h('p.note', { role: 'status' });
	let timer = 0;

	async function ask() {
		button.disabled = true;
		clearInterval(timer);
		status.className = 'note';
		try {
			show(await call('POST', '/api/clients/pairing-codes'));
		} catch (problem) {
			setText(status, `No code: ${problem.message}`);
			element.replaceChildren(status);
		} finally {
			button.disabled = false;
			element.hidden = false;
		}
	}

	function show(pairing) {
		const left = h('span.left');
		const code = h('output', { id: 'pairing-code' }, String(pairing.code));
		setText(status, 'Waits for a device…');
		element.replaceChildren(
			h('p.code-line', {}, code, left),
			...commandElements('pairing-command', 'On another machine', pairing.command),
			...commandElements('pairing-local-command', 'On the hub’s own machine', pairing.localCommand),
			status,
		);
		const ends = Date.now() + Number(pairing.expiresIn) * 1000;
		timer = setInterval(tick, 1000);
		tick();

		function tick() {
			if (ends > Date.now()) return setText(left, `good for ${remaining(ends)}`);
			clearInterval(timer);
			setText(left, 'expired');
			code.classList.add('over');
			setText(status, 'The code has expired. Ask for another one.');
		}
	}

	function paired(label) {
		clearInterval(timer);
		element.hidden = false;
		status.className = 'note good';
		setText(status, `${label} has paired.`);
		element.replaceChildren(status);
	}

	return { button, element, paired, close: () => clearInterval(timer) };
}

function commandElements(id, title, command) {
	if (typeof command !== 'string' || command === '') return [];
	const text = h('pre', { id, tabindex: '0', 'aria-label': `Command: ${title.toLowerCase()}` }, command);
	const copy = h('button', { 'aria-label': `Copy: ${title.toLowerCase()}`, onclick: () => copyText(text, copy) }, 'Copy');
	return [h('h2', {}, title), h('div.command', {}, text, copy)];
}

async function copyText(element, button) {
	try {
		await navigator.clipboard.writeText(element.textContent);
		setText(button, 'Copied');
	} catch {
		getSelection().selectAllChildren(element);
		setText(button, 'Selected');
	}
	setTimeout(() => setText(button, 'Copy'), 2000);
}
