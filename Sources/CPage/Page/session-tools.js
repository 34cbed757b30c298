import { agentPath, request } from './api.js';
import { h, setText } from './dom.js';

/** A session's tool bar: views, find, and a menu of the rest. `showMode(isTalk)` says which view is shown. */
export function sessionTools(session, { find, setTalk, goTo, goToStart, setWrap }) {
	const talk = h('button', { onclick: () => setTalk(true) }, 'Conversation');
	const log = h('button', { onclick: () => setTalk(false) }, 'Log');
	const isWrapping = matchMedia('(max-width: 40rem)').matches;
	const wrap = h('input', { type: 'checkbox', checked: isWrapping, onchange: () => setWrap(wrap.checked) });
	const number = h('input', { type: 'number', id: 'row-number', min: '1', inputmode: 'numeric', placeholder: '#' });
	const failure = h('p.note', { role: 'status' });
	const raw = (stream) =>
		h('a', { href: agentPath(session.id, `/raw?stream=${stream}`), download: `${session.id}.${stream}` }, stream);

	async function downloadAll() {
		setText(failure, 'being fetched…');
		const told = await downloadEnvelopes(session.id).catch((problem) => `not downloaded: ${problem.message}`);
		setText(failure, told ?? '');
	}

	const menu = h('details.menu', {},
		h('summary', { 'aria-label': 'More' }, '⋯'),
		h('div.menu-body', {},
			h('form', { onsubmit: () => leave(() => number.value && goTo(Number(number.value))) },
				h('label', { for: 'row-number' }, 'Jump to row'),
				number,
				h('button', {}, 'Go'),
			),
			h('button', { onclick: () => leave(goToStart) }, 'Jump to start'),
			h('label.check', {}, wrap, 'Wrap lines'),
			h('h2', {}, 'Download'),
			h('p.downloads', {}, raw('stdout'), raw('stderr'), raw('stdin'), raw('pty'), h('button', { onclick: downloadAll }, 'NDJSON')),
			failure,
		),
	);

	function leave(action) {
		action();
		menu.open = false;
	}

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

// A session's envelopes, one a line. A link cannot ask for that form, so the answer becomes a file here.
async function downloadEnvelopes(id) {
	const response = await request('GET', agentPath(id, '/logs?follow=0'), { accept: 'application/x-ndjson' });
	const url = URL.createObjectURL(await response.blob());
	h('a', { href: url, download: `${id}.ndjson` }).click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
