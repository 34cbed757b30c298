// The hub's calls (docs/http-api.md).

import { rowOf } from './row.js';
import { visibleLine } from './visible.js';

/** What a call fails with: `code` is the hub's word, or `unreachable`. */
class Problem extends Error {
	constructor(status, code, detail) {
		super(visibleLine(detail));
		this.status = status;
		this.code = code;
	}
}

/** Calls the hub; resolves to its JSON, or null where it has none. `signedOut` is told of every 401. */
export async function call(method, path, { body, signal } = {}) {
	const response = await request(method, path, { body, signal, accept: 'application/json' });
	return response.status === 204 ? null : await response.json();
}

/** A stretch of a session's log, as rows. */
export async function fetchRows(id, query, signal) {
	const path = agentPath(id, `/logs?${new URLSearchParams({ ...query, follow: 0 })}`);
	const response = await request('GET', path, { signal, accept: 'application/x-ndjson' });
	return (await response.text()).split('\n').map(rowOf).filter((row) => row !== null);
}

/** The path of a session, or of something of it. */
export function agentPath(id, rest = '') {
	return `/api/agents/${encodeURIComponent(id)}${rest}`;
}

/** The answer itself; anything but success is thrown as a Problem. */
export async function request(method, path, { body, signal, accept }) {
	const headers = { Accept: accept };
	if (body !== undefined) headers['Content-Type'] = 'application/json';
	let response;
	try {
		response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, cache: 'no-store' });
	} catch (error) {
		if (signal?.aborted) throw error;
		throw new Problem(0, 'unreachable', 'the hub cannot be reached');
	}
	if (response.ok) return response;
	if (response.status === 401) events.dispatchEvent(new Event('signedout'));
	throw await problemOf(response);
}

/** What is said of something that was to be sent, and failed. */
export function notSent({ code, message }) {
	return code === 'unreachable' ? 'The hub cannot be reached: it may or may not have arrived. What did is in the list below.' : `Not sent: ${message}`;
}

/** Where `signedout` is told. */
export const events = new EventTarget();

async function problemOf(response) {
	const problem = await response.json().catch(() => ({}));
	const detail = [problem.detail, problem.title].find((text) => typeof text === 'string' && text !== '');
	return new Problem(response.status, String(problem.code ?? ''), detail ?? `the hub answered ${response.status}`);
}
