// The paired devices, and how another one is paired.

import { call } from './api.js';
import { approvalsPart } from './approvals.js';
import { agentsStream } from './connection.js';
import { confirmed, factsElement, h, replace, setText, timeElement } from './dom.js';
import { count, counted } from './format.js';
import { pairingPart } from './pairing.js';
import { isObject } from './json.js';
import { visibleLine } from './visible.js';

/** Opens the view in `main`. `wanted` is what the address says of a device that asks to be paired; null if it says nothing. */
export async function openDevices(main, { signal, wanted }) {
	const list = h('ul.devices', { role: 'list', 'aria-label': 'Devices' });
	const note = h('p.note', { role: 'status' });
	const pairing = pairingPart();
	const approvals = approvalsPart(wanted);
	main.replaceChildren(
		h('div.page', {}, h('div.page-head', {}, h('h1', { tabindex: '-1' }, 'Devices'), pairing.button), pairing.element, approvals.element, list, note),
	);
	const known = new Map();
	let isFetched = false;

	async function refetch() {
		try {
			const { items } = await call('GET', '/api/clients', { signal });
			for (const device of items) upsert(device, null);
			list.append(...items.map((device) => known.get(device.clientId)));
			isFetched = true;
			setText(note, items.length > 0 ? '' : 'No device is paired yet.');
		} catch (problem) {
			if (!signal.aborted) setText(note, `Not fetched: ${problem.message}`);
		}
	}

	function upsert(device, place) {
		if (!isObject(device) || typeof device.clientId !== 'string') return;
		const element = deviceElement(device, () => revoke(device));
		const before = known.get(device.clientId);
		if (before) replace(before, element);
		else list.insertBefore(element, place);
		known.set(device.clientId, element);
	}

	function changed(device) {
		if (!isObject(device)) return;
		const isNew = isFetched && !known.has(device.clientId);
		upsert(device, list.firstChild);
		setText(note, '');
		if (isNew && !device.revokedAt) pairing.paired(labelOf(device));
	}

	async function revoke(device) {
		const effect = 'Its connections end at once and it can send nothing more, until it is paired again. What it sent stays.';
		if (!(await confirmed(`Revoke ${labelOf(device)}?`, effect, 'Revoke'))) return;
		try {
			await call('DELETE', `/api/clients/${encodeURIComponent(device.clientId)}`);
			await refetch();
		} catch (problem) {
			setText(note, `Not revoked: ${problem.message}`);
		}
	}

	const live = agentsStream({ device: changed, approvals: approvals.show }, refetch);

	return {
		title: 'Devices',
		close() {
			live.close();
			pairing.close();
			approvals.close();
		},
	};
}

function labelOf(device) {
	return visibleLine(device.label || device.clientId, 60);
}

/** How a device ended: the word, and its badge's tone. */
const ends = { revoked: ['Revoked', 'bad'], expired: ['Expired', 'away'], finished: ['Finished', null] };

function deviceElement(device, revoke) {
	const label = labelOf(device);
	const isOver = Number.isFinite(device.revokedAt);
	const [end, tone] = ends[device.state] ?? ends.revoked;
	const sessions = device.sessionLimit ? `${count(device.sessions)} of ${counted(device.sessionLimit, 'session')}` : counted(device.sessions ?? 0, 'session');
	const facts = factsElement([
		['Platform', device.platform],
		['Version', device.version],
		['Address', device.address],
		['Paired', timeElement(device.pairedAt)],
		['Last seen', device.live > 0 ? 'now' : timeElement(device.lastSeenAt)],
		['Expires', isOver ? null : timeElement(device.expiresAt)],
		[end, timeElement(device.revokedAt)],
		['Fingerprint', device.fingerprint],
	]);
	return h('li', { class: isOver && 'revoked' },
		h('div.device-head', {},
			h('h2', { dir: 'auto' }, label),
			device.kind === 'ephemeral' ? h('span.badge', {}, 'ephemeral') : null,
			isOver ? h('span.badge', { 'data-tone': tone }, end.toLowerCase()) : null,
			device.live > 0 ? h('span.badge', { 'data-tone': 'live' }, `${count(device.live)} live`) : null,
			h('a', { href: `/?device=${encodeURIComponent(device.clientId)}` }, sessions),
			isOver ? null : h('button', { 'aria-label': `Revoke ${label}`, onclick: revoke }, 'Revoke'),
		),
		facts,
	);
}
