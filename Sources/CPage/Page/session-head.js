import { factsElement, h, setText, timeElement } from './dom.js';
import { ago, count, counted, outcome, size } from './format.js';
import { isObject, stringOf } from './json.js';
import { visibleLine } from './visible.js';

/** What a session's state is, in words and as a tone: `{ word, tone }`. */
export function stateOf(session) {
  if (session.state === 'live') {
    if (session.turn === 'started') return { word: 'working', tone: 'busy' };
    if (session.turn !== null && session.turn !== undefined && session.control === true) return { word: 'waits for a prompt', tone: 'live' };
    return { word: 'live', tone: 'live' };
  }
  if (session.state === 'away') return { word: `away ${ago(session.disconnectedAt).replace(/(.*) ago/, 'for $1').replace('now', '')}`.trim(), tone: 'away' };
  if (session.state === 'ended') {
    const exit = session.exit ?? {};
    const isBad = exit.outcome === 'error' || exit.outcome === 'incomplete' || (exit.outcome === undefined && exit.code !== undefined && exit.code !== 0) || exit.signal;
    return { word: outcome(session.exit) || 'ended', tone: isBad ? 'bad' : 'ended' };
  }
  return { word: visibleLine(session.state, 20), tone: 'away' };
}

/** A state as a badge. */
export function stateBadge(session) {
  const { word, tone } = stateOf(session);
  return h('span.badge', { 'data-tone': tone, 'data-state': ['live', 'away', 'ended'].includes(session.state) ? session.state : 'other' }, word);
}

/** A session's header: `element`, `changed(session)`. What is more than a line is folded. */
export function sessionHead(session) {
  const title = h('h1', { tabindex: '-1', dir: 'auto' });
  const badges = h('span.badges');
  const summary = h('summary');
  let facts = sessionFacts(session);
  const about = h('details.about-session', {}, summary, facts);
  const element = h('header.session-head', {}, h('div.title-line', {}, title, badges), about);

  function changed(session) {
    setText(title, visibleLine(session.title ?? session.agent ?? session.id, 120));
    const lastTurn = session.state === 'live' && ['error', 'incomplete'].includes(session.turn) ? h('span.badge', { 'data-tone': 'bad' }, `last turn: ${session.turn}`) : null;
    badges.replaceChildren(stateBadge(session), ...(lastTurn ? [lastTurn] : []));
    const parts = [session.device, session.agent, counted(session.lines, 'line'), size(session.bytes)];
    setText(summary, parts.filter((part) => part !== null && part !== undefined && part !== '').map((part) => visibleLine(part, 60)).join(' · '));
    const next = sessionFacts(session);
    facts.replaceWith(next);
    facts = next;
  }

  changed(session);
  return { element, changed };
}

function sessionFacts(session) {
  const labels = isObject(session.labels) ? Object.entries(session.labels).map(([name, value]) => `${name}=${stringOf(value)}`).join(', ') : '';
  const facts = [
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
  ];
  return factsElement(facts);
}
