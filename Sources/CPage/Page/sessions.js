// The list of sessions: found by words and state, the last begun first, and changing as they change.

import { call } from './api.js';
import { agentsStream } from './connection.js';
import { findField, h, setText, timeElement } from './dom.js';
import { counted } from './format.js';
import { isObject } from './json.js';
import { partsLine, stateBadge, titleOf } from './session-head.js';
import { startPart } from './start.js';
import { visibleLine } from './visible.js';

const pageSize = 50;

/** Opens the view in `main`. */
export async function openSessions(main, { signal, go }) {
	const query = new URLSearchParams(location.search);
	const find = findField('Find sessions', { value: query.get('q') });
	const state = h('select', { id: 'state', 'aria-label': 'State' },
		['', 'starting', 'live', 'away', 'ended'].map((name) => h('option', { value: name, selected: name === query.get('state') }, name || 'all')));
	const device = query.get('device') ?? '';
	const list = h('ul.sessions', { role: 'list', 'aria-label': 'Sessions' });
	const note = h('p.note', { role: 'status' });
	const start = startPart({ go, signal });
	const more = h('button.more-sessions', { hidden: true, onclick: () => fetchPage([['before', next]]) }, 'More');
	main.replaceChildren(
		h('div.page', {},
			h('div.page-head', {},
				h('h1', { tabindex: '-1' }, 'Sessions'),
				h('form.filters', { role: 'search', onsubmit: refetch }, find, state),
				start.button,
			),
			start.element,
			device ? h('p.note', {}, 'Of one device only. ', h('a', { href: '/' }, 'Show all')) : null,
			list,
			note,
			more,
		),
	);

	const shown = new Map();
	let next = null;
	let request = new AbortController();
	let typing = 0;
	find.addEventListener('input', () => {
		clearTimeout(typing);
		typing = setTimeout(refetch, 250);
	});
	state.addEventListener('change', refetch);

	async function refetch() {
		clearTimeout(typing);
		const search = String(new URLSearchParams(filters()));
		history.replaceState(history.state, '', search ? `/?${search}` : '/');
		await fetchPage([]);
	}

	function filters() {
		return [['q', find.value.trim()], ['state', state.value], ['device', device]].filter(([, value]) => value !== '');
	}

	async function fetchPage(place) {
		request.abort();
		request = new AbortController();
		const mine = request.signal;
		// What was shown already is fetched again as a whole.
		const limit = place.length > 0 ? pageSize : Math.min(500, Math.max(pageSize, shown.size));
		const query = new URLSearchParams([...filters(), ...place, ['limit', limit]]);
		try {
			const page = await call('GET', `/api/agents?${query}`, { signal: mine });
			if (place.length === 0) dropOthers(page.items);
			for (const session of page.items) upsert(session, true);
			next = page.next ?? null;
			more.hidden = next === null;
			tellEmpty();
		} catch (problem) {
			if (!mine.aborted) setText(note, `Not fetched: ${problem.message}`);
		}
	}

	function dropOthers(sessions) {
		const ids = new Set(sessions.map((session) => session.id));
		for (const id of shown.keys()) if (!ids.has(id)) drop(id);
	}

	function tellEmpty() {
		if (shown.size > 0) return setText(note, '');
		if (filters().length > 0) return setText(note, 'No session is like that.');
		note.replaceChildren('No sessions yet. ', h('a', { href: '/devices' }, 'Pair a device'), ', then run ', h('code', {}, 'ra-run claude'), ' there, or pipe anything into ', h('code', {}, 'ra-tunnel'), '.');
	}

	function changed(session) {
		if (!isObject(session) || typeof session.id !== 'string') return;
		const isKnown = shown.has(session.id);
		if (!matches(session)) {
			if (!isKnown) return;
			drop(session.id);
			return tellEmpty();
		}
		// What words find, the hub knows.
		if (!isKnown && find.value.trim() !== '') return;
		upsert(session, false);
	}

	function matches(session) {
		return (state.value === '' || session.state === state.value) && (device === '' || session.clientId === device);
	}

	function upsert(session, isListed) {
		const row = shown.get(session.id);
		if (row) return row.changed(session);
		// A session older than all that are shown is for "more" to bring.
		if (!isListed && next !== null && session.firstSeenAt < Number(list.lastChild?.dataset.begun)) return;
		const fresh = sessionRow(session);
		const place = [...list.children].find((other) => Number(other.dataset.begun) < session.firstSeenAt);
		list.insertBefore(fresh.element, place ?? null);
		shown.set(session.id, fresh);
		setText(note, '');
	}

	function drop(id) {
		shown.get(id).element.remove();
		shown.delete(id);
	}

	const live = agentsStream({ agent: changed }, refetch);
	const clock = setInterval(() => shown.forEach((row) => row.tick()), 15_000);

	return {
		title: 'Sessions',
		keys: { '/': () => find.select() },
		step: (by) => step(list, by),
		close() {
			live.close();
			clearInterval(clock);
			request.abort();
		},
	};
}

function step(list, by) {
	const links = [...list.querySelectorAll('a')];
	const at = links.indexOf(document.activeElement);
	links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

function sessionRow(session) {
	const [name, where, line] = ['name', 'where', 'line'].map((part) => h(`span.${part}`, { dir: 'auto' }));
	const [state, when] = ['state', 'when'].map((part) => h(`span.${part}`));
	const link = h('a', { href: `/sessions/${encodeURIComponent(session.id)}` }, state, name, where, line, when);
	const element = h('li', { 'data-begun': session.firstSeenAt }, link);

	function changed(next) {
		session = next;
		setText(name, titleOf(next));
		setText(where, partsLine(next.device, next.agent));
		setText(line, visibleLine(next.lastLine));
		when.replaceChildren(timeElement(next.lastSeenAt) ?? '', ` · ${counted(next.lines, 'line')}`);
		tick();
	}

	function tick() {
		state.replaceChildren(stateBadge(session));
	}

	changed(session);
	return { element, changed, tick };
}
