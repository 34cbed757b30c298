import { agentPath } from './api.js';
import { downloadEnvelopes } from './download.js';
import { h, setText } from './dom.js';

/** A session's tool bar: views, find, and a menu of the rest. `showMode(isTalk)` says which view is shown. */
export function sessionTools(session, { find, setTalk, goTo, goToStart, setWrap }) {
  const talk = h('button', { type: 'button', onclick: () => setTalk(true) }, 'Conversation');
  const log = h('button', { type: 'button', onclick: () => setTalk(false) }, 'Log');
  const isWrapping = matchMedia('(max-width: 40rem)').matches;
  const wrap = h('input', { type: 'checkbox', id: 'wrap', onchange: () => setWrap(wrap.checked) });
  wrap.checked = isWrapping;
  const number = h('input', { type: 'number', id: 'row-number', min: '1', inputmode: 'numeric', placeholder: '#' });
  const failure = h('p.note', { role: 'status' });
  const raw = (stream) =>
    h('a', { href: agentPath(session.id, `/raw?stream=${stream}`), download: `${session.id}.${stream}` }, stream);

  async function downloadAll() {
    setText(failure, 'being fetched…');
    await downloadEnvelopes(session.id).then(
      () => setText(failure, ''),
      (problem) => setText(failure, `not downloaded: ${problem.message}`),
    );
  }

  const menu = h('details.menu', {},
    h('summary', { 'aria-label': 'More' }, '⋯'),
    h('div.menu-body', {},
      h('form', { onsubmit: (event) => (event.preventDefault(), number.value && goTo(Number(number.value)), (menu.open = false)) },
        h('label', { for: 'row-number' }, 'Jump to row'),
        number,
        h('button', {}, 'Go'),
      ),
      h('button', { type: 'button', onclick: () => (goToStart(), (menu.open = false)) }, 'Jump to start'),
      h('label.check', { for: 'wrap' }, wrap, 'Wrap lines'),
      h('h2', {}, 'Download'),
      h('p.downloads', {}, raw('stdout'), raw('stderr'), raw('stdin'), raw('pty'), h('button', { type: 'button', onclick: downloadAll }, 'NDJSON')),
      failure,
    ),
  );
  addEventListener('pointerdown', function close(event) {
    if (!menu.isConnected) return removeEventListener('pointerdown', close);
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    menu.open = false;
    menu.firstChild.focus();
  });

  return {
    element: h('div.tools', {}, h('div.toggle', { role: 'group', 'aria-label': 'View' }, talk, log), find, menu),
    isWrapping,
    showMode(isTalk) {
      talk.setAttribute('aria-pressed', String(isTalk));
      log.setAttribute('aria-pressed', String(!isTalk));
    },
  };
}
