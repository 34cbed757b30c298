// JSON's values as they come from others: nothing is trusted.

/** JSON's value, or undefined if it is none or too deep. */
export function parsed(text) {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Any value as a string: itself if it is one, empty if there is none. */
export function stringOf(value, indent) {
	if (typeof value === 'string') return value;
	if (value === null) return '';
	try {
		return JSON.stringify(value, null, indent) ?? '';
	} catch {
		return '';
	}
}

export function isObject(value) {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; none if it is no list. */
export function objectsOf(value) {
	return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The id of a call. */
export function idOf(value) {
	return stringOf(value).slice(0, 256);
}

/** The member of a tool's input that says most, or all of it: one line. */
export function about(input) {
	if (!isObject(input)) return typeof input === 'string' ? input.slice(0, 300) : '';
	const names = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt'];
	const telling = names.map((name) => input[name]).find((value) => typeof value === 'string');
	return (telling ?? (Object.keys(input).length > 0 ? stringOf(input) : '')).slice(0, 300);
}

/** What a tool is given, as `{ name, text }`: all of it. */
export function partsOf(input) {
	if (input === undefined || input === null) return [];
	const members = isObject(input) ? Object.entries(input) : [];
	if (!isObject(input) || members.length > 12) return [{ name: 'Input', text: stringOf(input, 2) }];
	return members.map(([name, value]) => ({ name, text: stringOf(value ?? 'null', 2) }));
}
