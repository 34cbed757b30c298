// Text that hides nothing: what a reader could not see, or what would reorder what they see, gets a mark to see.

import { stringOf } from './json.js';

const hidden = /(?:(?![\t\n\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}])+/gu;
// Emoji and some scripts need these between two characters of their own.
const joiner = /^[\u200c\u200d]$/u;
const joinable = /[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u;

/** Cuts text into `{ text, isMark }`: itself, and marks in place of characters that are not to be seen. */
export function visibleParts(text) {
	const parts = [];
	let from = 0;
	for (const run of text.matchAll(hidden)) {
		const end = run.index + run[0].length;
		if (joiner.test(run[0]) && isJoined(text, run.index, end)) continue;
		if (run.index > from) parts.push({ text: text.slice(from, run.index), isMark: false });
		parts.push({ text: Array.from(run[0], mark).join(''), isMark: true });
		from = end;
	}
	if (from < text.length || from === 0) parts.push({ text: text.slice(from), isMark: false });
	return parts;
}

/** The same as one string: for titles, labels and attributes. One line, at most so many characters. */
export function visibleLine(text, longest = 200) {
	const line = stringOf(text).slice(0, longest * 2).replace(/\s+/g, ' ');
	const shown = visibleParts(line).map((part) => part.text).join('');
	return shown.length > longest ? shown.slice(0, longest - 1) + '…' : shown;
}

function isJoined(text, start, end) {
	const before = Array.from(text.slice(Math.max(0, start - 2), start)).at(-1) ?? '';
	const [after = ''] = text.slice(end, end + 2);
	return before > '\u007f' && after > '\u007f' && joinable.test(before) && joinable.test(after);
}

function mark(character) {
	const code = character.codePointAt(0);
	if (code < 0x20) return String.fromCodePoint(0x2400 + code);
	if (code === 0x7f) return '␡';
	return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
