// One session: its header, its rows as a conversation or as a log, and what steers it.

import { agentPath, call, envelopes } from './api.js';
import { blocksOf, isStructured } from './blocks.js';
import { showConnection } from './connection.js';
import { controlsPart } from './controls.js';
import { announce, h, setText } from './dom.js';
import { findPart } from './find.js';
import { count } from './format.js';
import { highlight } from './highlight.js';
import { isObject, parsed } from './json.js';
import { RowList } from './list.js';
import { LiveStream } from './live.js';
import { rowOf } from './row.js';
import { chunkSize } from './rows.js';
import { sessionHead } from './session-head.js';
import { SessionRows } from './session-rows.js';
import { sessionTools } from './session-tools.js';
import { Unfolded } from './unfolded.js';
import { visibleLine } from './visible.js';

const estimates = { talk: 48, log: 20 };
// Beyond this many rows the first ones are to be had by the raw download only.
const mostRows = 10_000_000;

/** Opens a session's page in `main`; resolves to `{ title, close, keys }`. */
export async function openSession(main, { id, signal, retitle }) {
  let session = await call('GET', agentPath(id), { signal });
  id = session.id;
  const last = session.cursor;
  const base = Math.max(0, last - mostRows);
  const unfolded = new Unfolded((seq) => list.redraw([seq]));
  const rows = new SessionRows({ id, last, unfolded, onRows: rowsCame, redraw: rowsBecameOther, hold: () => list.hold() });
  rows.isTalk = await isConversation(session, signal);
  signal.throwIfAborted();

  let current = 0;
  let sought = '';
  let pending = 0;
  let unread = 0;

  const head = sessionHead(session);
  const log = h('div', { id: 'log', role: 'log', 'aria-live': 'off', tabindex: '0' });
  const toEnd = h('button.to-end', { type: 'button', hidden: true, onclick: goToEnd }, 'Jump to end');
  const empty = h('p.empty', { hidden: true }, 'Nothing has come yet.');
  const controls = controlsPart(id);
  const find = findPart(id, { from: (step) => (step > 0 ? list.sight.first - 1 : list.sight.last + 1), found: seek });
  const tools = sessionTools(session, { find: find.element, isTalk: rows.isTalk, setTalk, goTo, goToStart: () => list.showStart(), setWrap });
  main.replaceChildren(h('div.session', {}, head.element, tools.element, h('div.log-box', {}, log, empty, toEnd), controls.element));

  const list = new RowList(log, { estimate: estimateNow(), base, render, want, onView: viewChanged });
  list.heights.grow(last);
  showMode();
  setWrap(tools.isWrapping);
  controls.changed(session);
  const fragment = rowOfFragment();
  if (fragment) goTo(fragment);
  else list.showEnd();

  const live = new LiveStream({ path: agentPath(id, '/logs'), last, onEvents: eventsCame, onState: stateChanged });
  const onHash = () => rowOfFragment() && goTo(rowOfFragment());
  addEventListener('hashchange', onHash);

  function render(seq) {
    const element = rows.element(seq);
    if (element && seq === current) element.dataset.current = '';
    return element;
  }

  function want(seqs) {
    rows.rows.want([...seqs, ...(pending ? [pending] : []), ...[...rows.away].slice(-4)]);
  }

  function rowsCame(came, error, chunk) {
    if (error) return list.schedule();
    list.heights.grow(rows.rows.last);
    for (const row of came) if (rows.isHidden(row)) list.heights.set(row.seq, 0);
    if (chunk !== undefined) forgetMissing(chunk);
    list.redraw(came.flatMap((row) => [row.seq, row.start, ...rows.callsOf(row)]));
    if (pending && rows.rows.at(pending) !== undefined) arrive(pending);
  }

  function rowsBecameOther(seqs) {
    for (const seq of seqs) {
      const row = rows.rows.at(seq);
      if (row && rows.isHidden(row)) list.heights.set(seq, 0);
    }
    list.redraw(seqs);
  }

  // Numbers that no row has: a gap stands for them.
  function forgetMissing(chunk) {
    for (let seq = Math.max(base, chunk * chunkSize) + 1; seq <= (chunk + 1) * chunkSize; seq += 1) {
      if (rows.rows.at(seq) === null) list.heights.set(seq, 0);
    }
  }

  function eventsCame(events) {
    const came = [];
    for (const event of events) {
      if (event.type === 'log' || event.type === 'status') {
        const row = rowOf(event.data);
        if (row) came.push(row);
      } else if (event.type === 'control') {
        controls.took(parsed(event.data));
      } else if (event.type === 'agent' || event.type === 'end') {
        sessionChanged(parsed(event.data));
      }
    }
    if (came.length > 0) append(came);
  }

  function append(came) {
    let before = rows.rows.last;
    rows.rows.append(came);
    for (const row of came) {
      for (let missing = before + 1; missing < row.seq && missing < before + mostRows; missing += 1) list.heights.set(missing, 0);
      before = Math.max(before, row.seq);
    }
    const shown = came.filter((row) => row.seq > last && !rows.isHidden(row));
    if (!list.isFollowing) unread += shown.length;
    const said = shown.findLast((row) => row.summary?.said);
    if (said && rows.isTalk) announce(`New answer: ${visibleLine(said.summary.said.replace(/^\d+:/, ''), 100)}`);
    if (rows.rows.last - base > mostRows * 2) location.reload();
  }

  function sessionChanged(next) {
    if (!isObject(next) || next.id !== id) return;
    session = next;
    head.changed(session);
    controls.changed(session);
    retitle(titleOf(session));
  }

  async function stateChanged(state, retryAt) {
    showConnection(state, retryAt);
    if (state !== 'ended') return;
    // An ended session has no stream that could tell these.
    const [now, sent] = await Promise.all([
      call('GET', agentPath(id), { signal }).catch(() => null),
      call('GET', agentPath(id, '/controls'), { signal }).catch(() => null),
    ]);
    sessionChanged(now);
    for (const control of sent?.items ?? []) controls.took(control);
  }

  function viewChanged() {
    if (list.isFollowing) unread = 0;
    toEnd.hidden = list.isFollowing || list.sight.last >= list.heights.last;
    setText(toEnd, unread > 0 ? `Jump to end, ${count(unread)} new` : 'Jump to end');
    empty.hidden = rows.rows.last > 0;
  }

  function setTalk(isTalk) {
    if (isTalk === rows.isTalk) return;
    rows.isTalk = isTalk;
    showMode();
    list.reset(estimateNow());
    for (const row of rows.rows.all()) if (rows.isHidden(row)) list.heights.set(row.seq, 0);
    for (const chunk of rows.rows.chunks()) forgetMissing(chunk);
  }

  function showMode() {
    log.dataset.mode = rows.isTalk ? 'conversation' : 'log';
    log.setAttribute('aria-label', rows.isTalk ? 'Conversation' : 'Log');
    tools.showMode(rows.isTalk);
  }

  function setWrap(isOn) {
    log.classList.toggle('wrap', isOn);
    list.schedule();
  }

  function estimateNow() {
    return rows.isTalk ? estimates.talk : estimates.log;
  }

  function goToEnd() {
    unread = 0;
    list.showEnd();
    log.focus({ preventScroll: true });
  }

  function goTo(seq) {
    const place = Math.min(Math.max(seq, base + 1), rows.rows.last);
    if (place < 1) return;
    pending = place;
    if (rows.rows.at(place) !== undefined) return arrive(place);
    mark(place);
    list.show(place);
  }

  function seek(seq, text) {
    sought = text;
    if (seq) goTo(seq);
    else highlight(null, '');
  }

  function arrive(seq) {
    pending = 0;
    const row = rows.rows.at(seq);
    if (!row) return list.show(list.heights.next(seq) || seq);
    const home = rows.home(row);
    const homeRow = rows.rows.at(home);
    if (sought && rows.isTalk && homeRow) openFolds(homeRow);
    if (rows.isTalk && homeRow && (rows.isHidden(homeRow) || rows.element(home) === null)) rows.revealed.add(home);
    if (list.heights.get(home) === 0) list.heights.set(home, estimateNow());
    mark(home);
    list.redraw([home]);
    list.show(home);
    highlight(list.element(home), sought);
  }

  function openFolds(row) {
    const blocks = row.summary ? row.summary.calls.length + row.summary.others : 1;
    for (let index = 0; index < Math.min(blocks, 20); index += 1) unfolded.setOpen(`${row.seq}/${index}`, true);
  }

  function mark(seq) {
    const before = list.element(current);
    if (before) delete before.dataset.current;
    current = seq;
    const element = list.element(seq);
    if (element) element.dataset.current = '';
  }

  function step(by) {
    const sight = list.sight;
    const isInSight = current >= sight.first && current <= sight.last;
    const from = isInSight ? current : by > 0 ? sight.first - 1 : sight.last + 1;
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
    title: titleOf(session),
    keys: { '/': find.focus, p: controls.focus, j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), Home: () => list.showStart(), End: goToEnd, Enter: enter },
    close() {
      live.close();
      list.close();
      rows.rows.close();
      highlight(null, '');
      removeEventListener('hashchange', onHash);
    },
  };
}

function titleOf(session) {
  return visibleLine(session.title ?? session.agent ?? session.id, 80);
}

function rowOfFragment() {
  const number = /^#(\d{1,16})$/.exec(location.hash)?.[1];
  return number ? Number(number) : 0;
}

// A session that does not say what agent it is, is asked for its first lines.
async function isConversation(session, signal) {
  if (typeof session.agent === 'string' && session.agent !== '') return isStructured(session.agent.split('/').at(-1));
  const lines = await envelopes(session.id, { after: 0, limit: 20, follow: 0 }, signal).catch(() => []);
  return lines.some((line) => {
    const row = rowOf(line);
    return row?.isJSON && row.stream === 'stdout' && blocksOf(parsed(row.text)) !== null;
  });
}
