import assert from 'node:assert';
import { test } from 'node:test';
import { mostOpen, nextOf, OpenQuestions } from '../../Sources/CPage/Page/open-questions.js';
import { partsOf } from '../../Sources/CPage/Page/json.js';
import { stateOf } from '../../Sources/CPage/Page/session-head.js';
import { statusLine } from '../../Sources/CPage/Page/statuses.js';

const status = (seq, members) => ({ seq, ts: seq * 1000, type: 'status', status: members });
const asked = (seq, requestId, members = {}) => status(seq, { state: 'approval', requestId, tool: 'Bash', input: { command: 'ls' }, expiresIn: 60, ...members });
const decided = (seq, requestId, decision = 'allow') => status(seq, { state: 'approval', requestId, decision, by: 'hub' });
const log = (seq, ts) => ({ seq, ts, type: 'log' });

function after(...rows) {
	const questions = new OpenQuestions();
	for (const row of rows) questions.took(row, { now: 0 });
	return questions;
}

const ids = (questions) => questions.all.map((question) => question.requestId);

test('a question stands before the one that was asked next, whatever came first', () => {
	const items = [5, 9, 7].map((seq) => ({ question: { seq } }));
	for (const [seq, next] of [[6, 7], [4, 5], [8, 9], [9, undefined], [10, undefined]]) {
		assert.strictEqual(nextOf(seq, items)?.question.seq, next, `${seq}`);
	}
});

test('a question is open until it is decided, and others stay open', () => {
	const questions = after(asked(1, 'a'), asked(2, 'b'), decided(3, 'a', 'deny'));
	assert.deepStrictEqual(ids(questions), ['b']);
	assert.deepStrictEqual(questions.all[0].input, { command: 'ls' });
	assert.ok(questions.knows('a') && questions.knows('b') && !questions.knows('c'));
	for (const end of ['exited', 'end', 'starting']) {
		assert.deepStrictEqual(ids(after(asked(1, 'a'), asked(2, 'b'), status(3, { state: end }))), [], end);
	}
	for (const other of ['turn', 'running', 'control', 'gap', 'error']) {
		assert.deepStrictEqual(ids(after(asked(1, 'a'), status(3, { state: other, requestId: 'a' }))), ['a'], other);
	}
});

test('the end of a question tells what ended it', () => {
	const questions = after(asked(1, 'a'), asked(2, 'b'));
	const [a, b] = questions.all;
	questions.took(decided(3, 'a', 'deny'), { now: 0 });
	questions.took(status(4, { state: 'exited' }), { now: 0 });
	assert.strictEqual(a.over.decision, 'deny');
	assert.strictEqual(b.over.state, 'exited');
});

test('rows may come in any order', () => {
	assert.deepStrictEqual(ids(after(decided(5, 'a'), asked(4, 'a'))), []);
	assert.deepStrictEqual(ids(after(status(5, { state: 'exited' }), asked(4, 'a'), asked(6, 'b'))), ['b']);
	assert.deepStrictEqual(ids(after(asked(9, 'b'), asked(3, 'a'))), ['a', 'b']);
	assert.deepStrictEqual(ids(after(asked(9, 'a'), decided(5, 'a'), asked(4, 'a'))), ['a']);
	assert.deepStrictEqual(ids(after(decided(9, 'a'), decided(5, 'a'), asked(7, 'a'))), []);
	assert.deepStrictEqual(ids(after(asked(9, 'a'), status(5, { state: 'exited' }))), ['a']);
});

test('an agent may use a name again', () => {
	const questions = after(asked(1, '0'), decided(2, '0'));
	questions.took(asked(3, '0', { tool: 'Edit' }), { now: 0 });
	assert.deepStrictEqual(questions.all.map(({ seq, tool }) => [seq, tool]), [[3, 'Edit']]);
	const [first] = after(asked(1, '0')).all;
	assert.strictEqual(first.over, undefined);
	const again = after(asked(1, '0'));
	const [before] = again.all;
	again.took(asked(2, '0'), { now: 0 });
	assert.strictEqual(before.over.decision, 'withdrawn');
	assert.strictEqual(again.all.length, 1);
});

test('what the hub knows and the page does not find is a question too, until it is decided', () => {
	const questions = after(asked(4, 'a'));
	questions.missed({ requestId: 'a', tool: 'Bash' }, 9);
	questions.missed({ requestId: 'old', tool: { odd: 1 } }, 9);
	assert.deepStrictEqual(ids(questions), ['a', 'old']);
	assert.ok(!questions.all[0].isMissed && questions.all[1].isMissed);
	questions.took(decided(10, 'old'), { now: 0 });
	assert.deepStrictEqual(ids(questions), ['a']);
	questions.finish();
	assert.deepStrictEqual(ids(questions), []);
});

test('what is left never lies by a wrong clock', () => {
	for (const skew of [-86_400_000, 0, 7_200_000]) {
		const questions = new OpenQuestions();
		const at = (time) => time + skew;
		// Live: 100 ms on the way.
		questions.took(log(1, at(900_000)), { now: 900_100 });
		questions.took({ ...asked(2, 'a'), ts: at(1_000_000) }, { now: 1_000_100 });
		assert.strictEqual(questions.left(questions.all[0], 1_000_100), 60_000, `skew ${skew}`);
		assert.strictEqual(questions.left(questions.all[0], 1_020_100), 40_000);
		assert.strictEqual(questions.left(questions.all[0], 2_000_000), 0);
	}
});

test('of a question that is looked up, it is known that what came after it took its time', () => {
	const questions = new OpenQuestions();
	const rows = [{ ...asked(1, 'a'), ts: 5_000 }, log(2, 25_000)];
	for (const row of rows) questions.took(row, { now: 9_000_000, isFound: true });
	assert.strictEqual(questions.left(questions.all[0], 9_000_000), 40_000);
	assert.strictEqual(questions.left(questions.all[0], 9_010_000), 30_000);
	// What was kept on the device for a while comes late: then less was left than it seemed.
	questions.took(log(3, 9_000_000), { now: 9_010_000 });
	assert.strictEqual(questions.left(questions.all[0], 9_010_000), 0);
});

test('without times there is no end, or one from when it was seen', () => {
	const questions = new OpenQuestions();
	questions.took({ ...asked(1, 'a', { expiresIn: undefined }), ts: null }, { now: 1000 });
	questions.took({ ...asked(2, 'b'), ts: null }, { now: 1000 });
	assert.strictEqual(questions.left(questions.all[0], 5000), null);
	assert.strictEqual(questions.left(questions.all[1], 5000), 56_000);
});

test('no device fills the page: the newest questions stay', () => {
	const questions = after(...Array.from({ length: 5000 }, (_, index) => asked(index + 1, `q${index}`)));
	assert.strictEqual(questions.all.length, mostOpen);
	assert.strictEqual(questions.all.at(-1).requestId, 'q4999');
	const names = after(...Array.from({ length: 5000 }, (_, index) => decided(index + 1, `q${index}`)));
	assert.ok(names.knows('q4999') && !names.knows('q1'));
});

test('odd questions are none, or harmless', () => {
	const odd = [undefined, null, 0, '', [], {}, { toString: 1 }, 'x'.repeat(257)];
	for (const value of odd) assert.deepStrictEqual(ids(after(asked(1, value))), [], String(JSON.stringify(value)));
	for (const value of odd) {
		const questions = after(asked(1, '__proto__', { tool: value, input: value, inputBytes: value, expiresIn: value }));
		assert.deepStrictEqual(ids(questions), ['__proto__']);
		partsOf(questions.all[0].input);
		assert.strictEqual(typeof statusLine({ state: 'approval', requestId: value, decision: value, by: value, message: value }).text, 'string');
	}
	assert.strictEqual(statusLine({ state: 'approval', requestId: 'r', decision: 'constructor', by: 'toString' }).text, 'constructor [r]');
});

test('all that a tool is to be given is shown, strings as they are', () => {
	assert.deepStrictEqual(partsOf({ command: 'a\nb', n: 1, none: null, list: [1] }), [
		{ name: 'command', text: 'a\nb' },
		{ name: 'n', text: '1' },
		{ name: 'none', text: 'null' },
		{ name: 'list', text: '[\n  1\n]' },
	]);
	const many = Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`m${index}`, index]));
	assert.deepStrictEqual(partsOf(many), [{ name: 'Input', text: JSON.stringify(many, null, 2) }]);
	assert.deepStrictEqual(partsOf(undefined), []);
	assert.deepStrictEqual(partsOf('just text'), [{ name: 'Input', text: 'just text' }]);
});

test('a question and its decision are told in the log', () => {
	const line = (members) => statusLine({ state: 'approval', requestId: 'r1', ...members });
	assert.strictEqual(line({ tool: 'Bash', input: { command: 'ls' } }).text, 'asks to use Bash: ls [r1]');
	assert.ok(!line({ tool: 'Bash' }).isQuiet && !line({ decision: 'allow' }).isQuiet);
	assert.deepStrictEqual([line({ decision: 'allow', by: 'hub' }).text, line({ decision: 'allow', by: 'hub' }).tone], ['allowed [r1]', 'good']);
	assert.strictEqual(line({ decision: 'deny', by: 'hub', message: 'no' }).text, 'denied: no [r1]');
	assert.strictEqual(line({ decision: 'deny', by: 'timeout' }).text, 'denied: nobody answered in time [r1]');
	assert.strictEqual(line({ decision: 'withdrawn', by: 'agent' }).text, 'not asked any more: by the agent [r1]');
});

test('a session that asks is marked', () => {
	const approval = { requestId: 'r', tool: 'Bash' };
	assert.strictEqual(stateOf({ state: 'live', turn: 'started', approval }).word, 'asks');
	assert.match(stateOf({ state: 'away', approval }).word, /^asks, away/);
	assert.strictEqual(stateOf({ state: 'live', turn: 'started', approval: null }).word, 'working');
	assert.strictEqual(stateOf({ state: 'ended', approval: null, exit: { code: 0 } }).word, 'exit 0');
});
