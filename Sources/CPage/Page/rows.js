// A session's rows by number, as many of them as were looked at last: chunks, fetched when they are asked for.
// Rows that are pieces of one line (`eol: false`), or of one answer, are threaded: `start` is the first one's number.

import { joinedText } from './row.js';

/** Rows a chunk: numbers chunk*256+1 … chunk*256+256. */
export const chunkSize = 256;
const mostThread = 4096;
const mostChunks = 96;
const mostText = 64 * 2 ** 20;
const longestJoin = 8 * 2 ** 20;
const longestChunk = 48 * 2 ** 20;

/**
 * A session's rows. `load(after, limit, signal)` resolves to rows in order; `onRows(rows, error, chunk)` tells which are new or
 * different; `note(row)` is called once for each, in order within a chunk, after it was threaded.
 */
export class Rows {
	last = 0;
	#chunks = new Map();
	#loading = new Map();
	#load;
	#onRows;
	#note;

	constructor({ load, onRows, note = () => {} }) {
		this.#load = load;
		this.#onRows = onRows;
		this.#note = note;
	}

	/** The row; null if there is none of this number; undefined if it is not here. */
	at(seq) {
		const chunk = this.#chunks.get(chunkOf(seq));
		if (!chunk) return undefined;
		return chunk.rows[(seq - 1) % chunkSize] ?? (chunk.isLoaded && seq <= chunk.through ? null : undefined);
	}

	/** Takes rows as they come live, in order; those that are here already are dropped. */
	append(rows) {
		const fresh = [];
		for (const row of rows) {
			if (row.seq <= this.last) continue;
			fresh.push(row);
			const number = chunkOf(row.seq);
			// All of a chunk came live if what came before lies in another.
			const chunk = this.#chunk(number, this.last <= number * chunkSize);
			keep(chunk, row);
			chunk.through = this.last = row.seq;
		}
		if (fresh.length === 0) return;
		for (const number of new Set(fresh.map((row) => chunkOf(row.seq)))) this.#thread(number, true);
		this.#evict(new Set([chunkOf(this.last)]));
		this.#onRows(fresh);
	}

	// The chunk of this number, which is the last one to be forgotten now.
	#chunk(number, isLoaded = false) {
		const chunk = this.#chunks.get(number) ?? { rows: [], through: 0, isLoaded, text: 0, threaded: 0, open: new Map() };
		this.#chunks.delete(number);
		this.#chunks.set(number, chunk);
		return chunk;
	}

	/** Makes the chunks with these numbers be here, nearest first, and drops requests for others. */
	want(seqs) {
		const wanted = new Set(seqs.map(chunkOf));
		for (const [number, loading] of this.#loading) {
			if (!wanted.has(number)) {
				loading.abort();
				this.#loading.delete(number);
			}
		}
		for (const number of wanted) {
			const isLoaded = this.#chunks.has(number) && this.#chunk(number).isLoaded;
			if (!isLoaded && !this.#loading.has(number) && this.#loading.size < 3) this.#fetch(number);
		}
		this.#evict(wanted);
	}

	*all() {
		for (const chunk of this.#chunks.values()) for (const row of chunk.rows) if (row) yield row;
	}

	chunks() {
		return [...this.#chunks.keys()];
	}

	close() {
		for (const loading of this.#loading.values()) loading.abort();
		this.#loading.clear();
	}

	/** The rows of the line, or answer, that begins with this one, as far as they are here. */
	thread(row) {
		const rows = [row];
		if (row.eol && !row.delta) return rows;
		const furthest = Math.min(this.last, row.seq + mostThread);
		for (let seq = row.seq + 1; seq <= furthest; seq += 1) {
			const next = this.at(seq);
			if (next === undefined) break;
			if (next?.start === row.seq) {
				rows.push(next);
				if (next.eol && !row.delta) break;
			} else if (row.delta && next?.stream === 'stdout') break;
		}
		return rows;
	}

	/** A whole line's text, joined from its pieces; undefined if pieces are missing or it is beyond 8 MiB. */
	line(row) {
		if (row.eol) return row.cut ? undefined : row.text;
		const rows = this.thread(row);
		if (!rows.at(-1).eol || rows.some((piece) => piece.cut)) return undefined;
		if (rows.reduce((sum, piece) => sum + piece.text.length, 0) > longestJoin) return undefined;
		return joinedText(rows);
	}

	async #fetch(number) {
		const loading = new AbortController();
		this.#loading.set(number, loading);
		const through = this.last;
		try {
			const rows = await this.#load(number * chunkSize, chunkSize, loading.signal);
			this.#loading.delete(number);
			this.#take(number, rows, through);
		} catch (error) {
			if (loading.signal.aborted) return;
			// Kept as loading for a while, so that a failing hub is not asked at every turn of the wheel.
			setTimeout(() => {
				if (this.#loading.get(number) !== loading) return;
				this.#loading.delete(number);
				this.#onRows([], error);
			}, 2000);
		}
	}

	#take(number, rows, through) {
		const chunk = this.#chunk(number);
		for (const row of rows) if (chunkOf(row.seq) === number) keep(chunk, row);
		chunk.isLoaded = true;
		chunk.through = Math.max(chunk.through, Math.min(through, (number + 1) * chunkSize));
		const changed = this.#thread(number);
		this.#onRows(chunk.rows.filter(Boolean).concat(changed), null, number);
	}

	// Links pieces to their starts; returns rows of later chunks whose start became another by that.
	#thread(number, isLive) {
		const chunk = this.#chunks.get(number);
		const before = this.#chunks.get(number - 1);
		const from = isLive ? chunk.threaded : 0;
		const open = new Map(from > 0 ? chunk.open : before?.isLoaded ? before.open : []);
		for (let index = from; index < chunk.rows.length; index += 1) {
			const row = chunk.rows[index];
			if (row) this.#link(row, open);
		}
		chunk.threaded = chunk.rows.length;
		const isOther = !sameEntries(chunk.open, open);
		chunk.open = open;
		const next = this.#chunks.get(number + 1);
		if (!isOther || !next?.isLoaded) return [];
		return next.rows.filter(Boolean).concat(this.#thread(number + 1));
	}

	#link(row, open) {
		if (row.type !== 'log') return;
		const start = row.stream === 'pty' ? undefined : open.get(row.stream);
		row.start = start ?? row.seq;
		if (row.eol || row.stream === 'pty') open.delete(row.stream);
		else open.set(row.stream, row.start);
		this.#note(row);
		if (row.stream !== 'stdout' || row.start !== row.seq) return;
		if (row.delta) {
			row.start = open.get('delta') ?? row.seq;
			open.set('delta', row.start);
		} else {
			open.delete('delta');
		}
	}

	#evict(kept) {
		let text = 0;
		for (const chunk of this.#chunks.values()) text += chunk.text;
		for (const [number, chunk] of this.#chunks) {
			if (this.#chunks.size <= mostChunks && text <= mostText) return;
			if (kept.has(number)) continue;
			text -= chunk.text;
			this.#chunks.delete(number);
		}
	}
}

function chunkOf(seq) {
	return Math.floor((seq - 1) / chunkSize);
}

function keep(chunk, row) {
	const index = (row.seq - 1) % chunkSize;
	if (chunk.rows[index]) return;
	if (chunk.text > longestChunk && row.text.length > 4000) {
		row.cut = row.text.length;
		// Through JSON, since a mere slice would keep all of the text alive.
		row.text = JSON.parse(JSON.stringify(row.text.slice(0, 4000)));
		row.b64 = undefined;
	}
	chunk.rows[index] = row;
	chunk.text += row.text.length + (row.b64?.length ?? 0) + 200;
}

function sameEntries(a, b) {
	return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
