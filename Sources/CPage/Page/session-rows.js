// What the session's view knows of its rows: which have no height in the conversation, and what belongs together.

import { envelopes } from './api.js';
import { printOf, summaryOf } from './blocks.js';
import { logRow } from './log-row.js';
import { Pairs } from './pairs.js';
import { rowOf } from './row.js';
import { Rows } from './rows.js';
import { statusLine } from './statuses.js';
import { readBlocks, talkRow } from './talk-row.js';

/** A session's rows as they are shown, in the conversation or in the log. `redraw(seqs)` is called for rows that became other ones. */
export class SessionRows {
  rows;
  isTalk = true;
  /** Rows that are shown although the conversation has no place for them: someone looks for them. */
  revealed = new Set();
  /** Results that an open fold waits for. */
  away = new Set();
  #pairs = new Pairs();
  #redraw;
  #talk;

  constructor({ id, last, unfolded, onRows, redraw, hold }) {
    this.#redraw = redraw;
    this.rows = new Rows({
      load: async (after, limit, signal) =>
        (await envelopes(id, { after, limit, follow: 0 }, signal)).map(rowOf).filter((row) => row !== null),
      onRows,
      note: (row, rows) => this.#note(row, rows),
    });
    this.rows.last = last;
    this.#talk = {
      rows: this.rows,
      unfolded,
      hold,
      blocks: (row) => readBlocks(row, this.rows),
      isRevealed: (seq) => this.revealed.has(seq),
      isPaired: (id, seq) => this.#pairs.callOf(id, seq) !== 0,
      resultOf: (id, seq) => this.#resultOf(id, seq),
      wasSaid: (text, seq) => this.#wasSaid(text, seq),
    };
  }

  /** A row's element; null if it has none, undefined if the row is not here. */
  element(seq) {
    const row = this.rows.at(seq);
    if (!row) return row;
    if (this.isHidden(row)) return null;
    if (!this.isTalk) return logRow(row, this.rows, this.#talk.unfolded);
    try {
      return talkRow(row, this.#talk);
    } catch {
      // An event made to be misread is a line like any other.
      return logRow(row, this.rows, this.#talk.unfolded);
    }
  }

  /** Whether a row takes no room where it stands. */
  isHidden(row) {
    if (this.isTalk && this.revealed.has(row.seq)) return false;
    if (!this.isTalk) return row.start !== row.seq && !row.delta;
    if (row.start !== row.seq) return true;
    if (row.type === 'status') return statusLine(row.status).isQuiet;
    const { summary } = row;
    return Boolean(summary) && summary.others === 0 && summary.results.every(({ id }) => this.#pairs.callOf(id, row.seq) !== 0);
  }

  /** The row that shows this one: itself, its call's, or its line's first. */
  home(row) {
    const result = this.isTalk && row.summary?.results.find(({ id }) => this.#pairs.callOf(id, row.seq) !== 0);
    if (result && this.isHidden(row)) return this.#pairs.callOf(result.id, row.seq);
    return this.isTalk || !row.delta ? row.start : row.seq;
  }

  /** The rows of the calls whose results this one has. */
  callsOf(row) {
    return (row.summary?.results ?? []).map(({ id }) => this.#pairs.callOf(id, row.seq));
  }

  #note(row, rows) {
    if (row.type !== 'log' || row.stream !== 'stdout' || !row.eol) return;
    const start = row.start === row.seq ? row : rows.at(row.start);
    if (!start || start.summary !== undefined) return;
    const blocks = readBlocks(start, rows);
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

  #resultOf(id, call) {
    const found = this.#pairs.resultOf(id, call);
    if (!found) return null;
    const row = this.rows.at(found.seq);
    const result = row && readBlocks(row, this.rows)?.find((block) => block.kind === 'result' && block.id === id);
    if (result) {
      this.away.delete(found.seq);
      return result;
    }
    this.away.add(found.seq);
    return { isAway: true, isError: found.isError };
  }

  // Whether the turn that ends with this row said that text itself.
  #wasSaid(text, seq) {
    const print = printOf(text);
    for (let before = seq - 1; before > 0 && before > seq - 300; before -= 1) {
      const row = this.rows.at(before);
      if (row?.summary?.said === print) return true;
      if (row?.summary?.isDone) return false;
    }
    return false;
  }
}
