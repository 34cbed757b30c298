// An envelope of a session's log as a row of the page. Whatever stands in it was written by others: nothing is trusted.

import { isObject, parsed, stringOf } from './json.js';

const fastJSON = /"payload":\{"stream":"\w+","json":(\{.*\})\}\}\s*$/s;

/** Reads one envelope's text; null if it is none. A row: `{ seq, ts, type, stream, text, isJSON, eol, b64, status }`. */
export function rowOf(envelopeText) {
	const envelope = parsed(envelopeText);
	const { seq, ts, type, payload } = envelope ?? {};
	if (!Number.isSafeInteger(seq) || seq < 1 || !isObject(payload)) return null;
	const row = { seq, ts: Number.isFinite(ts) ? ts : null, type, start: seq };
	if (type === 'log') return logRow(row, payload, envelopeText);
	return { ...row, type: 'status', stream: null, text: stringOf(payload), eol: true, status: payload };
}

function logRow(row, payload, envelopeText) {
	const stream = ['stdout', 'stderr', 'stdin', 'pty'].includes(payload.stream) ? payload.stream : 'stdout';
	const line = { ...row, stream, eol: payload.eol !== false, isJSON: false };
	if (typeof payload.text === 'string') return { ...line, text: payload.text };
	if (typeof payload.b64 === 'string') return { ...line, text: decoded(bytesOf(payload.b64)), b64: payload.b64 };
	if (isObject(payload.json)) {
		// The line as it was, its numbers and blanks too, where the envelope is written as ours are.
		const verbatim = fastJSON.exec(envelopeText)?.[1];
		return { ...line, isJSON: true, text: verbatim ?? stringOf(payload.json) };
	}
	return { ...line, text: stringOf(payload) };
}

/** The text of a line that came in pieces. Bytes are joined before they are read as UTF-8. */
export function joinedText(rows) {
	if (rows.every((row) => row.b64 === undefined)) return rows.map((row) => row.text).join('');
	const encoder = new TextEncoder();
	const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
	const pieces = rows.map((row) => (row.b64 === undefined ? encoder.encode(row.text) : bytesOf(row.b64)));
	return pieces.map((bytes) => decoder.decode(bytes, { stream: true })).join('') + decoder.decode();
}

/** The length of a line that came in pieces, with what was cut off of them. */
export function lengthOf(rows) {
	return rows.reduce((sum, row) => sum + (row.cut ?? row.text.length), 0);
}

function bytesOf(base64) {
	try {
		return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
	} catch {
		return new Uint8Array();
	}
}

function decoded(bytes) {
	return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
