// What the agent asks to be allowed, above the prompt box: whoever decides sees all of it, and decides on purpose.

import { agentPath, call, fetchRows, notSent } from './api.js';
import { announce, h, setText } from './dom.js';
import { counted, remaining, size } from './format.js';
import { isObject, partsOf } from './json.js';
import { nextOf, OpenQuestions } from './open-questions.js';
import { partsLine } from './session-head.js';
import { statusLine } from './statuses.js';
import { visibleLine, visibleParts } from './visible.js';

// A button that came under the finger less than this ago, in milliseconds, was not meant.
const tooSoon = 500;
// As ra-spawn leaves out what is longer than 256 KiB.
const mostText = 400_000;
const page = 256;
const mostPages = 40;

/** The part of a session's page: `element`, `took(rows)`, `changed(session)`, `tookControl(control)`, `close()`. */
export function questionsPart(id, { signal, rest }) {
	const questions = new OpenQuestions();
	const items = new Map();
	const controls = new Map();
	const list = h('ol', { role: 'list', 'aria-label': 'Questions', tabindex: '0' });
	const element = h('section.questions', { 'aria-label': 'The agent asks', hidden: true }, list);
	let session = {};
	let isSeeking = false;
	let again = 0;
	let watch = 0;

	function took(rows) {
		for (const row of rows) questions.took(row);
		show();
	}

	function changed(next) {
		session = next;
		if (session.state === 'ended') questions.finish();
		show();
		seek();
	}

	// A question that was asked before the page was opened: it stands near the end of the log.
	async function seek() {
		const asked = session.approval;
		if (isSeeking || !isObject(asked) || typeof asked.requestId !== 'string' || questions.knows(asked.requestId)) return;
		isSeeking = true;
		try {
			let before = session.cursor + 1;
			for (let count = 0; count < mostPages && before > 1 && !questions.knows(asked.requestId); count += 1) {
				const rows = await fetchRows(id, { before, limit: page }, signal);
				if (rows.length === 0) break;
				for (const row of rows) questions.took(row, { isFound: true });
				before = rows[0].seq;
			}
			if (session.approval?.requestId === asked.requestId) questions.missed(asked, session.cursor);
			show();
		} catch {
			// An agent that waits for its answer brings no change that would ask again.
			clearTimeout(again);
			if (!signal.aborted) again = setTimeout(seek, 2000);
		} finally {
			isSeeking = false;
			// Another by now?
			if (session.approval?.requestId !== asked.requestId) seek();
		}
	}

	function show() {
		// A device that was revoked, say, hears no answer.
		const open = new Set(session.control === true ? questions.all : []);
		for (const item of items.values()) if (!open.has(item.question) && !item.isOver) end(item);
		for (const question of open) {
			if (items.has(question)) continue;
			const item = questionItem(question, session, decide);
			items.set(question, item);
			list.insertBefore(item.element, nextOf(question.seq, [...items.values()])?.element ?? null);
			announce(visibleLine(`${item.title}: ${item.about}`, 300), true);
		}
		if (items.size > 0) watch ||= setInterval(tick, 100);
		tick();
	}

	function tick() {
		element.hidden = items.size === 0;
		if (items.size === 0) watch = void clearInterval(watch);
		for (const item of items.values()) {
			item.element.toggleAttribute('data-fresh', isMoving(item));
			const left = questions.left(item.question);
			const most = item.question.isFound ? 'at most ' : '';
			setText(item.left, left === null || item.isOver ? '' : left === 0 ? 'its time is over' : `${most}${remaining(Date.now() + left)} left`);
		}
	}

	async function decide(item, decision) {
		if (item.isSent || item.isOver) return;
		if (isMoving(item)) return setText(item.note, 'It came to this place just now. Once more, if you mean it.');
		const message = item.message.value.trim();
		const body = { action: 'approve', requestId: item.question.requestId, decision };
		if (decision === 'deny' && message !== '') body.message = message;
		setSent(item, true);
		setText(item.note, 'Being sent…');
		try {
			const { seq } = await call('POST', agentPath(id, '/control'), { body });
			item.control = seq;
			if (!item.isOver) setText(item.note, decision === 'allow' ? 'Allowed: the device has not said yet that it knows.' : 'Denied: the device has not said yet that it knows.');
			becameOf(item);
		} catch (problem) {
			setSent(item, false);
			setText(item.note, notSent(problem));
			tick();
		}
	}

	function tookControl(control) {
		if (!isObject(control) || control.payload?.action !== 'approve') return;
		controls.set(control.seq, control);
		if (controls.size > 100) controls.delete(controls.keys().next().value);
		for (const item of items.values()) becameOf(item);
	}

	function becameOf(item) {
		const { result, reason } = controls.get(item.control) ?? {};
		if (item.isOver || !['refused', 'expired', 'unknown'].includes(result)) return;
		item.control = undefined;
		setSent(item, false);
		setText(item.note, result === 'unknown' ? 'Sent, and nothing was heard of it.' : visibleLine(`Not decided: ${result}${reason ? `: ${reason}` : ''}`));
	}

	function end(item) {
		item.isOver = true;
		const outcome = outcomeOf(item.question.over);
		announce(visibleLine(`${item.question.tool}: ${outcome}`, 300), true);
		const isHere = item.element.contains(document.activeElement);
		// What somebody types into, or is about to press, must not vanish under them: the keys would go elsewhere.
		if (isHere && !item.isSent && document.activeElement.matches('button, input')) {
			setText(item.note, outcome);
			setSent(item, true);
			item.element.addEventListener('focusout', (event) => item.element.contains(event.relatedTarget) || drop(item));
			return;
		}
		const next = isHere && (questions.all.map((question) => items.get(question)?.element).find(Boolean) ?? rest());
		drop(item);
		if (next) next.focus({ preventScroll: true });
	}

	function drop(item) {
		items.delete(item.question);
		item.element.remove();
		tick();
	}

	return { element, took, changed, tookControl, close: () => clearInterval(watch) };
}

// Whether its buttons are where they were for long enough, so that a click was meant for them.
function isMoving(item) {
	const { x, y } = item.deny.getBoundingClientRect();
	const place = `${Math.round(x)} ${Math.round(y)}`;
	if (place !== item.place) {
		item.place = place;
		item.movedAt = performance.now();
	}
	return performance.now() - item.movedAt < tooSoon;
}

function setSent(item, isSent) {
	item.isSent = isSent;
	for (const button of [item.allow, item.deny]) button.setAttribute('aria-disabled', String(isSent));
}

function outcomeOf(status) {
	if (status === undefined) return 'nobody can answer it any more';
	if (status === null) return 'not shown any more: too many are open';
	return status.state === 'approval' ? statusLine({ ...status, requestId: undefined }).text : 'the agent has ended';
}

function questionItem(question, session, decide) {
	const title = visibleLine(`${session.agent ?? 'The agent'} asks to use ${question.tool}`, 160);
	const { parts, about, isWhole } = wanted(question, session.id);
	const item = {
		question, title, about, movedAt: 0, isSent: false, isOver: false,
		left: h('span.left'),
		allow: h('button.primary', { type: 'button', onclick: () => decide(item, 'allow') }, 'Allow'),
		deny: h('button.danger', { type: 'button', onclick: () => decide(item, 'deny') }, 'Deny'),
		message: h('input', { 'aria-label': 'Message to the agent, if denied', placeholder: 'Why not? (if denied)', autocomplete: 'off', maxlength: '4000', dir: 'auto' }),
		note: h('p.note', { role: 'status' }),
	};
	item.message.addEventListener('keydown', (event) => event.key === 'Enter' && !event.isComposing && decide(item, 'deny'));
	const heading = `question-${question.seq}`;
	for (const button of [item.allow, item.deny]) button.setAttribute('aria-describedby', heading);
	item.element = h('li', { tabindex: '-1', 'aria-labelledby': heading },
		h('div.question-head', {}, h('h2', { id: heading, dir: 'auto' }, title), item.left),
		h('p.where', { dir: 'auto' }, partsLine(session.device, session.host)),
		parts,
		h('div.decide', {}, isWhole && item.allow, item.deny, item.message),
		item.note,
	);
	return item;
}

// All that the tool is to be given, as it is, with marks for what cannot be seen; and the beginning of it. What cannot be shown
// whole is not for this page to allow.
function wanted({ requestId, input, inputBytes, isMissed }, id) {
	const given = partsOf(input);
	const length = given.reduce((sum, { text }) => sum + text.length, 0);
	if (isMissed || inputBytes !== null || length > mostText) {
		const about = isMissed
			? 'What it wants stands far back in the log.'
			: `What it gives the tool, ${size(inputBytes ?? length)}, is too long to be shown here: the log has it.`;
		// A name that a shell would take for more is not put into its mouth.
		const name = /^\w[\w:-]*$/.test(requestId) ? requestId : 'NAME';
		return { parts: [h('p', {}, about, ' It can be denied here, and, once you have read it, allowed on the hub’s machine: ', h('code', {}, `ra-hub send ${id} approve ${name}`))], about };
	}
	const parts = given.flatMap(({ name, text }) => {
		const lines = text.split('\n').length;
		const pre = h('pre', { dir: 'ltr', tabindex: '0' }, visibleParts(text).map((part) => (part.isMark ? h('span.mark', {}, part.text) : part.text)));
		return [h('h3', {}, visibleLine(name, 60), lines > 3 ? ` (${counted(lines, 'line')})` : ''), pre];
	});
	return { parts: parts.length > 0 ? parts : [h('p', {}, 'It gives the tool nothing.')], about: given.map(({ text }) => text).join(' ').slice(0, 300), isWhole: true };
}
