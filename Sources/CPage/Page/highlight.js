// Marks what was looked for without a change to the document (CSS Custom Highlight API; where there is none, the row's mark does).

/** Marks a text within an element, in any case; clears all marks if there is no element or text. */
export function highlight(element, text) {
  if (typeof Highlight === 'undefined') return;
  CSS.highlights.delete('found');
  if (!element || text === '') return;
  const needle = text.toLowerCase();
  const found = new Highlight();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && found.size < 500) {
    const node = walker.currentNode;
    const hay = node.data.toLowerCase();
    if (hay.length !== node.data.length) continue;
    for (let at = hay.indexOf(needle); at >= 0 && found.size < 500; at = hay.indexOf(needle, at + needle.length)) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + needle.length);
      found.add(range);
    }
  }
  CSS.highlights.set('found', found);
}
