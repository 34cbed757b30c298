import { showConnection } from './connection.js';
import { LiveStream } from './live.js';
import { parsed } from './json.js';

/** The stream of sessions and devices as they change. `refetch` is called whenever it is connected: what was before, the lists tell. */
export function agentsStream({ onAgent = () => {}, onDevice = () => {}, refetch }) {
  let wasLive = false;
  return new LiveStream({
    path: '/api/agents/stream',
    onEvents(events) {
      for (const { type, data } of events) {
        if (type === 'agent') onAgent(parsed(data));
        if (type === 'device') onDevice(parsed(data));
      }
    },
    onState(state, retryAt) {
      showConnection(state, retryAt);
      if (state === 'live' && !wasLive) refetch();
      wasLive = state === 'live';
    },
  });
}
