// The event stream format of the HTML standard, bytes in and events out. It knows nothing of connections.

const longestLine = 8 * 1024 * 1024;

/** Takes a stream's bytes in any pieces and hands out its events; `onEvent({ type, id, data })`. */
export class EventParser {
	#decoder = new TextDecoder();
	#rest = '';
	#endedWithCR = false;
	#type = '';
	#data = [];
	#id;
	#onEvent;

	constructor(onEvent) {
		this.#onEvent = onEvent;
	}

	/** Takes the next bytes; throws a RangeError for a line that no hub would send. */
	feed(bytes) {
		let text = this.#decoder.decode(bytes, { stream: true });
		if (text === '') return;
		if (this.#endedWithCR && text[0] === '\n') text = text.slice(1);
		this.#endedWithCR = text.endsWith('\r');
		text = this.#rest + text;
		let from = 0;
		for (const end of text.matchAll(/\r\n|\n|\r/g)) {
			this.#line(text.slice(from, end.index));
			from = end.index + end[0].length;
		}
		this.#rest = text.slice(from);
		if (this.#rest.length > longestLine) throw new RangeError('a line of the event stream is too long');
	}

	#line(line) {
		if (line === '') return this.#dispatch();
		const colon = line.indexOf(':');
		// A comment's name is empty.
		const name = colon < 0 ? line : line.slice(0, colon);
		let value = colon < 0 ? '' : line.slice(colon + 1);
		if (value[0] === ' ') value = value.slice(1);
		if (name === 'data') this.#data.push(value);
		else if (name === 'event') this.#type = value;
		else if (name === 'id' && !value.includes('\0')) this.#id = value;
	}

	#dispatch() {
		if (this.#data.length > 0) {
			this.#onEvent({ type: this.#type || 'message', id: this.#id, data: this.#data.join('\n') });
		}
		this.#type = '';
		this.#data = [];
		// Unlike the standard's, an event's id is its own only: who resumes keeps the last one.
		this.#id = undefined;
	}
}
