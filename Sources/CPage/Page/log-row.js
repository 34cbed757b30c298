import { h } from './dom.js';
import { moment } from './format.js';
import { joinedText, lengthOf } from './row.js';
import { statusLine } from './statuses.js';
import { appendText } from './text.js';

const tags = { stderr: 'err', stdin: 'in', pty: 'pty', stdout: '' };

/** A row of the log: its number, its stream and its text as a terminal would show it. `view` is a SessionRows. */
export function logRow(row, view) {
	const extent = view.extent(String(row.seq));
	if (row.type === 'status') return statusRow(row, extent);
	const pieces = view.rows.thread(row);
	const text = trimmed(beginning(pieces, extent.limit), row);
	return shell(row, row.stream,
		h('span.tag', {}, tags[row.stream]),
		appendText(h('div.text', { dir: 'ltr' }), text, { ...extent, whole: lengthOf(pieces) }),
	);
}

/** A row's frame, with its permalink. */
export function shell(row, kind, ...children) {
	return h('div', { class: `row ${kind}`, 'data-seq': row.seq, 'data-kind': kind, tabindex: '-1' },
		h('a.number', { href: `#${row.seq}`, title: moment(row.ts), tabindex: '-1', 'aria-label': `Row ${row.seq}` }, String(row.seq)),
		...children,
	);
}

function statusRow(row, extent) {
	const { text, tone } = statusLine(row.status);
	const element = shell(row, 'status', h('span.tag', {}, '·'), appendText(h('div.text', { dir: 'ltr' }), text, extent));
	if (tone) element.classList.add(tone);
	return element;
}

// Only as many pieces as are shown: a line may be of 10 MB.
function beginning(pieces, limit) {
	let length = 0;
	const enough = pieces.findIndex((piece) => (length += piece.text.length) > limit * 2 + 4096);
	const taken = enough < 0 ? pieces : pieces.slice(0, enough + 1);
	return taken.length === 1 ? taken[0].text : joinedText(taken);
}

// A line end of Windows is no character to see; in the middle of a line CR is.
function trimmed(text, row) {
	return row.stream === 'pty' ? text.replace(/\r?\n$/, '').replaceAll('\r\n', '\n') : text.replace(/\r$/, '');
}
