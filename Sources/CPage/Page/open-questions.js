// Which of an agent's questions are open, by what the session's statuses say. Times are Unix milliseconds.

import { stringOf } from './json.js';

/** More than these are not shown: the oldest are for `ra-hub send` to answer. */
export const mostOpen = 32;
const mostOver = 512;
const endings = ['starting', 'exited', 'end'];

/**
 * A session's open questions. Rows may be taken in any order: those that come live, and those that are looked up.
 * A question: `{ seq, ts, seenAt, isFound, requestId, tool, input, inputBytes, expiresIn, over }`; `over` is the status that
 * ended it.
 */
export class OpenQuestions {
	#open = new Map();
	#over = new Map();
	#ended = 0;
	#lag = Infinity;

	/** The open ones, the oldest first. */
	get all() {
		return [...this.#open.values()].sort((a, b) => a.seq - b.seq);
	}

	/** Whether a question of that name was asked, be it open or over. */
	knows(requestId) {
		return this.#open.has(requestId) || this.#over.has(requestId);
	}

	/** Takes a row. `isFound`: it was looked up, so it may be of any age. */
	took({ seq, ts, type, status }, { now = Date.now(), isFound = false } = {}) {
		// The device's clock may be wrong; but nothing that it wrote comes before it was written.
		if (ts !== null) this.#lag = Math.min(this.#lag, now - ts);
		if (type !== 'status') return;
		if (endings.includes(status.state)) return this.#endedAt(seq, status);
		const { requestId } = status;
		if (status.state !== 'approval' || typeof requestId !== 'string' || requestId === '' || requestId.length > 256) return;
		if (status.decision !== undefined) return this.#decided(requestId, seq, status);
		if (seq <= this.#ended || seq <= (this.#over.get(requestId) ?? 0) || seq <= (this.#open.get(requestId)?.seq ?? 0)) return;
		this.#asked({ seq, ts, seenAt: now, isFound, requestId, ...askedFor(status) });
	}

	/** The hub knows of a question whose status is not to be had. */
	missed({ requestId, tool }, seq, now = Date.now()) {
		if (!this.knows(requestId)) this.#asked({ seq, ts: null, seenAt: now, isFound: true, requestId, tool: stringOf(tool), isMissed: true });
	}

	/** The session is over, and so is all that was asked. */
	finish() {
		this.#endedAt(Infinity, { state: 'end' });
	}

	/** How long a question is open yet, in milliseconds, at most: what is left may be less, never more. Null if it has no end. */
	left({ ts, seenAt, expiresIn }, now = Date.now()) {
		if (!Number.isFinite(expiresIn)) return null;
		const age = ts === null ? now - seenAt : now - ts - this.#lag;
		return Math.max(0, expiresIn * 1000 - Math.max(0, age));
	}

	#asked(question) {
		// Asked anew, it is another question.
		this.#end(question.requestId, { state: 'approval', decision: 'withdrawn' });
		this.#open.set(question.requestId, question);
		if (this.#open.size > mostOpen) this.#end(this.all[0].requestId, null);
	}

	#decided(requestId, seq, status) {
		if (seq <= (this.#over.get(requestId) ?? 0)) return;
		this.#over.delete(requestId);
		this.#over.set(requestId, seq);
		if (this.#over.size > mostOver) this.#over.delete(this.#over.keys().next().value);
		if (this.#open.get(requestId)?.seq < seq) this.#end(requestId, status);
	}

	#endedAt(seq, status) {
		this.#ended = Math.max(this.#ended, seq);
		for (const [requestId, question] of this.#open) if (question.seq < seq) this.#end(requestId, status);
	}

	#end(requestId, status) {
		const question = this.#open.get(requestId);
		if (!question) return;
		question.over = status;
		this.#open.delete(requestId);
	}
}

/** Of items, the next asked after `seq`. */
export const nextOf = (seq, items) => items.sort((a, b) => a.question.seq - b.question.seq).find((item) => item.question.seq > seq);

function askedFor({ tool, input, inputBytes, expiresIn }) {
	return { tool: stringOf(tool ?? 'a tool'), input, inputBytes: Number.isFinite(inputBytes) ? inputBytes : null, expiresIn };
}
