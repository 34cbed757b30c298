import { counted, duration, money } from './format.js';
import { about, idOf, isObject, objectsOf, stringOf } from './json.js';

// What it asks, ra-spawn's `approval` tells.
const silent = ['stream_event', 'control_request', 'control_response', 'control_cancel_request', 'command_lifecycle', 'keep_alive', 'rate_limit_event', 'tool_progress'];

/** Blocks of claude's stream-json; null if the event is none of it. */
export function claudeBlocks(event) {
	switch (event.type) {
		case 'assistant':
			return isObject(event.message) ? contents(event).flatMap(said) : null;
		case 'user':
			return isObject(event.message) ? contents(event).flatMap((block) => heard(block, event)) : null;
		case 'result':
			return 'subtype' in event || 'is_error' in event ? [done(event)] : null;
		case 'system':
			return typeof event.subtype === 'string' ? system(event) : null;
		default:
			return silent.includes(event.type) ? [] : null;
	}
}

function contents(event) {
	const { content } = event.message;
	if (typeof content === 'string') return [{ type: 'text', text: content }];
	return objectsOf(content);
}

function said(block) {
	switch (block.type) {
		case 'text':
			return textual('text', block.text);
		case 'thinking':
			return textual('thinking', block.thinking);
		case 'redacted_thinking':
			return [{ kind: 'note', text: 'thinking, not shown by the model' }];
		case 'tool_use':
		case 'server_tool_use':
		case 'mcp_tool_use':
			return [{ kind: 'call', id: idOf(block.id), name: stringOf(block.name ?? 'tool'), about: about(block.input), input: block.input }];
		default:
			return stringOf(block.type).endsWith('_tool_result') ? [result(block)] : [{ kind: 'raw', name: stringOf(block.type ?? '?'), value: block }];
	}
}

function heard(block, event) {
	if (block.type === 'tool_result') return [result(block)];
	if (block.type !== 'text') return [{ kind: 'note', text: `[${stringOf(block.type ?? '?')}]` }];
	if (event.isReplay === true) return textual('prompt', block.text);
	// What is neither a prompt come back nor a tool's result, claude said to itself.
	return event.isSynthetic === true ? [] : textual('note', block.text);
}

function textual(kind, text) {
	return typeof text === 'string' && text.trim() !== '' ? [{ kind, text }] : [];
}

function result(block) {
	return { kind: 'result', id: idOf(block.tool_use_id), text: resultText(block.content), isError: block.is_error === true };
}

function resultText(content) {
	if (!Array.isArray(content)) return stringOf(content, 2);
	return content.map((part) => (typeof part?.text === 'string' ? part.text : `[${stringOf(part?.type ?? '?')}]`)).join('\n');
}

function done(event) {
	const isError = event.is_error === true || stringOf(event.subtype).startsWith('error');
	const facts = [];
	if (Number.isInteger(event.num_turns)) facts.push(counted(event.num_turns, 'turn'));
	if (Number.isFinite(event.duration_ms)) facts.push(duration(event.duration_ms));
	if (Number.isFinite(event.total_cost_usd) && event.total_cost_usd > 0) facts.push(money(event.total_cost_usd));
	const denials = Array.isArray(event.permission_denials) ? event.permission_denials.length : 0;
	if (denials > 0) facts.push(`${denials} not permitted`);
	const errors = Array.isArray(event.errors) ? event.errors.map((error) => stringOf(error)).join('\n') : '';
	const text = typeof event.result === 'string' ? event.result : errors || (isError ? stringOf(event.subtype) : '');
	return { kind: 'done', isError, facts, text };
}

function system(event) {
	switch (event.subtype) {
		case 'api_retry': {
			const of = Number.isInteger(event.max_retries) ? ` of ${event.max_retries}` : '';
			const attempt = Number.isInteger(event.attempt) ? `: attempt ${event.attempt}${of}` : '';
			const why = [event.error_status, event.error].filter((part) => typeof part === 'number' || typeof part === 'string');
			return [{ kind: 'error', isMild: true, text: `the model’s server failed${attempt}${why.length > 0 ? ` (${why.join(' ')})` : ''}` }];
		}
		case 'permission_denied':
			return [{ kind: 'error', isMild: true, text: `not permitted: ${stringOf(event.tool_name ?? 'a tool')}` }];
		case 'compact_boundary':
			return [{ kind: 'note', text: 'the conversation was compacted' }];
		default:
			return [];
	}
}
