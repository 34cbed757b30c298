// What a session's view knows of its rows: which are hidden, what belongs together, what is unfolded.

import { fetchRows } from './api.js';
import { blocksOf, printOf, summaryOf } from './blocks.js';
import { parsed } from './json.js';
import { logRow } from './log-row.js';
import { Pairs } from './pairs.js';
import { Rows } from './rows.js';
import { statusLine } from './statuses.js';
import { talkRow } from './talk-row.js';
import { leastShown } from './text.js';

/** A session's rows as they are shown. `redraw(seqs)` is called for rows that became other ones. */
export class SessionRows {
	rows;
	isTalk = true;
	/** Rows that are shown although they mean nothing in the conversation: someone looks for them. */
	revealed = new Set();
	/** Results that an open fold waits for. */
	away = new Set();
	open = new Set();
	/** To be called before an unfolding changes a row's height. */
	hold;
	#limits = new Map();
	#pairs = new Pairs();
	#redraw;

	constructor({ id, last, onRows, redraw, hold }) {
		this.hold = hold;
		this.#redraw = redraw;
		this.rows = new Rows({
			load: (after, limit, signal) => fetchRows(id, { after, limit }, signal),
			onRows,
			note: (row) => this.#note(row),
		});
		this.rows.last = last;
	}

	/** A row's element; null if it has none, undefined if the row is not here. */
	element(seq) {
		const row = this.rows.at(seq);
		if (!row) return row;
		if (this.isHidden(row)) return null;
		try {
			return this.isTalk ? talkRow(row, this) : logRow(row, this);
		} catch {
			// An event made to be misread is a line like any other.
			return logRow(row, this);
		}
	}

	/** Whether a row takes no room where it stands. */
	isHidden(row) {
		if (!this.isTalk) return row.start !== row.seq && !row.delta;
		if (this.revealed.has(row.seq)) return false;
		if (row.start !== row.seq) return true;
		if (row.type === 'status') return statusLine(row.status).isQuiet;
		const { summary } = row;
		return Boolean(summary) && summary.others === 0 && summary.results.every(({ id }) => this.isPaired(id, row.seq));
	}

	/** The row that shows this one: itself, its call's, or its line's first. */
	home(row) {
		const result = this.isTalk && row.summary?.results.find(({ id }) => this.isPaired(id, row.seq));
		if (result && this.isHidden(row)) return this.#pairs.callOf(result.id, row.seq);
		return this.isTalk || !row.delta ? row.start : row.seq;
	}

	/** The rows of the calls whose results this one has. */
	callsOf(row) {
		return (row.summary?.results ?? []).map(({ id }) => this.#pairs.callOf(id, row.seq));
	}

	/** How much of a text is shown, and what shows more: appendText's options. `key` begins with the row's number. */
	extent(key) {
		const more = (limit) => {
			this.#limits.set(key, limit);
			this.#redraw([Number.parseInt(key, 10)]);
		};
		return { limit: this.#limits.get(key) ?? leastShown, more };
	}

	unfold(row) {
		const folds = row.summary ? row.summary.calls.length + row.summary.others : 1;
		for (let index = 0; index < Math.min(folds, 20); index += 1) this.open.add(`${row.seq}/${index}`);
	}

	/** A row's event as blocks: null if it is none, undefined if the line is too long or not all here. */
	blocks(row) {
		if (row.delta) {
			const texts = this.rows.thread(row).map((piece) => blocksOf(parsed(piece.text))?.[0]?.text);
			return [{ kind: 'text', text: texts.join('') }];
		}
		const line = this.rows.line(row);
		if (line === undefined) return undefined;
		return line.trimStart()[0] === '{' ? blocksOf(parsed(line)) : null;
	}

	isPaired(id, seq) {
		return this.#pairs.callOf(id, seq) !== 0;
	}

	/** The result of a call in this row; null if there is none yet. */
	resultOf(id, call) {
		const found = this.#pairs.resultOf(id, call);
		if (!found) return null;
		const row = this.rows.at(found.seq);
		const result = row && this.blocks(row)?.find((block) => block.kind === 'result' && block.id === id);
		if (result) {
			this.away.delete(found.seq);
			return result;
		}
		this.away.add(found.seq);
		return { isAway: true, isError: found.isError };
	}

	/** Whether the turn that ends with this row said that text itself. */
	wasSaid(text, seq) {
		const print = printOf(text);
		for (let before = seq - 1; before > 0 && before > seq - 300; before -= 1) {
			const summary = this.rows.at(before)?.summary;
			if (summary?.said === print) return true;
			if (summary?.isDone) return false;
		}
		return false;
	}

	#note(row) {
		if (row.type !== 'log' || row.stream !== 'stdout' || !row.eol) return;
		const start = row.start === row.seq ? row : this.rows.at(row.start);
		if (!start || start.summary !== undefined) return;
		const blocks = this.blocks(start);
		start.summary = blocks ? summaryOf(blocks) : null;
		if (!blocks) return;
		row.delta = start.summary.isDelta && start === row;
		for (const id of start.summary.calls) {
			if (this.#pairs.note(id, start.seq, { isCall: true })) this.#paired(this.#pairs.resultOf(id, start.seq)?.seq);
		}
		for (const { id, isError } of start.summary.results) {
			if (this.#pairs.note(id, start.seq, { isCall: false, isError })) this.#paired(this.#pairs.callOf(id, start.seq));
		}
	}

	#paired(seq) {
		if (seq) this.#redraw([seq]);
	}
}
