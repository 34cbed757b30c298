import { setText } from './dom.js';

const words = {
  live: 'connected',
  connecting: 'connecting',
  offline: 'offline',
  ended: 'ended',
  'signed-out': 'signed out',
};

let countdown;

/** Shows in the header how the page stands with the hub. */
export function showConnection(state, retryAt) {
  const element = document.getElementById('connection');
  const [, word, rest] = element.children;
  const shown = state === 'paused' ? 'connecting' : state;
  clearInterval(countdown);
  element.dataset.state = shown;
  setText(word, words[shown]);
  const tick = () => {
    const seconds = Math.ceil((retryAt - Date.now()) / 1000);
    setText(rest, seconds > 0 ? `, trying again in ${seconds} s` : ', trying again');
  };
  if (shown !== 'offline') return setText(rest, '');
  tick();
  countdown = setInterval(tick, 1000);
}
