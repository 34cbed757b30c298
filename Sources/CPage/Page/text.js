// Agents' text in the document: coloured as a terminal would, with marks for what cannot be seen, and never all of it at once.

import { ansiSpans, legible } from './ansi.js';
import { h } from './dom.js';
import { count } from './format.js';
import { visibleParts } from './visible.js';

const steps = [4_000, 20_000, 100_000, 500_000];
const mostSpans = 1_500;

/** Appends a text up to a limit, with a button that shows more. `more(limit)` is called with the next limit. */
export function appendText(target, text, { limit = steps[0], more, isTerminal = true, whole = text.length } = {}) {
  const isCut = appendSpans(target, text, limit, isTerminal);
  // A line end may have been taken off.
  if (isCut || whole > text.length + 2) target.append(moreElement(Math.max(whole, text.length), limit, isCut && more));
}

/** What stands at the end of a text that is not shown whole: a button that shows more, or where the rest is. */
export function moreElement(length, limit, more) {
  const next = steps.find((step) => step > limit);
  const rest = `${count(Math.max(1, length - limit))} more characters`;
  return next && more
    ? h('button.more', { type: 'button', onclick: () => more(next) }, `Show more (${rest})`)
    : h('span.mark', {}, ` … ${rest}: see the raw download`);
}

function appendSpans(target, text, limit, isTerminal) {
  // Some more than is shown, since sequences take up room; never half a character.
  const taken = text.slice(0, limit * 2 + 4096).replace(/[\ud800-\udbff]$/, '');
  const spans = isTerminal ? ansiSpans(taken) : [{ text: taken, style: {} }];
  let room = limit;
  let elements = mostSpans * Math.max(1, limit / steps[0]);
  for (const span of spans) {
    const element = styledElement(span.style);
    target.append(element ?? '');
    for (const part of visibleParts(span.text)) {
      const shown = part.text.length <= room ? part.text : part.text.slice(0, room).replace(/[\ud800-\udbff]$/, '');
      (element ?? target).append(part.isMark ? h('span.mark', {}, shown) : shown);
      room -= part.text.length;
      elements -= 1;
      if (room < 0 || elements < 0) return true;
    }
  }
  return taken.length < text.length;
}

function styledElement(style) {
  const names = Object.keys(style);
  if (names.length === 0) return null;
  const element = document.createElement('span');
  const [fg, bg] = style.inverse ? [style.bg ?? 'ground', style.fg ?? 'ink'] : [style.fg, style.bg];
  for (const name of ['bold', 'dim', 'italic', 'underline', 'strike']) if (style[name]) element.classList.add(`t-${name}`);
  color(element, 'fg', fg, bg === undefined);
  color(element, 'bg', bg);
  return element;
}

function color(element, plane, value, isAlone) {
  if (value === undefined) return;
  if (typeof value === 'number' || !value.includes(',')) return element.classList.add(`${plane}-${value}`);
  element.classList.add(`${plane}-rgb`);
  const exact = `rgb(${value.replaceAll(',', ' ')})`;
  element.style.setProperty(`--${plane}-light`, isAlone ? legible(value, false) : exact);
  element.style.setProperty(`--${plane}-dark`, isAlone ? legible(value, true) : exact);
}
