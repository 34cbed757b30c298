// Signing in: by the token of a link that `ra-hub link` printed.

import { call } from './api.js';
import { showConnection } from './connection.js';
import { h, setText } from './dom.js';

/** The token in a link's fragment, in a whole link or alone; null if there is none. */
export function tokenIn(text) {
	return /(?:^|#)(ral_[\w-]{1,200})$/.exec(text.trim())?.[1] ?? null;
}

/** Opens the view in `main`. `done()` goes on to where one wanted to go. */
export async function openSignIn(main, { token, done }) {
	showConnection('signed-out');
	const field = h('input', { id: 'token', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', required: true });
	const note = h('p.note', { role: 'alert' });
	const button = h('button.primary', {}, 'Sign in');
	main.replaceChildren(
		h('div.page.sign-in', {},
			h('h1', { tabindex: '-1' }, 'Sign in'),
			h('p', {}, 'On the hub’s machine, run'),
			h('pre', {}, 'ra-hub link'),
			h('p', {}, 'and open the link that it prints, or paste it here. It is good once, for 10 minutes.'),
			h('form', { onsubmit: submit },
				h('label', { for: 'token' }, 'Link or token'),
				field,
				button,
			),
			note,
		),
	);

	async function submit() {
		const found = tokenIn(field.value);
		if (!found) return setText(note, 'That is no link of ra-hub link: it ends with #ral_ and letters.');
		await signIn(found);
	}

	async function signIn(token) {
		button.disabled = true;
		setText(note, 'Signing in…');
		try {
			await call('POST', '/api/sign-in', { body: { token } });
			field.value = '';
			done();
		} catch (problem) {
			setText(note, reasonOf(problem));
		} finally {
			button.disabled = false;
		}
	}

	if (token) await signIn(token);
	return { title: 'Sign in', keys: { '/': () => field.focus() } };
}

function reasonOf(problem) {
	if (problem.code === 'invalid_link') return 'That link is unknown, was used already, or has expired. Run ra-hub link again.';
	if (problem.status === 429) return 'Too many wrong ones. Wait a minute, then try again.';
	return `Not signed in: ${problem.message}`;
}
