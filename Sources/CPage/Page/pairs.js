// Which row is the result of which call. Rows are noted in any order, since they are loaded in any; an agent may use an id
// again (codex does, in another run), so a result belongs to the nearest call before it.

const mostIds = 20_000;

export class Pairs {
	#ids = new Map();

	/** Notes a row's call, or its result; returns whether that was new. */
	note(id, seq, { isCall, isError = false }) {
		let entries = this.#ids.get(id);
		if (!entries) {
			this.#ids.set(id, (entries = []));
			if (this.#ids.size > mostIds) this.#ids.delete(this.#ids.keys().next().value);
		}
		if (entries.some((entry) => entry.seq === seq && entry.isCall === isCall)) return false;
		entries.push({ seq, isCall, isError });
		entries.sort((a, b) => a.seq - b.seq || Number(b.isCall) - Number(a.isCall));
		if (entries.length > 256) entries.shift();
		return true;
	}

	/** The row of the call that a result belongs to; 0 if none is known. */
	callOf(id, result) {
		return this.#ids.get(id)?.findLast((entry) => entry.isCall && entry.seq <= result)?.seq ?? 0;
	}

	/** A call's last result, `{ seq, isError }`; null if none is known. */
	resultOf(id, call) {
		const entries = this.#ids.get(id) ?? [];
		const next = entries.find((entry) => entry.isCall && entry.seq > call)?.seq ?? Infinity;
		return entries.findLast((entry) => !entry.isCall && entry.seq >= call && entry.seq < next) ?? null;
	}
}
