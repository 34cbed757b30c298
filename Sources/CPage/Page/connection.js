import { setText } from './dom.js';
import { objectsOf, parsed } from './json.js';
import { LiveStream } from './live.js';

const words = { live: 'connected', 'signed-out': 'signed out' };

let countdown;

/** Shows in the header how the page stands with the hub. */
export function showConnection(state, retryAt) {
	const element = document.getElementById('connection');
	const [, word, rest] = element.children;
	const shown = state === 'paused' ? 'connecting' : state;
	clearInterval(countdown);
	element.dataset.state = shown;
	setText(word, words[shown] ?? shown);
	const tick = () => {
		const seconds = Math.ceil((retryAt - Date.now()) / 1000);
		setText(rest, seconds > 0 ? `, trying again in ${seconds} s` : ', trying again');
	};
	if (shown !== 'offline') return setText(rest, '');
	tick();
	countdown = setInterval(tick, 1000);
}

/**
 * The stream of sessions and devices as they change: `on` is told of each by its event's name. `refetch` is called whenever it is
 * connected, since what was before only the lists tell.
 */
export function agentsStream(on, refetch) {
	let wasLive = false;
	const stream = new LiveStream({
		path: '/api/agents/stream',
		onEvents(events) {
			for (const { type, data } of events) {
				const told = parsed(data);
				if (type === 'approvals') showAsking(objectsOf(told?.items).length);
				on[type]?.(told);
			}
		},
		onState(state, retryAt) {
			showConnection(state, retryAt);
			if (state === 'live' && !wasLive) refetch();
			wasLive = state === 'live';
		},
	});
	return {
		close() {
			stream.close();
			// Nobody tells any more of those who ask.
			showAsking(0);
		},
	};
}

/** Shows beside the link to the devices how many ask to be paired. */
function showAsking(count) {
	setText(document.querySelector('nav a[href="/devices"]'), count > 0 ? `Devices (${count})` : 'Devices');
}
