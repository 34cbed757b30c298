/** An element: `h('a', { class: 'x', href: '/', onclick: f }, 'text', child)`. Strings become text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets text only where it differs, so that nothing is announced, selected or laid out anew without need. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A time with its words ("3 min ago") and, on asking, its moment. */
export function timeElement(time, words, moment) {
  if (!Number.isFinite(time)) return h('span', {}, '–');
  return h('time', { datetime: new Date(time).toISOString(), title: moment }, words);
}

/** Asks once, in a dialog; resolves to whether it was confirmed. */
export function confirmed({ title, text, action }) {
  return new Promise((resolve) => {
    const dialog = h(
      'dialog',
      { 'aria-labelledby': 'dialog-title', onclose: () => (dialog.remove(), resolve(dialog.returnValue === 'yes')) },
      h('h2', { id: 'dialog-title' }, title),
      h('p', {}, text),
      h(
        'div',
        { class: 'actions' },
        h('button', { type: 'button', onclick: () => dialog.close('') }, 'Cancel'),
        h('button', { type: 'button', class: 'danger', onclick: () => dialog.close('yes') }, action),
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
