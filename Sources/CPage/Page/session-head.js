import { factsElement, h, setText, timeElement } from './dom.js';
import { ago, count, counted, outcome, size } from './format.js';
import { isObject, stringOf } from './json.js';
import { visibleLine } from './visible.js';

/** What a session's state is, in words and as a tone: `{ word, tone }`. */
export function stateOf(session) {
	const asks = isObject(session.approval);
	if (session.state === 'live') {
		if (asks) return { word: 'asks', tone: 'asks' };
		if (session.turn === 'started') return { word: 'working', tone: 'busy' };
		if (typeof session.turn === 'string' && session.control === true) return { word: 'waits for a prompt', tone: 'live' };
		return { word: 'live', tone: 'live' };
	}
	if (session.state === 'away') {
		const since = /(.*) ago/.exec(ago(session.disconnectedAt))?.[1];
		return { word: `${asks ? 'asks, ' : ''}${since ? `away for ${since}` : 'away'}`, tone: 'away' };
	}
	if (session.state === 'ended') {
		const exit = session.exit ?? {};
		const isBad = exit.signal || ['error', 'incomplete'].includes(exit.outcome) || (exit.outcome === undefined && (exit.code ?? 0) !== 0);
		return { word: outcome(session.exit) || 'ended', tone: isBad ? 'bad' : 'ended' };
	}
	return { word: visibleLine(session.state, 20), tone: 'away' };
}

/** What a session is called, as one line. */
export function titleOf(session, longest = 120) {
	return visibleLine(session.title ?? session.agent ?? session.id, longest);
}

/** What is said of a session in one line, each a name or nothing. */
export function partsLine(...parts) {
	return parts.filter((part) => typeof part === 'string' && part !== '').map((part) => visibleLine(part, 60)).join(' · ');
}

export function stateBadge(session) {
	const { word, tone } = stateOf(session);
	return h('span.badge', { 'data-tone': tone, 'data-state': session.state }, word);
}

/** A session's header: `element`, `changed(session)`. What is more than a line is folded. */
export function sessionHead(session) {
	const title = h('h1', { tabindex: '-1', dir: 'auto' });
	const badges = h('span.badges');
	const summary = h('summary');
	const about = h('details.about-session', {}, summary);
	const element = h('header.session-head', {}, h('div.title-line', {}, title, badges), about);

	function changed(session) {
		setText(title, titleOf(session));
		badges.replaceChildren(stateBadge(session));
		const isBadTurn = session.state === 'live' && ['error', 'incomplete'].includes(session.turn);
		if (isBadTurn) badges.append(h('span.badge', { 'data-tone': 'bad' }, `last turn: ${session.turn}`));
		setText(summary, partsLine(session.device, session.agent, counted(session.lines, 'line'), size(session.bytes)));
		summary.nextSibling?.remove();
		about.append(sessionFacts(session));
	}

	changed(session);
	return { element, changed };
}

function sessionFacts(session) {
	const labels = isObject(session.labels) ? Object.entries(session.labels).map(([name, value]) => `${name}=${stringOf(value)}`).join(', ') : '';
	return factsElement([
		['Device', session.device],
		['Agent', session.agent],
		['Host', session.host],
		['Folder', session.cwd],
		['Labels', labels],
		['Outcome', outcome(session.exit)],
		['Started', timeElement(session.firstSeenAt)],
		['Last seen', timeElement(session.lastSeenAt)],
		['Lines', count(session.lines)],
		['Bytes', count(session.bytes)],
		['Session', session.sessionId],
	]);
}
