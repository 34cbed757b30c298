// The page: which view is shown for which address. A view is `{ title, close?, keys?, step? }` (keys.js).

import { call, events } from './api.js';
import { showConnection } from './connection.js';
import { h, updateTimes } from './dom.js';
import { openDevices } from './devices.js';
import { listenForKeys, showKeys } from './keys.js';
import { openSession } from './session.js';
import { openSessions } from './sessions.js';
import { openSignIn, tokenIn } from './sign-in.js';
import { visibleLine } from './visible.js';

const main = document.getElementById('main');
const signOutButton = document.getElementById('sign-out');
let view = null;
let opening = new AbortController();
let path = null;

function go(address) {
	history.pushState(null, '', address);
	show({ isMove: true });
}

async function show({ isMove = false } = {}) {
	const token = tokenIn(location.hash);
	// The token is to stand nowhere where it could be seen, kept or sent on.
	if (location.pathname === '/sign-in') history.replaceState(null, '', '/sign-in');
	path = location.pathname;
	await open(async (options) => {
		const session = /^\/sessions\/([^/]+)$/.exec(path)?.[1];
		if (path === '/sign-in') return openSignIn(main, { token, done: goOn });
		if (path === '/devices') return openDevices(main, { ...options, wanted: null });
		// The address that devices show, with their code behind it.
		if (path === '/pair') return openDevices(main, { ...options, wanted: location.hash || '#' });
		if (session) return openSession(main, { ...options, id: decodeURIComponent(session) });
		return openSessions(main, options);
	}, isMove);
}

async function open(opener, isMove) {
	opening.abort();
	opening = new AbortController();
	const { signal } = opening;
	view?.close?.();
	view = null;
	showCurrentLink();
	showConnection('connecting');
	try {
		const opened = await opener({ signal, go, retitle: (title) => !signal.aborted && retitle(title) });
		if (signal.aborted) return opened.close?.();
		view = opened;
		retitle(opened.title);
	} catch (problem) {
		if (signal.aborted || problem.status === 401) return;
		showProblem(problem);
	}
	if (isMove) main.querySelector('h1')?.focus();
}

function retitle(title) {
	document.title = `${title} · remote-agent`;
}

function showProblem(problem) {
	const isMissing = problem.status === 404;
	const [title, text, next] = isMissing
		? ['Not here', 'There is no such session.', h('a', { href: '/' }, 'Sessions')]
		: ['Not shown', visibleLine(problem.message ?? problem), h('button', { onclick: () => show() }, 'Try again')];
	main.replaceChildren(h('div.page', {}, h('h1', { tabindex: '-1' }, title), h('p', {}, text), h('p', {}, next)));
	retitle(title);
	showConnection(problem.code === 'unreachable' ? 'offline' : 'live', Date.now());
	if (problem.code !== 'unreachable') return;
	const timer = setTimeout(() => show(), 3000);
	opening.signal.addEventListener('abort', () => clearTimeout(timer));
}

let isSignedOut = false;

function showSignIn() {
	if (isSignedOut && view) return;
	isSignedOut = true;
	signOutButton.hidden = true;
	if (location.pathname !== '/sign-in') sessionStorage.setItem('wanted', location.pathname + location.search + location.hash);
	open(() => openSignIn(main, { token: null, done: goOn }), true);
}

function goOn() {
	isSignedOut = false;
	signOutButton.hidden = false;
	history.replaceState(null, '', remembered());
	show({ isMove: true });
}

function remembered() {
	const address = sessionStorage.getItem('wanted') ?? '/';
	sessionStorage.removeItem('wanted');
	return /^\/(?:$|[?#]|devices$|pair(?:#|$)|sessions\/)/.test(address) ? address : '/';
}

async function signOut() {
	await call('POST', '/api/sign-out').catch(() => {});
	showSignIn();
}

function showCurrentLink() {
	const here = location.pathname === '/pair' ? '/devices' : location.pathname;
	for (const link of document.querySelectorAll('nav a')) {
		if (link.pathname === here) link.setAttribute('aria-current', 'page');
		else link.removeAttribute('aria-current');
	}
}

document.addEventListener('click', (event) => {
	const link = event.target.closest('a[href^="/"]');
	if (!link || link.hasAttribute('download') || event.defaultPrevented || event.button !== 0) return;
	if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	go(link.getAttribute('href'));
});
// What a form is for, its view does.
document.addEventListener('submit', (event) => event.preventDefault());
addEventListener('popstate', () => {
	// Another link, pasted over the first, is no other page to a browser.
	if (location.pathname !== path || tokenIn(location.hash)) show({ isMove: true });
});
document.addEventListener('visibilitychange', async () => {
	// Someone may have signed in in another tab.
	if (!isSignedOut || document.visibilityState !== 'visible' || location.pathname === '/sign-in') return;
	const response = await fetch('/api/me').catch(() => null);
	if (response?.ok && isSignedOut) goOn();
});
events.addEventListener('signedout', showSignIn);
signOutButton.addEventListener('click', signOut);
document.getElementById('show-keys').addEventListener('click', showKeys);
listenForKeys({ view: () => view, go });
setInterval(updateTimes, 15_000);
show();
