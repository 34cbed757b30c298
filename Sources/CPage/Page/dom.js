import { ago, moment } from './format.js';
import { visibleLine } from './visible.js';

/** An element: `h('p.note', { onclick: f }, 'text', child)`; strings become text, never markup. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Names and values, without those that have none. A value is text of others, or an element. */
export function factsElement(facts) {
  return h('dl.facts', {},
    facts
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', { dir: 'auto' }, value instanceof Node ? value : visibleLine(value, 300)))),
  );
}

/** Sets text only where it differs, so that nothing is announced, selected or laid out anew without need. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A time as "3 min ago" and, on asking, its moment; null if there is none. */
export function timeElement(time) {
  const at = moment(time);
  return at === '' ? null : h('time', { datetime: new Date(time).toISOString(), title: at }, ago(time));
}

/** Asks once, in a dialog; resolves to whether it was confirmed. */
export function confirmed({ title, text, action }) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { 'aria-labelledby': 'dialog-title', onclose: () => (dialog.remove(), resolve(dialog.returnValue === 'yes')) },
      h('h2', { id: 'dialog-title' }, title),
      h('p', {}, text),
      h('div.actions', {},
        h('button', { type: 'button', onclick: () => dialog.close('') }, 'Cancel'),
        h('button.danger', { type: 'button', onclick: () => dialog.close('yes') }, action),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Says something to who listens and does not look, at most once in a while. */
export function announce(text) {
  const announcer = document.getElementById('announcer');
  const now = Date.now();
  if (now - announce.last < 3000) return;
  announce.last = now;
  announcer.textContent = text;
}
announce.last = 0;
