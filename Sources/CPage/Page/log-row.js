import { h } from './dom.js';
import { moment } from './format.js';
import { joinedText } from './row.js';
import { statusLine } from './statuses.js';
import { appendText } from './text.js';

const tags = { stderr: 'err', stdin: 'in', pty: 'pty', stdout: '' };

/** A row of the log: its number, its stream and its text as a terminal would show it. `unfolded` knows how much is shown. */
export function logRow(row, rows, unfolded) {
  if (row.type === 'status') return statusRow(row, unfolded);
  const pieces = rows.thread(row);
  const limit = unfolded.limit(row.seq);
  const whole = pieces.reduce((sum, piece) => sum + (piece.cut ?? piece.text.length), 0);
  const text = h('div.text', { dir: 'ltr' });
  appendText(text, trimmed(beginning(pieces, limit), row), { limit, more: (next) => unfolded.setLimit(row.seq, next), whole });
  return shell(row, row.stream, h('span.tag', {}, tags[row.stream]), text);
}

/** A row's frame, with its permalink. */
export function shell(row, kind, ...children) {
  return h('div', { class: `row ${kind}`, 'data-seq': row.seq, 'data-kind': kind, tabindex: '-1' },
    h('a.number', { href: `#${row.seq}`, title: moment(row.ts), tabindex: '-1', 'aria-label': `Row ${row.seq}` }, String(row.seq)),
    ...children,
  );
}

function statusRow(row, unfolded) {
  const { text, tone } = statusLine(row.status);
  const element = h('div', { class: `text ${tone}`, dir: 'ltr' });
  appendText(element, text, { limit: unfolded.limit(row.seq), more: (limit) => unfolded.setLimit(row.seq, limit) });
  const shown = shell(row, 'status', h('span.tag', {}, '·'), element);
  if (typeof row.status.state === 'string' && /^[a-z]{1,20}$/.test(row.status.state)) shown.dataset.state = row.status.state;
  return shown;
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
