import { codexBlocks } from './codex.js';
import { duration } from './format.js';
import { isObject, objectsOf, parsed, stringOf } from './json.js';

// What it tells besides is for programs.
const silent = /^(?:item|turn|thread|account|serverRequest|remoteControl|mcpServer|model|skills|app|hook|fs|process|rawResponseItem|fuzzyFileSearch)\/|^(?:initialize|initialized)$/;

/** Blocks of `codex app-server`'s messages (JSON-RPC, without a `type`); null if the message is none of it. Items are those of `codex exec`. */
export function codexServerBlocks(message) {
	const { method, params } = message;
	if (method === undefined) return answer(message);
	if (typeof method !== 'string') return null;
	const told = isObject(params) ? params : {};
	switch (method) {
		case 'item/started':
		case 'item/completed':
			return isObject(told.item) ? item(told.item, method.replace('/', '.')) : [];
		case 'turn/completed':
			return [done(isObject(told.turn) ? told.turn : {})];
		case 'error':
			// One that ends the turn stands in its end.
			return told.willRetry === true ? [{ kind: 'error', isMild: true, text: `${reason(told.error)} (it tries again)` }] : [];
		case 'warning':
		case 'configWarning':
		case 'deprecationNotice':
			return [{ kind: 'error', isMild: true, text: stringOf(told.message ?? told.summary) }];
		default:
			return silent.test(method) ? [] : null;
	}
}

// What it answers says nothing to a reader, unless it is an error. Others speak JSON-RPC too.
function answer({ id, result, error, ...others }) {
	if (!Number.isInteger(id) || Object.keys(others).some((name) => name !== 'jsonrpc')) return null;
	if (isObject(error) && result === undefined && Number.isInteger(error.code)) return [{ kind: 'error', text: stringOf(error.message) }];
	const isKnown = isObject(result) && (['thread', 'turn', 'userAgent'].some((name) => name in result) || Object.keys(result).length === 0);
	return isKnown && error === undefined ? [] : null;
}

function item(item, type) {
	const isOver = type === 'item.completed';
	switch (item.type) {
		case 'userMessage': {
			const text = objectsOf(item.content).map((part) => (typeof part.text === 'string' ? part.text : `[${stringOf(part.type ?? '?')}]`)).join('\n');
			return isOver ? [{ kind: 'prompt', text }] : [];
		}
		case 'reasoning': {
			const text = [item.summary, item.content].flat().filter((part) => typeof part === 'string').join('\n');
			return isOver && text !== '' ? [{ kind: 'thinking', text }] : [];
		}
		case 'plan':
			return isOver ? [{ kind: 'text', text: stringOf(item.text) }] : [];
		default:
			return codexBlocks({ type, item: snake(item) });
	}
}

// Its names as `codex exec` has them.
function snake(item) {
	const word = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
	const members = Object.entries(item).map(([name, value]) => [word(name), value]);
	return Object.assign(Object.fromEntries(members), { type: word(stringOf(item.type ?? 'item')) });
}

function done({ status, error, durationMs }) {
	const isError = status === 'failed' || isObject(error);
	const facts = [];
	if (!isError && status !== 'completed') facts.push(stringOf(status));
	if (Number.isFinite(durationMs)) facts.push(duration(durationMs));
	return { kind: 'done', isError, facts, text: isError ? reason(error) : '' };
}

// The model's server's own words, where its whole answer is quoted.
function reason(error) {
	const text = stringOf(error?.message ?? error);
	const inner = parsed(text)?.error?.message;
	return typeof inner === 'string' ? inner : text;
}
