// What a terminal would colour, as spans; what would steer it, as nothing. Each line starts plain: a style is not carried over.

const plain = Object.freeze({});
// CSI, strings (OSC, DCS, SOS, PM, APC) up to their end, and two-character escapes. What is not complete is left as text.
const sequence =
	/(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~])|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9b-\x9f]*(?:\x07|\x9c|\x1b\\)|\x1b[ -/]*[0-OQ-WYZ\\`-~]/g;

/** Cuts a line into `{ text, style }`; a style has any of fg, bg (0…255 or "r,g,b"), bold, dim, italic, underline, inverse, strike. */
export function ansiSpans(line) {
	if (!/[\x1b\x90-\x9f]/.test(line)) return line === '' ? [] : [{ text: line, style: plain }];
	const spans = [];
	let style = plain;
	let from = 0;
	for (const match of line.matchAll(sequence)) {
		add(spans, line.slice(from, match.index), style);
		from = match.index + match[0].length;
		if (match[3] === 'm' && match[2] === '') style = styled(style, match[1]);
	}
	add(spans, line.slice(from), style);
	return spans;
}

function add(spans, text, style) {
	if (text === '') return;
	const last = spans.at(-1);
	if (last && last.style === style) last.text += text;
	else spans.push({ text, style });
}

// Select Graphic Rendition: ECMA-48 8.3.117, with xterm's and ISO 8613-6's colours.
function styled(style, parameters) {
	if (/[^0-9;:]/.test(parameters)) return style;
	const next = { ...style };
	const list = parameters.slice(0, 256).split(';');
	for (let index = 0; index < list.length; index += 1) {
		const [code, ...sub] = list[index].split(':').map(Number);
		if (code === 38 || code === 48 || code === 58) {
			const [color, taken] = sub.length > 0 ? [colorOf(sub), 0] : following(list, index);
			index += taken;
			if (color !== undefined && code !== 58) next[code === 38 ? 'fg' : 'bg'] = color;
		} else {
			apply(next, code, sub[0]);
		}
	}
	return Object.keys(next).length === 0 ? plain : next;
}

const begins = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse', 9: 'strike', 21: 'underline' };
const ends = { 22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'], 27: ['inverse'], 29: ['strike'], 39: ['fg'], 49: ['bg'] };

function apply(style, code, sub) {
	const gone = code === 0 ? Object.keys(style) : code === 4 && sub === 0 ? ends[24] : ends[code];
	if (gone) for (const name of gone) delete style[name];
	else if (code in begins) style[begins[code]] = true;
	else if (code >= 30 && code <= 37) style.fg = code - 30;
	else if (code >= 40 && code <= 47) style.bg = code - 40;
	else if (code >= 90 && code <= 97) style.fg = code - 82;
	else if (code >= 100 && code <= 107) style.bg = code - 92;
}

function following(list, index) {
	const kind = Number(list[index + 1]);
	if (kind === 5) return [colorOf([5, Number(list[index + 2])]), 2];
	if (kind === 2) return [colorOf([2, ...list.slice(index + 2, index + 5).map(Number)]), 4];
	return [undefined, 0];
}

function colorOf([kind, ...rest]) {
	const inRange = (value) => value >= 0 && value <= 255;
	if (kind === 5) return inRange(rest[0]) ? indexed(rest[0]) : undefined;
	// With colons a colour space may stand before the three.
	const rgb = kind === 2 ? rest.slice(-3) : [];
	return rgb.length === 3 && rgb.every(inRange) ? rgb.join(',') : undefined;
}

function indexed(index) {
	if (index < 16) return index;
	if (index >= 232) return Array(3).fill(8 + (index - 232) * 10).join(',');
	const level = (value) => (value === 0 ? 0 : 55 + value * 40);
	const cube = index - 16;
	return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)].join(',');
}

/** A colour (0…15 or `"r,g,b"`) made legible on a light or a dark ground, as CSS: hue kept, at a contrast of about 4.5. */
export function legible(color, isOnDark) {
	let rgb = exact(color);
	const ground = isOnDark ? 0.01 : 0.93;
	const goal = isOnDark ? 255 : 0;
	for (let step = 0; step < 20 && contrast(luminance(rgb), ground) < 4.5; step += 1) {
		rgb = rgb.map((value) => Math.round(value + (goal - value) * 0.12));
	}
	return css(rgb);
}

/** A ground, and an ink on it that can be read: the one asked for, or black or white; `{ ground, ink }` as CSS. */
export function onGround(ground, ink) {
	const under = exact(ground);
	const over = ink === undefined ? under : exact(ink);
	const isLegible = contrast(luminance(under), luminance(over)) >= 3;
	const plainInk = luminance(under) > 0.18 ? [0, 0, 0] : [255, 255, 255];
	return { ground: css(under), ink: css(isLegible ? over : plainInk) };
}

// The 16 colours as grounds; as inks they are terminal.css's, made for our own grounds.
const grounds = (
	'28,28,26 196,52,43 30,122,59 154,112,0 36,104,189 154,58,166 16,117,130 208,208,203 ' +
	'92,92,87 224,86,76 55,162,90 211,163,42 90,151,224 196,107,208 63,176,190 243,243,241'
).split(' ');

function exact(color) {
	return (typeof color === 'number' ? grounds[color] : color).split(',').map(Number);
}

function css(rgb) {
	return `rgb(${rgb.join(' ')})`;
}

function luminance(rgb) {
	const [r, g, b] = rgb.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
