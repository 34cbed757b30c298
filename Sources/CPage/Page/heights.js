// Where each of a million rows of different heights lies. Rows have numbers from 1, or from beyond a base; one that was never
// measured has the estimated height. Sums are kept for blocks of rows; the tops of blocks are added up again behind a change.

const blockSize = 256;

export class Heights {
	#rows = new Float32Array(blockSize);
	#sums = new Float64Array(1);
	#tops = new Float64Array(2);
	#clean = 0;
	#length = 0;
	#base;
	#estimate;

	constructor(estimate, base = 0) {
		this.#estimate = estimate;
		this.#base = base;
	}

	get last() {
		return this.#base + this.#length;
	}

	get total() {
		return this.#top(this.#blocks);
	}

	reset(estimate) {
		const { last } = this;
		this.#estimate = estimate;
		this.#sums.fill(0);
		this.#length = 0;
		this.grow(last);
	}

	/** There are rows up to this number now. */
	grow(last) {
		const length = last - this.#base;
		if (length <= this.#length) return;
		this.#reserve(length);
		this.#rows.fill(this.#estimate, this.#length, length);
		for (let from = this.#length; from < length; ) {
			const to = Math.min(length, (blockOf(from) + 1) * blockSize);
			this.#sums[blockOf(from)] += (to - from) * this.#rows[from];
			from = to;
		}
		this.#clean = Math.min(this.#clean, blockOf(this.#length));
		this.#length = length;
	}

	get(row) {
		return this.#rows[row - 1 - this.#base];
	}

	/** Sets a row's height; returns whether that changed anything. */
	set(row, height) {
		const index = row - 1 - this.#base;
		if (index < 0 || index >= this.#length) return false;
		const before = this.#rows[index];
		this.#rows[index] = height;
		// Compared as stored: a float32.
		if (this.#rows[index] === before) return false;
		const block = blockOf(index);
		this.#sums[block] += this.#rows[index] - before;
		this.#clean = Math.min(this.#clean, block);
		return true;
	}

	/** The top of a row; of the number behind the last one: the end of all. */
	top(row) {
		const index = Math.max(0, Math.min(row - 1 - this.#base, this.#length));
		const block = blockOf(index);
		let top = this.#top(block);
		for (let before = block * blockSize; before < index; before += 1) top += this.#rows[before];
		return top;
	}

	/** The row that covers a place, never one without height unless all are; 0 if there are none. */
	at(place) {
		if (this.#length === 0) return 0;
		this.#top(this.#blocks);
		let low = 0;
		let high = this.#blocks - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (this.#tops[middle] <= place) low = middle;
			else high = middle - 1;
		}
		let top = this.#tops[low];
		const end = Math.min(this.#length, (low + 1) * blockSize);
		for (let index = low * blockSize; index < end; index += 1) {
			top += this.#rows[index];
			if (top > place) return this.#base + index + 1;
		}
		return this.previous(this.#base + end + 1) || this.next(this.#base) || this.#base + 1;
	}

	/** The next row that has a height; 0 if none has. */
	next(row) {
		for (let index = Math.max(0, row - this.#base); index < this.#length; index += 1) {
			if (index % blockSize === 0) index = this.#skip(index, 1);
			if (index < this.#length && this.#rows[index] > 0) return this.#base + index + 1;
		}
		return 0;
	}

	/** The row before that has a height; 0 if none has. */
	previous(row) {
		for (let index = Math.min(row - this.#base, this.#length + 1) - 2; index >= 0; index -= 1) {
			if (index % blockSize === blockSize - 1) index = this.#skip(index, -1);
			if (index >= 0 && this.#rows[index] > 0) return this.#base + index + 1;
		}
		return 0;
	}

	get #blocks() {
		return blockOf(this.#length - 1) + 1;
	}

	// Beyond whole blocks without height.
	#skip(index, step) {
		let block = blockOf(index);
		const blocks = this.#blocks;
		while (block >= 0 && block < blocks && this.#sums[block] === 0) block += step;
		if (block === blockOf(index)) return index;
		return step > 0 ? block * blockSize : (block + 1) * blockSize - 1;
	}

	#top(block) {
		for (; this.#clean < block; this.#clean += 1) {
			this.#tops[this.#clean + 1] = this.#tops[this.#clean] + this.#sums[this.#clean];
		}
		return this.#tops[block];
	}

	#reserve(length) {
		if (length <= this.#rows.length) return;
		let capacity = this.#rows.length;
		while (capacity < length) capacity *= 2;
		this.#rows = copied(this.#rows, new Float32Array(capacity));
		const blocks = capacity / blockSize;
		this.#sums = copied(this.#sums, new Float64Array(blocks));
		this.#tops = copied(this.#tops, new Float64Array(blocks + 1));
	}
}

function blockOf(index) {
	return Math.floor(index / blockSize);
}

function copied(from, to) {
	to.set(from);
	return to;
}
