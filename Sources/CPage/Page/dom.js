import { ago, moment } from './format.js';
import { visibleLine } from './visible.js';

/** An element: `h('p.note', { onclick: f }, 'text', child)`; strings become text, never markup. */
export function h(name, attributes = {}, ...children) {
	const [tag, ...classes] = name.split('.');
	const element = document.createElement(tag);
	if (classes.length > 0) element.className = classes.join(' ');
	for (const [name, value] of Object.entries(attributes)) {
		if (isNothing(value)) continue;
		if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
		else element.setAttribute(name, value === true ? '' : value);
	}
	element.append(...children.flat().filter((child) => !isNothing(child)));
	return element;
}

function isNothing(value) {
	return value === undefined || value === null || value === false;
}

/** Names and values, without those that have none. A value is text of others, or an element. */
export function factsElement(facts) {
	return h('dl.facts', {},
		facts
			.filter(([, value]) => !isNothing(value) && value !== '')
			.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', { dir: 'auto' }, value instanceof Node ? value : visibleLine(value, 300)))),
	);
}

/** A field for what is to be found. */
export function findField(label, attributes) {
	return h('input', { type: 'search', id: 'find', placeholder: label, 'aria-label': label, autocomplete: 'off', enterkeyhint: 'search', maxlength: '200', ...attributes });
}

/** Sets text only where it differs, so that nothing is announced, selected or laid out anew without need. */
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

const focusable = 'a, button, summary, textarea';

/** Puts an element in another's place. What had the focus in there has it again. */
export function replace(old, element) {
	const index = [old, ...old.querySelectorAll(focusable)].indexOf(document.activeElement);
	old.replaceWith(element);
	if (index < 0) return;
	const target = [element, ...element.querySelectorAll(focusable)][index] ?? element;
	target.focus({ preventScroll: true });
}

/** A time as "3 min ago" and, on asking, its moment; null if there is none. */
export function timeElement(time) {
	const at = moment(time);
	return at === '' ? null : h('time', { datetime: new Date(time).toISOString(), title: at }, ago(time));
}

/** Makes all times on the page be those of now. */
export function updateTimes() {
	for (const time of document.querySelectorAll('time')) setText(time, ago(Date.parse(time.dateTime)));
}

/** Shows a dialog; resolves to the value of the button that closed it, if one did. */
export function showDialog(title, content, ...buttons) {
	return new Promise((resolve) => {
		const dialog = h('dialog', { 'aria-labelledby': 'dialog-title', onclose: () => (dialog.remove(), resolve(dialog.returnValue)) },
			h('h2', { id: 'dialog-title' }, title),
			content,
			h('div.actions', {}, buttons),
		);
		for (const button of buttons) button.addEventListener('click', () => dialog.close(button.value));
		document.body.append(dialog);
		dialog.showModal();
	});
}

/** Asks in a dialog; resolves to whether the action is wanted. */
export async function confirmed(title, text, action) {
	const answer = await showDialog(title, h('p', {}, text), h('button', {}, 'Cancel'), h('button.danger', { value: 'yes' }, action));
	return answer === 'yes';
}

let announcedAt = 0;

/** Says something to who listens and does not look; what is not urgent at most once in a while. */
export function announce(text, isUrgent = false) {
	if (!isUrgent && Date.now() - announcedAt < 3000) return;
	announcedAt = Date.now();
	document.getElementById('announcer').textContent = text;
}
