import { counted, duration, outcome, size } from './format.js';
import { about, stringOf } from './json.js';

/** A status as a quiet line: `{ text, tone, isQuiet }`; tone is "", "good", "bad" or "gap"; a quiet one is for the log only. */
export function statusLine(status) {
	switch (status.state) {
		case 'starting':
			return line(`starting ${argv(status)}${status.cwd ? ` in ${stringOf(status.cwd)}` : ''}`);
		case 'running':
			return quiet(`running${Number.isInteger(status.pid) ? `, process ${status.pid}` : ''}`);
		case 'turn':
			return turn(status);
		case 'exited': {
			const took = Number.isFinite(status.durationMs) ? ` after ${duration(status.durationMs)}` : '';
			const isGood = status.outcome === 'ok' || (status.outcome === undefined && status.code === 0);
			return line(`exited: ${outcome(status) || 'how is not known'}${took}`, isGood ? 'good' : 'bad');
		}
		case 'error':
			return line(`error: ${[status.code, status.message].map((part) => stringOf(part)).filter(Boolean).join(': ')}`, 'bad');
		case 'control': {
			const reason = status.reason ? `: ${stringOf(status.reason)}` : '';
			return quiet(`control ${stringOf(status.seq ?? '?')} ${stringOf(status.result)}${reason}`, status.result === 'refused' ? 'bad' : '');
		}
		case 'gap':
			return line(gap(status), 'gap');
		case 'end':
			return quiet(`end of the input${Number.isFinite(status.lines) ? `: ${counted(status.lines, 'line')}, ${size(status.bytes)}` : ''}`);
		case 'approval':
			return approval(status);
		default:
			return line(stringOf(status));
	}
}

function argv(status) {
	if (Array.isArray(status.argv)) return status.argv.map((word) => stringOf(word)).join(' ').slice(0, 500);
	return stringOf(status.agent);
}

function turn(status) {
	const which = Number.isInteger(status.turn) ? ` ${status.turn}` : '';
	const detail = status.detail ? `: ${stringOf(status.detail)}` : '';
	switch (status.outcome) {
		case 'started':
			return quiet(`turn${which} started`);
		case 'ok':
			return quiet(`turn${which} ended`, 'good');
		case 'incomplete':
			return line(`turn${which} broke off without a result${detail}`, 'bad');
		default:
			// The agent's own result says so in the conversation.
			return quiet(`turn${which} ended: ${stringOf(status.outcome)}${detail}`, 'bad');
	}
}

const decisions = new Map([['allow', 'allowed'], ['deny', 'denied'], ['withdrawn', 'not asked any more']]);
const reasons = new Map([['timeout', 'nobody answered in time'], ['policy', 'nobody is asked'], ['agent', 'by the agent']]);

function approval(status) {
	const name = typeof status.requestId === 'string' ? ` [${status.requestId.slice(0, 40)}]` : '';
	if (status.decision === undefined) return line(`asks to use ${stringOf(status.tool ?? 'a tool')}: ${about(status.input)}${name}`);
	const why = [reasons.get(status.by) ?? '', stringOf(status.message ?? '')].filter(Boolean).map((part) => `: ${part}`).join('');
	const tone = status.decision === 'allow' ? 'good' : status.decision === 'deny' ? 'bad' : '';
	return line(`${decisions.get(status.decision) ?? stringOf(status.decision)}${why}${name}`, tone);
}

function gap(status) {
	const lost = Number.isInteger(status.to) && Number.isInteger(status.from) ? status.to - status.from + 1 : NaN;
	const bytes = Number.isFinite(status.bytes) && status.bytes > 0 ? `, ${size(status.bytes)}` : '';
	const why = status.reason === 'overflow' ? ' (the device could not keep them)' : status.reason === 'lost' ? ' (the hub lost them)' : '';
	return `lost here: ${lost > 0 ? counted(lost, 'line') : 'an unknown number of lines'}${bytes}${why}`;
}

function line(text, tone = '') {
	return { text, tone, isQuiet: false };
}

function quiet(text, tone = '') {
	return { text, tone, isQuiet: true };
}
