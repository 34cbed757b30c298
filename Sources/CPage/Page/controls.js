// The prompt box, Stop, and what became of each control.

import { agentPath, call, notSent } from './api.js';
import { confirmed, h, setText, timeElement } from './dom.js';
import { isObject, stringOf } from './json.js';
import { visibleLine } from './visible.js';

const results = {
	queued: 'waits at the hub',
	sent: 'sent to the device',
	written: 'passed on by the device',
	applied: 'taken by the agent',
	refused: 'refused',
	expired: 'expired: it was never sent',
	unknown: 'sent, and nothing was heard of it',
};

/** The steering part of a session's page: `element`, `took(control)`, `changed(session)`, `focus()`. */
export function controlsPart(id) {
	const sent = new Map();
	const prompt = h('textarea', { id: 'prompt', rows: '1', 'aria-describedby': 'prompt-note', enterkeyhint: 'send', placeholder: 'What next?' });
	// Its shadow text (session.css) makes the box as high as the prompt, without measuring.
	const box = h('div.grows', {}, prompt);
	const grow = () => (box.dataset.text = prompt.value);
	const send = h('button.primary', {}, 'Send');
	const interrupt = h('button', { type: 'button', onclick: () => post({ action: 'signal', name: 'INT' }) }, 'Interrupt');
	const stop = h('button', { type: 'button', onclick: stopAgent }, 'Stop');
	const note = h('p.note', { id: 'prompt-note', role: 'status' });
	const list = h('ol.sent', { role: 'list', 'aria-label': 'Sent', tabindex: '0', hidden: true });
	const form = h('form.prompt-box', { onsubmit: sendPrompt },
		h('label.visually-hidden', { for: 'prompt' }, 'Prompt'),
		box,
		h('div.buttons', {}, send, interrupt, stop),
	);
	let failure = '';
	let isSending = false;
	let current = null;

	prompt.addEventListener('input', grow);
	prompt.addEventListener('keydown', (event) => {
		if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
		event.preventDefault();
		sendPrompt();
	});

	async function sendPrompt() {
		const text = prompt.value;
		if (text.trim() === '' || send.disabled || isSending) return;
		if (!(await post({ action: 'prompt', text }))) return;
		// What was typed meanwhile is another draft.
		if (prompt.value === text) prompt.value = '';
		grow();
		prompt.focus();
	}

	async function stopAgent() {
		const effect = 'It gets a signal to end, and is killed if it does not. What it did so far stays.';
		if (await confirmed('Stop the agent?', effect, 'Stop the agent')) await post({ action: 'stop' });
	}

	async function post(body) {
		isSending = true;
		failure = '';
		try {
			const { seq } = await call('POST', agentPath(id, '/control'), { body });
			if (!sent.has(seq)) took({ seq, payload: body, by: 'you', at: Date.now(), result: 'queued', reason: null });
			return true;
		} catch (problem) {
			failure = notSent(problem);
			return false;
		} finally {
			isSending = false;
			show(current);
		}
	}

	function show(session) {
		current = session;
		let closed = '';
		if (session.state === 'ended') closed = 'The session has ended.';
		else if (session.control !== true) closed = 'Nobody reads this session’s controls: it can only be watched.';
		send.disabled = stop.disabled = prompt.disabled = closed !== '';
		// It is there while it is of no use, too: what moves is hit by mistake.
		interrupt.disabled = closed !== '' || session.turn !== 'started';
		const waits = { away: 'The device is away: what you send waits for it, up to an hour.', starting: 'It is being started: what you send waits for it.' };
		const away = Object.hasOwn(waits, session.state) ? waits[session.state] : '';
		setText(note, closed || failure || away);
	}

	function took(control) {
		if (!isObject(control) || !Number.isSafeInteger(control.seq)) return;
		const result = Object.hasOwn(results, control.result) ? control.result : 'unknown';
		const isNew = !sent.has(control.seq);
		const item = itemElement(control, result);
		sent.get(control.seq)?.replaceWith(item);
		sent.set(control.seq, item);
		if (isNew) list.insertBefore(item, [...list.children].find((other) => Number(other.dataset.seq) < control.seq) ?? null);
		list.hidden = false;
		if (sent.size > 100) {
			sent.delete(Number(list.lastChild.dataset.seq));
			list.lastChild.remove();
		}
	}

	return { element: h('section.steer', { 'aria-label': 'Steer' }, form, note, list), took, changed: show, focus: () => prompt.focus(), rest: () => (prompt.disabled ? document.querySelector('h1') : prompt) };
}

function itemElement(control, result) {
	const payload = isObject(control.payload) ? control.payload : {};
	const why = control.reason ? `: ${visibleLine(control.reason)}` : '';
	return h('li', { 'data-seq': control.seq, 'data-result': result },
		h('span.what', { dir: 'auto' }, visibleLine(whatOf(payload), 160)),
		h('span.became', {}, results[result] + why),
		h('span.by', {}, control.by ? `${visibleLine(control.by, 40)} · ` : '', timeElement(control.at)),
	);
}

function whatOf(payload) {
	const rest = payload.text ?? payload.name ?? payload.agent;
	if (payload.action === 'prompt') return stringOf(rest);
	if (payload.action === 'approve') return `${stringOf(payload.decision)} ${stringOf(payload.message ?? '')} [${stringOf(payload.requestId)}]`;
	if (payload.action === 'signal' && rest === 'INT') return 'interrupt';
	return `${stringOf(payload.action ?? 'control')} ${stringOf(rest)}`;
}
