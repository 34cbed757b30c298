// Agents' text in the document: coloured as a terminal would, with marks for what cannot be seen, and never all of it at once.

import { ansiSpans, exact, legible, onGround } from './ansi.js';
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
  for (const name of ['bold', 'dim', 'italic', 'underline', 'strike']) if (style[name]) element.classList.add(`t-${name}`);
  const [ink, ground] = style.inverse ? [style.bg, style.fg] : [style.fg, style.bg];
  if (ground !== undefined) {
    const on = onGround(ground, ink);
    element.classList.add('on');
    element.style.setProperty('--bg', on.ground);
    colors(element, on.ink, on.ink);
  } else if (style.inverse) {
    element.classList.add('inverse');
    if (ink !== undefined) colors(element, legible(exact(ink), true), legible(exact(ink), false));
  } else if (typeof ink === 'number') {
    element.classList.add(`fg-${ink}`);
  } else if (ink !== undefined) {
    colors(element, legible(ink, false), legible(ink, true));
  }
  return element;
}

function colors(element, light, dark) {
  element.classList.add('fg-rgb');
  element.style.setProperty('--fg-light', light);
  element.style.setProperty('--fg-dark', dark);
}
