// An agent is started from here, on a device that takes starts.

import { call } from './api.js';
import { h, setText } from './dom.js';
import { objectsOf } from './json.js';
import { visibleLine } from './visible.js';

/** The part of the sessions page: `button`, `element`. `go(path)` leads to the new session. */
export function startPart({ go, signal }) {
	const plain = { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' };
	const device = h('select', { id: 'start-device' });
	const agent = h('input', { id: 'start-agent', list: 'known-agents', value: 'claude', required: true, maxlength: '200', ...plain });
	const folder = h('input', { id: 'start-folder', placeholder: 'where ra-run runs', ...plain });
	const prompt = h('textarea', { id: 'start-prompt', rows: '3' });
	const words = h('textarea', { id: 'start-arguments', rows: '2', ...plain });
	const start = h('button.primary', {}, 'Start');
	const note = h('p.note', { role: 'status' });
	const field = (name, input) => [h('label', { for: input.id }, name), input];
	const element = h('form.pairing.start', { 'aria-label': 'Start an agent', hidden: true, onsubmit: submit },
		field('Device', device),
		field('Agent', agent), h('datalist', { id: 'known-agents' }, ['claude', 'codex', 'gemini'].map((value) => h('option', { value }))),
		field('Folder', folder),
		field('Prompt', prompt),
		h('details', {}, h('summary', {}, 'Arguments'), field('One a line; the device must allow them', words)),
		h('p', {}, start),
		note,
	);
	const button = h('button', { 'aria-expanded': 'false', onclick: toggle }, 'Start an agent');
	let isSending = false;

	async function toggle() {
		element.hidden = !element.hidden;
		button.setAttribute('aria-expanded', String(!element.hidden));
		if (element.hidden) return;
		setText(note, '');
		await refetch();
		agent.focus();
	}

	async function refetch() {
		try {
			const { items } = await call('GET', '/api/clients', { signal });
			const able = objectsOf(items).filter((item) => item.starts === 'ready' || item.starts === 'away');
			able.sort((a, b) => Number(b.starts === 'ready') - Number(a.starts === 'ready'));
			device.replaceChildren(...able.map((item) => h('option', { value: item.clientId }, `${visibleLine(item.label || item.clientId, 60)}${item.starts === 'away' ? ' (away)' : ''}`)));
			start.disabled = able.length === 0;
			if (able.length === 0) note.replaceChildren('No device takes starts. Run ', h('code', {}, 'ra-run --on-demand claude'), ' on one, or ', h('code', {}, 'ra-hub serve --local-agents'), ' here.');
		} catch (problem) {
			if (!signal.aborted) setText(note, `Not fetched: ${problem.message}`);
		}
	}

	async function submit() {
		if (isSending || start.disabled) return;
		isSending = true;
		setText(note, 'Being started…');
		const body = { device: device.value, agent: agent.value.trim() };
		if (folder.value.trim() !== '') body.cwd = folder.value.trim();
		if (prompt.value.trim() !== '') body.prompt = prompt.value;
		const args = words.value.split('\n').filter((line) => line !== '');
		if (args.length > 0) body.args = args;
		try {
			const { id } = await call('POST', '/api/agents', { body });
			go(`/sessions/${encodeURIComponent(id)}`);
		} catch (problem) {
			setText(note, problem.code === 'unreachable' ? 'The hub cannot be reached: look among the sessions before you try again.' : `Not started: ${problem.message}`);
		} finally {
			isSending = false;
		}
	}

	return { button, element };
}
