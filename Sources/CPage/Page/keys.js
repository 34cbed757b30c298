// Keyboard shortcuts. They never fire while someone types, or with a modifier.

import { h } from './dom.js';

const shown = [
  ['/', 'find'],
  ['g s', 'sessions'],
  ['g d', 'devices'],
  ['j k ↓ ↑', 'next and previous row'],
  ['Home End', 'start and end'],
  ['Enter', 'unfold the row, or link to it'],
  ['p', 'prompt'],
  ['?', 'this'],
];

/** Listens for shortcuts: `keys()` gives those of the view, `go(path)` goes elsewhere. */
export function listenForKeys({ keys, go }) {
  let isGoing = 0;
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    const isGo = Date.now() - isGoing < 1500;
    isGoing = 0;
    const action = isGo && event.key === 's' ? () => go('/') : isGo && event.key === 'd' ? () => go('/devices') : actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  });

  function actionOf(event) {
    if (event.key === 'g') return () => (isGoing = Date.now());
    if (event.key === '?') return showKeys;
    // Arrows scroll what has the focus, unless that is a row.
    if (event.key.startsWith('Arrow') && !event.target.closest('[data-seq], .sessions')) return null;
    if (event.key === 'Enter' && !event.target.matches('[data-seq]')) return null;
    return keys()[event.key];
  }
}

/** Shows the shortcuts. */
export function showKeys() {
  const dialog = h('dialog', { 'aria-labelledby': 'keys-title', onclose: () => dialog.remove() },
    h('h2', { id: 'keys-title' }, 'Keys'),
    h('dl.keys', {}, shown.map(([key, what]) => h('div', {}, h('dt', {}, key.split(' ').map((part) => h('kbd', {}, part))), h('dd', {}, what)))),
    h('div.actions', {}, h('button', { type: 'button', onclick: () => dialog.close() }, 'Close')),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function isTyping(target) {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
