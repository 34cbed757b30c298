// One session: its header, its rows as a conversation or as a log, and what steers it.

import { agentPath, call, fetchRows } from './api.js';
import { blocksOf, isStructured } from './blocks.js';
import { showConnection } from './connection.js';
import { controlsPart } from './controls.js';
import { announce, h, setText } from './dom.js';
import { findPart, highlight } from './find.js';
import { count } from './format.js';
import { isObject, parsed } from './json.js';
import { RowList } from './list.js';
import { LiveStream } from './live.js';
import { questionsPart } from './questions.js';
import { rowOf } from './row.js';
import { chunkSize } from './rows.js';
import { sessionHead, titleOf } from './session-head.js';
import { SessionRows } from './session-rows.js';
import { sessionTools } from './session-tools.js';
import { visibleLine } from './visible.js';

// Beyond this many rows the first ones are to be had by the raw download only.
const mostRows = 10_000_000;

/** Opens the view in `main`. `retitle(title)` is called when the title changes. */
export async function openSession(main, { id, signal, retitle }) {
	let session = await call('GET', agentPath(id), { signal });
	id = session.id;
	const last = session.cursor;
	const base = Math.max(0, last - mostRows);
	const view = new SessionRows({ id, last, onRows: rowsCame, redraw: rowsBecameOther, hold: () => list.hold() });
	const { rows } = view;
	view.isTalk = await isConversation(session, signal);
	signal.throwIfAborted();

	let current = 0;
	let sought = '';
	let pending = 0;
	let unread = 0;
	let isGivenUp = false;

	const head = sessionHead(session);
	const log = h('div', { id: 'log', role: 'log', 'aria-live': 'off', tabindex: '0' });
	const toEnd = h('button.to-end', { hidden: true, onclick: goToEnd }, 'Jump to end');
	const empty = h('p.empty', { hidden: true }, 'Nothing has come yet.');
	const controls = controlsPart(id);
	const questions = questionsPart(id, { signal, rest: controls.rest });
	const find = findPart(id, { from: outOfSight, found: seek });
	const tools = sessionTools(session, { find: find.element, setTalk, goTo, goToStart: () => list.showStart(), setWrap });
	main.replaceChildren(h('div.session', {}, head.element, tools.element, h('div.log-box', {}, log, empty, toEnd), questions.element, controls.element));

	const list = new RowList(log, { estimate: estimate(), base, render, want, onView: viewChanged });
	list.heights.grow(last);
	showMode();
	setWrap(tools.isWrapping);
	controls.changed(session);
	questions.changed(session);
	if (!goToFragment()) list.showEnd();

	const live = new LiveStream({ path: agentPath(id, '/logs'), last, onEvents: eventsCame, onState: stateChanged });
	addEventListener('hashchange', goToFragment);

	function render(seq) {
		const element = view.element(seq);
		if (element && seq === current) element.dataset.current = '';
		return element;
	}

	function want(seqs) {
		rows.want([...seqs, ...(pending ? [pending] : []), ...[...view.away].slice(-4)]);
	}

	function rowsCame(came, error, chunk) {
		if (error) return list.schedule();
		list.heights.grow(rows.last);
		hideHidden(came);
		if (chunk !== undefined) forgetMissing(chunk);
		list.redraw(came.flatMap((row) => [row.seq, row.start, ...view.callsOf(row)]));
		if (pending && rows.at(pending) !== undefined) arrive(pending);
	}

	function rowsBecameOther(seqs) {
		hideHidden(seqs.map((seq) => rows.at(seq)).filter(Boolean));
		list.redraw(seqs);
	}

	function hideHidden(some) {
		for (const row of some) if (view.isHidden(row)) list.heights.set(row.seq, 0);
	}

	// Numbers that no row has: a gap stands for them.
	function forgetMissing(chunk) {
		for (let seq = Math.max(base, chunk * chunkSize) + 1; seq <= (chunk + 1) * chunkSize; seq += 1) {
			if (rows.at(seq) === null) list.heights.set(seq, 0);
		}
	}

	function eventsCame(events) {
		const came = [];
		const told = [];
		for (const { type, data } of events) {
			if (type === 'log' || type === 'status') came.push(rowOf(data));
			else if (type === 'control') tookControl(parsed(data));
			else if (type === 'agent' || type === 'end') told.push(parsed(data));
		}
		// Rows first: the hub tells the session before them, and what is here needs not be sought.
		append(came.filter((row) => row !== null));
		told.forEach(sessionChanged);
	}

	function append(came) {
		let before = rows.last;
		rows.append(came);
		questions.took(came.filter((row) => row.seq > before));
		for (const row of came) {
			for (let missing = before + 1; missing < row.seq && missing < before + mostRows; missing += 1) list.heights.set(missing, 0);
			before = Math.max(before, row.seq);
		}
		const shown = came.filter((row) => row.seq > last && !view.isHidden(row));
		if (!list.isFollowing) unread += shown.length;
		const said = shown.findLast((row) => row.summary?.said)?.summary.said;
		if (said && view.isTalk) announce(`New answer: ${visibleLine(said.replace(/^\d+:/, ''), 100)}`);
		if (rows.last - base > mostRows * 2) location.reload();
	}

	function sessionChanged(next) {
		if (!isObject(next) || next.id !== id) return;
		// It goes on, and nothing here does any more.
		if (session.state === 'ended' && next.state !== 'ended') return location.reload();
		session = next;
		head.changed(session);
		controls.changed(session);
		questions.changed(session);
		retitle(titleOf(session, 80));
	}

	async function stateChanged(state, retryAt) {
		showConnection(state, retryAt);
		if (state === 'ended') await lookAgain();
	}

	// An ended session has no stream that could tell these; nor that a start which was given up came late.
	async function lookAgain() {
		const [now, sent] = await Promise.all(['', '/controls'].map((of) => call('GET', agentPath(id, of), { signal }).catch(() => null)));
		sessionChanged(now);
		for (const control of sent?.items ?? []) tookControl(control);
		if (isGivenUp) setTimeout(() => signal.aborted || lookAgain(), 15_000);
	}

	function tookControl(control) {
		controls.took(control);
		questions.tookControl(control);
		if (control?.payload?.action !== 'start' || !['refused', 'expired', 'unknown'].includes(control.result)) return;
		isGivenUp = control.result === 'unknown';
		setText(empty, visibleLine(`It was not started: ${control.reason || control.result}`));
	}

	function viewChanged() {
		if (list.isFollowing) unread = 0;
		toEnd.hidden = list.isFollowing || list.sight.last >= list.heights.last;
		setText(toEnd, unread > 0 ? `Jump to end, ${count(unread)} new` : 'Jump to end');
		empty.hidden = rows.last > 0;
	}

	function setTalk(isTalk) {
		if (isTalk === view.isTalk) return;
		view.isTalk = isTalk;
		showMode();
		list.reset(estimate());
		hideHidden(rows.all());
		for (const chunk of rows.chunks()) forgetMissing(chunk);
	}

	function showMode() {
		log.dataset.mode = view.isTalk ? 'conversation' : 'log';
		log.setAttribute('aria-label', view.isTalk ? 'Conversation' : 'Log');
		tools.showMode(view.isTalk);
	}

	function setWrap(isOn) {
		log.classList.toggle('wrap', isOn);
		list.schedule();
	}

	// How high a row may be that was never drawn.
	function estimate() {
		return view.isTalk ? 48 : 20;
	}

	function goToEnd() {
		unread = 0;
		list.showEnd();
		log.focus({ preventScroll: true });
	}

	function goTo(seq) {
		const place = Math.min(Math.max(seq, base + 1), rows.last);
		if (place < 1) return;
		pending = place;
		if (rows.at(place) !== undefined) return arrive(place);
		mark(place);
		list.show(place);
	}

	function goToFragment() {
		const number = /^#(\d{1,16})$/.exec(location.hash)?.[1];
		if (number) goTo(Number(number));
		return number !== undefined;
	}

	function seek(seq, text) {
		sought = text;
		if (seq) goTo(seq);
		else highlight(null, '');
	}

	function arrive(seq) {
		pending = 0;
		const row = rows.at(seq);
		if (!row) return list.show(list.heights.next(seq) || seq);
		const home = view.home(row);
		const homeRow = rows.at(home);
		if (view.isTalk && homeRow) {
			if (sought) view.unfold(homeRow);
			if (view.isHidden(homeRow) || view.element(home) === null) view.revealed.add(home);
		}
		if (list.heights.get(home) === 0) list.heights.set(home, estimate());
		mark(home);
		list.redraw([home]);
		list.show(home);
		highlight(list.element(home), sought);
	}

	function mark(seq) {
		delete list.element(current)?.dataset.current;
		current = seq;
		const element = list.element(seq);
		if (element) element.dataset.current = '';
	}

	// The row before what is in sight, or behind it: where to go on from.
	function outOfSight(by) {
		return by > 0 ? list.sight.first - 1 : list.sight.last + 1;
	}

	function step(by) {
		const { first, last } = list.sight;
		const from = current >= first && current <= last ? current : outOfSight(by);
		const seq = by > 0 ? list.heights.next(from) : list.heights.previous(from);
		if (!seq) return;
		mark(seq);
		list.reveal(seq);
		list.element(seq)?.focus({ preventScroll: true });
	}

	// What a click on the row's fold would do, or else on its number.
	function enter() {
		const element = document.activeElement;
		if (element.dataset.seq) element.querySelector('summary, .number').click();
	}

	return {
		title: titleOf(session, 80),
		keys: { '/': find.focus, p: controls.focus, Home: () => list.showStart(), End: goToEnd, Enter: enter },
		step,
		close() {
			live.close();
			questions.close();
			list.close();
			rows.close();
			highlight(null, '');
			removeEventListener('hashchange', goToFragment);
		},
	};
}

// A session that does not say what agent it is, is asked for its first lines.
async function isConversation(session, signal) {
	if (typeof session.agent === 'string' && session.agent !== '') return isStructured(session.agent.split('/').at(-1));
	const rows = await fetchRows(session.id, { after: 0, limit: 20 }, signal).catch(() => []);
	return rows.some((row) => row.isJSON && row.stream === 'stdout' && blocksOf(parsed(row.text)) !== null);
}
