import { counted, duration } from './format.js';
import { about, idOf, stringOf } from './json.js';

/** Blocks of gemini's stream-json; null if the event is none of it. Its facts are from documentation only. */
export function geminiBlocks(event) {
	switch (event.type) {
		case 'init':
			return 'session_id' in event ? [] : null;
		case 'message': {
			if (typeof event.role !== 'string') return null;
			const text = stringOf(event.content);
			if (event.role === 'user') return [{ kind: 'prompt', text }];
			return [{ kind: 'text', text, isDelta: event.delta === true }];
		}
		case 'tool_use': {
			const input = event.parameters ?? event.input;
			return [{ kind: 'call', id: idOf(event.tool_id), name: stringOf(event.tool_name ?? 'tool'), about: about(input), input }];
		}
		case 'tool_result': {
			const isError = event.status === 'error';
			const text = isError ? event.error?.message ?? event.error ?? event.output : event.output;
			return [{ kind: 'result', id: idOf(event.tool_id), text: stringOf(text, 2), isError }];
		}
		case 'error':
			return [{ kind: 'error', isMild: event.severity === 'warning', text: stringOf(event.message ?? event) }];
		case 'result':
			return 'status' in event ? [done(event)] : null;
		default:
			return null;
	}
}

function done(event) {
	const { stats } = event;
	const facts = [];
	if (Number.isFinite(stats?.duration_ms)) facts.push(duration(stats.duration_ms));
	if (Number.isFinite(stats?.total_tokens)) facts.push(counted(stats.total_tokens, 'token'));
	if (Number.isInteger(stats?.tool_calls)) facts.push(counted(stats.tool_calls, 'tool call'));
	const isError = event.status !== 'success';
	return { kind: 'done', isError, facts, text: isError ? stringOf(event.error?.message ?? event.error) : '' };
}
