// Numbers and times as people read them. Times are Unix milliseconds.

/** "3 min ago", "in 2 h", "now". */
export function ago(time, now = Date.now()) {
	if (!Number.isFinite(time)) return '';
	const seconds = Math.round((now - time) / 1000);
	const size = Math.abs(seconds);
	if (size < 10) return 'now';
	const [amount, unit] =
		size < 60 ? [size, 's'] : size < 3600 ? [size / 60, 'min'] : size < 86_400 ? [size / 3600, 'h'] : [size / 86_400, 'd'];
	const text = `${Math.floor(amount)} ${unit}`;
	return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** "0.4 s", "1 min 20 s", "2 h 5 min". */
export function duration(milliseconds) {
	const seconds = milliseconds / 1000;
	if (!(seconds >= 0)) return '';
	if (seconds < 60) return `${seconds < 10 ? Math.floor(seconds * 10) / 10 : Math.floor(seconds)} s`;
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
	return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** How long until then: "9:59". */
export function remaining(ends) {
	const seconds = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** "17 B", "1.2 kB", "34 MB". */
export function size(bytes) {
	if (!Number.isFinite(bytes)) return '';
	let amount = bytes;
	for (const unit of ['B', 'kB', 'MB', 'GB']) {
		if (amount < 1000 || unit === 'GB') return `${amount < 10 && unit !== 'B' ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
		amount /= 1000;
	}
}

/** "1,234". */
export function count(number) {
	return Number.isFinite(number) ? Math.round(number).toLocaleString('en') : '';
}

/** "1 line", "2 lines". */
export function counted(number, noun) {
	return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** "$0.0123". */
export function money(dollars) {
	return `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

/** "2026-07-31 14:03:22", in the reader's zone. */
export function moment(time) {
	return Number.isFinite(time) && Math.abs(time) < 8.64e15 ? new Date(time).toLocaleString('sv-SE') : '';
}

/** How a session ended: "exit 0", "SIGTERM", "exit 1, error"; empty if it is not known. */
export function outcome(exit) {
	if (!exit || typeof exit !== 'object') return '';
	const how = Number.isInteger(exit.code) ? `exit ${exit.code}` : exit.signal !== undefined && exit.signal !== null ? signal(exit.signal) : '';
	const word = typeof exit.outcome === 'string' && exit.outcome !== 'ok' ? exit.outcome : '';
	return [how, word].filter(Boolean).join(', ');
}

function signal(name) {
	if (typeof name !== 'string') return `signal ${JSON.stringify(name)}`;
	return name.startsWith('SIG') ? name : `SIG${name}`;
}
