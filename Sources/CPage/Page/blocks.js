// What agents' events mean to a reader, as blocks: { kind: prompt | text | thinking | call | result | done | note | error | raw }.
// A call and its result are joined by `id`. An event that says nothing to a reader is an empty list; a foreign one is null.

import { claudeBlocks } from './claude.js';
import { codexBlocks } from './codex.js';
import { codexServerBlocks } from './codex-server.js';
import { geminiBlocks } from './gemini.js';
import { isObject } from './json.js';

export function blocksOf(event) {
	if (!isObject(event)) return null;
	if (event.type === undefined) return codexServerBlocks(event);
	if (typeof event.type !== 'string') return null;
	return claudeBlocks(event) ?? codexBlocks(event) ?? geminiBlocks(event);
}

/** Whether an agent of this name prints such events. */
export function isStructured(agent) {
	return ['claude', 'codex', 'gemini'].includes(agent);
}

/** What other rows need to know of an event's blocks. */
export function summaryOf(blocks) {
	const texts = blocks.filter((block) => block.kind === 'text');
	return {
		calls: blocks.filter((block) => block.kind === 'call' && block.id).map((block) => block.id),
		results: blocks.filter((block) => block.kind === 'result' && block.id).map(({ id, isError }) => ({ id, isError })),
		others: blocks.filter((block) => !(block.kind === 'result' && block.id)).length,
		isDelta: blocks.length === 1 && blocks[0].isDelta === true,
		isDone: blocks.some((block) => block.kind === 'done'),
		said: texts.length > 0 ? printOf(texts.at(-1).text) : null,
	};
}

/** Enough of a text to tell whether another is the same. */
export function printOf(text) {
	const trimmed = text.trim();
	return `${trimmed.length}:${trimmed.slice(0, 100)}:${trimmed.slice(-100)}`;
}
