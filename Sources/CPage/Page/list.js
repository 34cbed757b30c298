// A list of a million rows of which only those in sight are in the document.
//
// The truth is a row and how far the view's top is from its top (the anchor), or that the view sticks to the end. The scroll
// bar merely follows it: exactly while all fits into what browsers can lay out, in proportion beyond. While someone scrolls,
// the bar is left alone and the rows are placed where they belong to the eye; it is corrected when the scrolling rests.

import { h, replace } from './dom.js';
import { Heights } from './heights.js';

const tallest = 8_000_000;
const overscan = 400;
const rest = 150;

/**
 * Shows rows of a scrolling element. `render(seq)` gives a row's element, null if it has none, undefined if it is not here yet;
 * `want(seqs)` is told which rows are in sight, `onView` that what is in sight has changed.
 */
export class RowList {
	heights;
	isFollowing = true;
	#scroller;
	#canvas = h('div.canvas');
	#spacer = h('div.spacer');
	#render;
	#want;
	#onView;
	#elements = new Map();
	#stale = new Set();
	#anchor = { seq: 1, delta: 0 };
	#top = 0;
	#view = 0;
	#bar = 0;
	#frame = 0;
	#resting = 0;
	#widest = 0;
	#isLaying = false;
	#isHeld = false;
	#resizes;
	#ends = new AbortController();

	constructor(scroller, { estimate, base, render, want, onView }) {
		this.heights = new Heights(estimate, base);
		this.#scroller = scroller;
		this.#view = scroller.clientHeight;
		this.#render = render;
		this.#want = want;
		this.#onView = onView;
		scroller.replaceChildren(this.#spacer, this.#canvas);
		this.#resizes = new ResizeObserver((entries) => this.#resized(entries));
		this.#resizes.observe(scroller);
		scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true, signal: this.#ends.signal });
	}

	close() {
		this.#ends.abort();
		this.#resizes.disconnect();
		cancelAnimationFrame(this.#frame);
		clearTimeout(this.#resting);
	}

	/** The first and last row in sight. */
	get sight() {
		return { first: this.heights.at(this.#top), last: this.heights.at(Math.max(0, this.#top + this.#view - 1)) };
	}

	element(seq) {
		return this.#elements.get(seq);
	}

	/** These rows are to be drawn anew. */
	redraw(seqs) {
		for (const seq of seqs) if (this.#elements.has(seq)) this.#stale.add(seq);
		this.schedule();
	}

	/** All rows are other ones; what is in sight stays so. */
	reset(estimate) {
		this.#anchor = { seq: this.heights.at(this.#top) || 1, delta: 0 };
		this.heights.reset(estimate);
		for (const seq of this.#elements.keys()) this.#stale.add(seq);
		this.schedule();
	}

	/** Brings a row into sight, a third from the top. */
	show(seq) {
		this.#goTo(seq, -this.#view / 3);
	}

	showStart() {
		this.#goTo(1, 0);
	}

	showEnd() {
		this.isFollowing = true;
		this.#lay(true);
	}

	/** Scrolls just so far that the row is in sight. */
	reveal(seq) {
		const top = this.heights.top(seq);
		const height = this.heights.get(seq);
		if (top >= this.#top && top + height <= this.#top + this.#view) return;
		this.#goTo(seq, top < this.#top ? -8 : Math.min(0, height - this.#view + 8));
	}

	/** The view stays where it is although rows in it grow; it goes on following if it is at the end even so. */
	hold() {
		this.#keepAnchor();
		this.isFollowing = false;
		this.#isHeld = true;
	}

	schedule() {
		if (this.#frame) return;
		this.#frame = requestAnimationFrame(() => this.#lay());
	}

	#goTo(seq, delta) {
		this.isFollowing = false;
		this.#anchor = { seq, delta };
		this.#lay(true);
	}

	#lay(isForced = false) {
		cancelAnimationFrame(this.#frame);
		this.#frame = 0;
		this.#view = this.#scroller.clientHeight;
		if (this.#view === 0) return;
		this.#isLaying = true;
		let seqs = [];
		for (let pass = 0; pass < 6; pass += 1) {
			this.#place();
			seqs = this.#inSight();
			if (!this.#draw(seqs)) break;
		}
		this.#place();
		if (this.#isHeld && this.#top >= this.#most - 1) this.isFollowing = true;
		this.#isHeld = false;
		this.#size();
		if (isForced || this.isFollowing || !this.#resting || this.#isStuck()) this.#moveBar();
		this.#position(seqs[0]);
		this.#keepWidth();
		this.#isLaying = false;
		this.#want(seqs);
		this.#onView();
	}

	// How far down the view's top can be, and the bar's.
	get #most() {
		return Math.max(0, this.heights.total - this.#view);
	}

	get #mostBar() {
		return Math.max(0, Math.min(this.heights.total, tallest) - this.#view);
	}

	#place() {
		const wanted = this.isFollowing ? Infinity : this.heights.top(this.#anchor.seq) + this.#anchor.delta;
		this.#top = Math.min(this.#most, Math.max(0, wanted));
	}

	#inSight() {
		const seqs = [];
		const { heights } = this;
		const first = heights.at(Math.max(0, this.#top - overscan));
		let top = heights.top(first);
		for (let seq = first; seq && top < this.#top + this.#view + overscan; seq = heights.next(seq)) {
			seqs.push(seq);
			top += heights.get(seq);
		}
		return seqs;
	}

	// Puts these rows into the document and no others; returns whether a height came out other than it was thought to be.
	#draw(seqs) {
		const kept = new Set(seqs);
		for (const [seq, element] of this.#elements) if (!kept.has(seq)) this.#remove(seq, element);
		let isOther = false;
		let before = null;
		const fresh = [];
		for (const seq of seqs) {
			const old = this.#elements.get(seq);
			const element = this.#drawn(seq, old);
			if (element === null) {
				isOther = this.heights.set(seq, 0) || isOther;
				continue;
			}
			const place = before ? before.nextSibling : this.#canvas.firstChild;
			if (element !== place) this.#canvas.insertBefore(element, place);
			if (element !== old && element.dataset.kind !== 'loading') fresh.push([seq, element]);
			before = element;
		}
		// Measured together, so that the browser lays out once.
		for (const [seq, element] of fresh) isOther = this.#measure(seq, element) || isOther;
		return isOther;
	}

	#measure(seq, element) {
		return this.heights.set(seq, element.getBoundingClientRect().height);
	}

	#drawn(seq, old) {
		if (old && !this.#stale.has(seq)) return old;
		const element = this.#render(seq);
		if (element === undefined) this.#stale.add(seq);
		else this.#stale.delete(seq);
		if (element === null) {
			if (old) this.#remove(seq, old);
			return null;
		}
		if (element === undefined && old?.dataset.kind === 'loading') return old;
		const shown = element ?? this.#placeholder(seq);
		if (old) {
			this.#resizes.unobserve(old);
			replace(old, shown);
		}
		this.#elements.set(seq, shown);
		if (element) this.#resizes.observe(shown);
		return shown;
	}

	#placeholder(seq) {
		const element = h('div.row.loading', { 'data-kind': 'loading' });
		element.style.height = `${this.heights.get(seq)}px`;
		return element;
	}

	#remove(seq, element) {
		// The keyboard's place must not be lost with a row that is scrolled away.
		if (element.contains(document.activeElement)) this.#scroller.focus({ preventScroll: true });
		this.#resizes.unobserve(element);
		this.#stale.delete(seq);
		this.#elements.delete(seq);
		element.remove();
	}

	#resized(entries) {
		let isOther = false;
		for (const { target } of entries) {
			if (target === this.#scroller) isOther = true;
			else if (target.isConnected) isOther = this.#measure(Number(target.dataset.seq), target) || isOther;
		}
		if (isOther) this.schedule();
	}

	#scrolled() {
		const bar = this.#scroller.scrollTop;
		const moved = bar - this.#bar;
		if (Math.abs(moved) < 0.5 || this.#isLaying) return;
		this.#bar = bar;
		const view = this.#scroller.clientHeight;
		// A view that grows or shrinks moves the bar too, and nobody wants to see what was before.
		const isResized = view !== this.#view || bar + view >= this.#scroller.scrollHeight - 2;
		if (this.isFollowing && isResized) return this.schedule();
		this.#view = view;
		// A drag of the bar means a place; a wheel or a finger means a distance.
		const isDrag = this.heights.total > tallest && Math.abs(moved) > view * 3;
		const top = isDrag ? (bar / Math.max(1, this.#mostBar)) * this.#most : this.#top + moved;
		this.#top = Math.min(this.#most, Math.max(0, top));
		this.isFollowing = this.#top >= this.#most - 4 && (moved > 0 || this.isFollowing);
		this.#keepAnchor();
		clearTimeout(this.#resting);
		this.#resting = setTimeout(() => {
			this.#resting = 0;
			this.schedule();
		}, rest);
		this.schedule();
	}

	#keepAnchor() {
		const seq = this.heights.at(this.#top);
		if (seq) this.#anchor = { seq, delta: this.#top - this.heights.top(seq) };
	}

	#size() {
		const height = `${Math.min(this.heights.total, tallest)}px`;
		if (this.#spacer.style.height === height) return;
		const before = this.#scroller.scrollTop;
		this.#spacer.style.height = height;
		// Where the bar is moved by that, nobody scrolled.
		this.#bar += this.#scroller.scrollTop - before;
	}

	// The bar is at one of its ends and the rows are not.
	#isStuck() {
		return (this.#bar <= 0 && this.#top > 0) || (this.#bar >= this.#mostBar - 1 && this.#top < this.#most - 1);
	}

	#moveBar() {
		const bar = this.heights.total > tallest ? (this.#top / this.#most) * this.#mostBar : this.#top;
		if (Math.abs(this.#scroller.scrollTop - bar) >= 1) this.#scroller.scrollTop = bar;
		this.#bar = this.#scroller.scrollTop;
	}

	// The longest line seen so far rules how far one can scroll to the side, so that it does not change with every row.
	#keepWidth() {
		const width = this.#canvas.offsetWidth;
		if (width <= Math.max(this.#widest, this.#scroller.clientWidth)) return;
		this.#widest = width;
		this.#canvas.style.minWidth = `${width}px`;
	}

	#position(first) {
		const place = first ? this.#bar + this.heights.top(first) - this.#top : 0;
		this.#canvas.style.transform = `translateY(${place}px)`;
	}
}
