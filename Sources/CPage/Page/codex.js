import { counted } from './format.js';
import { about, idOf, isObject, objectsOf, stringOf } from './json.js';

/** Blocks of `codex exec --json`; null if the event is none of it. An item that starts is a call, and its end the result. */
export function codexBlocks(event) {
	switch (event.type) {
		case 'thread.started':
		case 'turn.started':
			return [];
		case 'item.started':
		case 'item.updated':
		case 'item.completed':
			return isObject(event.item) ? item(event.item, event.type) : null;
		case 'turn.completed':
			return [{ kind: 'done', isError: false, facts: usage(event.usage), text: '' }];
		case 'turn.failed':
			return [{ kind: 'done', isError: true, facts: [], text: stringOf(event.error?.message ?? event.error) }];
		case 'error':
			return 'severity' in event ? null : [{ kind: 'error', text: stringOf(event.message ?? event.error ?? event) }];
		default:
			return null;
	}
}

function item(item, type) {
	const isOver = type === 'item.completed';
	switch (item.type ?? item.item_type) {
		case 'agent_message':
		case 'assistant_message':
			return isOver ? [{ kind: 'text', text: stringOf(item.text) }] : [];
		case 'reasoning':
			return isOver ? [{ kind: 'thinking', text: stringOf(item.text) }] : [];
		case 'error':
			return isOver ? [{ kind: 'error', isMild: true, text: stringOf(item.message) }] : [];
		default: {
			const call = { kind: 'call', id: idOf(item.id), ...described(item) };
			if (type === 'item.started') return [call];
			// The end tells all that the start told, so it can stand for both.
			return [{ kind: 'result', id: call.id, call, ...outcome(item) }];
		}
	}
}

function described(item) {
	switch (item.type) {
		case 'command_execution':
			return { name: 'Command', about: stringOf(item.command), input: { command: stringOf(item.command) } };
		case 'file_change': {
			const changes = objectsOf(item.changes);
			const lines = changes.map((change) => `${stringOf(change.kind?.type ?? change.kind ?? 'change')} ${stringOf(change.path)}`);
			const whole = changes.map((change, index) => (typeof change.diff === 'string' ? `${lines[index]}\n${change.diff}` : lines[index]));
			return { name: 'Edit', about: lines.join(', '), input: whole.join('\n') };
		}
		case 'mcp_tool_call':
			return { name: `${stringOf(item.server ?? 'mcp')}.${stringOf(item.tool)}`, about: about(item.arguments), input: item.arguments };
		case 'web_search':
			return { name: 'Web search', about: stringOf(item.query), input: stringOf(item.query) };
		case 'todo_list':
			return { name: 'Plan', about: counted(objectsOf(item.items).length, 'step'), input: '' };
		default:
			return { name: stringOf(item.type ?? 'item'), about: '', input: item };
	}
}

function outcome(item) {
	const hasFailed = Number.isInteger(item.exit_code) && item.exit_code !== 0;
	const isError = item.status === 'failed' || item.status === 'declined' || hasFailed;
	const parts = [];
	if (item.type === 'todo_list') parts.push(plan(item));
	if (typeof item.aggregated_output === 'string') parts.push(item.aggregated_output);
	if (item.result !== undefined && item.result !== null) parts.push(stringOf(item.result, 2));
	if (item.error !== undefined && item.error !== null) parts.push(stringOf(item.error.message ?? item.error, 2));
	if (hasFailed) parts.push(`exit ${item.exit_code}`);
	return { text: parts.join('\n'), isError };
}

function plan(item) {
	return objectsOf(item.items).map((step) => `${step.completed === true ? '☑' : '☐'} ${stringOf(step.text)}`).join('\n');
}

function usage(usage) {
	const tokens = (name, word) => (Number.isFinite(usage?.[name]) ? [`${counted(usage[name], 'token')} ${word}`] : []);
	return [...tokens('input_tokens', 'in'), ...tokens('output_tokens', 'out')];
}
