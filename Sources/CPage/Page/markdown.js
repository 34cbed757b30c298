// As much of Markdown as agents' answers need to read well: fences, headings, rules, code and bold in a line. No links, no
// images, no HTML: those stay the text they are.

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;

/** Cuts a text into blocks: `{ kind: 'text' | 'code' | 'heading' | 'rule', text }`. */
export function markdownBlocks(text) {
	const blocks = [];
	let lines = [];
	let mark = null;
	const flush = () => {
		const text = lines.join('\n');
		if (mark) blocks.push({ kind: 'code', text });
		else if (/[^\n]/.test(text)) blocks.push({ kind: 'text', text: text.replace(/^\n+|\n+$/g, '') });
		lines = [];
	};
	for (const line of text.split('\n')) {
		const [, found, language] = fence.exec(line) ?? [];
		if (mark) {
			if (found?.startsWith(mark) && language === '') {
				flush();
				mark = null;
			} else lines.push(line);
		} else if (found) {
			flush();
			mark = found;
		} else if (/^#{1,6} /.test(line)) {
			flush();
			blocks.push({ kind: 'heading', text: line.slice(line.indexOf(' ') + 1) });
		} else if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) {
			flush();
			blocks.push({ kind: 'rule', text: '' });
		} else lines.push(line);
	}
	flush();
	return blocks;
}

/** Cuts a text into `{ text, style: '' | 'code' | 'bold' }`. */
export function markdownSpans(text) {
	const spans = [];
	let from = 0;
	for (const match of text.matchAll(/(`+)([^`\n]{1,1000})\1(?!`)|\*\*(?=\S)([^*\n]{1,1000})\*\*/g)) {
		if (match.index > from) spans.push({ text: text.slice(from, match.index), style: '' });
		spans.push(match[1] ? { text: match[2], style: 'code' } : { text: match[3], style: 'bold' });
		from = match.index + match[0].length;
	}
	if (from < text.length) spans.push({ text: text.slice(from), style: '' });
	return spans;
}
