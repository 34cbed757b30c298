// One event stream that goes on until it is closed or has ended: it connects again, after its last id, whatever happens.
//
//   connecting -> live -> ended
//       ^  |       |
//       |  v       v
//       offline <--+     paused: the tab was hidden for a minute

import { events } from './api.js';
import { EventParser } from './sse.js';

const silence = 40_000;
const hiddenFor = 60_000;
const longestDelay = 15_000;

/** The tab's event stream. `onEvents(events)` gets what one read brought; `onState(state, retryAt)` is told of changes. */
export class LiveStream {
	#last;
	#path;
	#onEvents;
	#onState;
	#backoff = new Backoff();
	#connection = null;
	#retry = null;
	#pause = null;
	#began = 0;
	#heard = 0;
	#state = '';
	#ends = new AbortController();

	constructor({ path, last = null, onEvents, onState }) {
		this.#path = path;
		this.#last = last;
		this.#onEvents = onEvents;
		this.#onState = onState;
		const { signal } = this.#ends;
		addEventListener('online', () => this.#now(), { signal });
		addEventListener('pageshow', () => this.#now(), { signal });
		addEventListener('offline', () => this.#connection?.abort(), { signal });
		document.addEventListener('visibilitychange', () => this.#visibilityChanged(), { signal });
		this.#connect();
	}

	close() {
		this.#ends.abort();
		clearTimeout(this.#pause);
		this.#stop();
	}

	async #connect() {
		this.#stop();
		const connection = new AbortController();
		this.#connection = connection;
		this.#tell(this.#state === 'offline' ? 'offline' : 'connecting');
		this.#began = this.#heard = Date.now();
		const watchdog = setInterval(() => this.#isSilent(silence) && connection.abort(), 1000);
		const path = this.#last === null ? this.#path : `${this.#path}?after=${encodeURIComponent(this.#last)}`;
		try {
			const response = await fetch(path, { headers: { Accept: 'text/event-stream' }, signal: connection.signal, cache: 'no-store' });
			this.#heard = Date.now();
			if (response.status === 401) return this.#signedOut();
			if (response.status === 204 || response.status === 404) return this.#ended();
			if (response.status !== 200) throw new Error(`status ${response.status}`);
			this.#tell('live');
			await this.#read(response.body.getReader(), connection);
		} catch {
			// Told by what follows: it is not connected.
		} finally {
			clearInterval(watchdog);
			connection.abort();
		}
		if (this.#connection === connection) this.#failed();
	}

	async #read(reader, connection) {
		let batch = [];
		const parser = new EventParser((event) => batch.push(event));
		let worked = performance.now();
		for (;;) {
			const { done, value } = await reader.read();
			if (done || this.#connection !== connection) return;
			this.#heard = Date.now();
			parser.feed(value);
			const taken = batch;
			batch = [];
			if (taken.length > 0) this.#take(taken);
			if (this.#connection !== connection) return;
			// A session that pours out must not keep the page from drawing.
			if (performance.now() - worked > 12) {
				await new Promise((resolve) => setTimeout(resolve));
				worked = performance.now();
			}
		}
	}

	#take(taken) {
		this.#onEvents(taken);
		const id = taken.findLast((event) => event.id !== undefined)?.id;
		if (id !== undefined) this.#last = id;
		if (taken.some((event) => event.type === 'end')) this.#ended();
	}

	#failed() {
		this.#connection = null;
		if (Date.now() - this.#began > 10_000) this.#backoff.reset();
		const delay = navigator.onLine === false ? longestDelay : this.#backoff.next();
		this.#retry = setTimeout(() => this.#connect(), delay);
		this.#tell('offline', Date.now() + delay);
	}

	#ended() {
		this.close();
		this.#tell('ended');
	}

	#signedOut() {
		this.close();
		this.#tell('signed-out');
		events.dispatchEvent(new Event('signedout'));
	}

	#stop() {
		clearTimeout(this.#retry);
		this.#retry = null;
		const connection = this.#connection;
		this.#connection = null;
		connection?.abort();
	}

	#now() {
		if (document.visibilityState !== 'visible' || this.#ends.signal.aborted) return;
		// A machine that slept has a connection that only looks alive: the hub says something every 15 s.
		if (this.#connection === null || this.#isSilent(20_000)) this.#connect();
	}

	#isSilent(limit) {
		return Date.now() - this.#heard > limit;
	}

	#visibilityChanged() {
		clearTimeout(this.#pause);
		if (document.visibilityState === 'visible') return this.#now();
		this.#pause = setTimeout(() => {
			this.#stop();
			this.#tell('paused');
		}, hiddenFor);
	}

	#tell(state, retryAt) {
		this.#state = state;
		this.#onState(state, retryAt);
	}
}

/** Delays before another try, in milliseconds: exponential with full jitter. */
export class Backoff {
	#failures = 0;
	#random;

	constructor(random = Math.random) {
		this.#random = random;
	}

	next() {
		const most = Math.min(longestDelay, 250 * 2 ** this.#failures);
		this.#failures += 1;
		return Math.round(this.#random() * most);
	}

	/** A connection held: the next failure is the first again. */
	reset() {
		this.#failures = 0;
	}
}
