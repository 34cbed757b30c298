// As much of Markdown as agents' answers need to read well: fences, headings, rules, code and bold in a line. No links, no
// images, no HTML: those stay the text they are.

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;

/** Cuts a text into blocks: `{ kind: 'text' | 'code' | 'heading' | 'rule', text, language?, level? }`. */
export function markdownBlocks(text) {
  const blocks = [];
  let lines = [];
  let open = null;
  const flush = (kind, extra) => {
    if (lines.some((line) => line !== '') || kind === 'code') blocks.push({ kind, text: lines.join('\n').replace(kind === 'code' ? '' : /^\n+|\n+$/g, ''), ...extra });
    lines = [];
  };
  for (const line of text.split('\n')) {
    const found = fence.exec(line);
    if (open) {
      if (found && found[1].startsWith(open.mark) && found[2] === '') {
        flush('code', { language: open.language });
        open = null;
      } else lines.push(line);
    } else if (found) {
      flush('text');
      open = { mark: found[1], language: found[2].slice(0, 30) };
    } else if (/^#{1,6} /.test(line)) {
      flush('text');
      const level = line.indexOf(' ');
      blocks.push({ kind: 'heading', level, text: line.slice(level + 1) });
    } else if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) {
      flush('text');
      blocks.push({ kind: 'rule', text: '' });
    } else lines.push(line);
  }
  flush(open ? 'code' : 'text', open ? { language: open.language } : {});
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
