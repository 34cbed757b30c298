import assert from 'node:assert';
import { test } from 'node:test';
import { blocksOf, printOf, summaryOf } from '../../Sources/CPage/Page/blocks.js';
import { markdownBlocks, markdownSpans } from '../../Sources/CPage/Page/markdown.js';
import { Pairs } from '../../Sources/CPage/Page/pairs.js';
import { statusLine } from '../../Sources/CPage/Page/statuses.js';

const kinds = (event) => blocksOf(event)?.map((block) => block.kind) ?? null;
const assistant = (...content) => ({ type: 'assistant', message: { content } });
const user = (content, members = {}) => ({ type: 'user', message: { content }, ...members });

test('claude: text, thinking and calls are what the agent said', () => {
  const event = assistant({ type: 'thinking', thinking: 'hm' }, { type: 'text', text: 'Hello' }, { type: 'tool_use', id: 't', name: 'Bash', input: { command: 'ls', x: 1 } });
  assert.deepStrictEqual(kinds(event), ['thinking', 'text', 'call']);
  assert.strictEqual(blocksOf(event)[2].about, 'ls');
  const summary = summaryOf(blocksOf(event));
  assert.deepStrictEqual(summary.calls, ['t']);
  assert.strictEqual(summary.said, printOf('Hello\n'));
});

test('claude: a user event is a prompt only if it is one come back', () => {
  assert.deepStrictEqual(blocksOf(user('do it', { isReplay: true })), [{ kind: 'prompt', text: 'do it' }]);
  assert.deepStrictEqual(kinds(user([{ type: 'text', text: 'interrupted' }])), ['note']);
  const result = user([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'a' }, { type: 'image' }], is_error: true }]);
  assert.deepStrictEqual(blocksOf(result), [{ kind: 'result', id: 't', text: 'a\n[image]', isError: true }]);
  assert.strictEqual(summaryOf(blocksOf(result)).others, 0);
});

test('claude: a result is an error when it says so, whatever its subtype', () => {
  const done = (event) => blocksOf({ type: 'result', ...event })[0];
  assert.ok(done({ subtype: 'success', is_error: true, result: 'API Error' }).isError);
  assert.ok(done({ subtype: 'error_max_turns', is_error: false }).isError);
  assert.strictEqual(done({ subtype: 'error_max_turns' }).text, 'error_max_turns');
  const good = done({ subtype: 'success', is_error: false, num_turns: 2, duration_ms: 65_000, total_cost_usd: 0.5, result: 'ok' });
  assert.deepStrictEqual(good, { kind: 'done', isError: false, facts: ['2 turns', '1 min 5 s', '$0.5000'], text: 'ok' });
});

test('claude: what is no matter for a reader is an empty list, and a retry is told', () => {
  for (const type of ['stream_event', 'control_request', 'control_response', 'control_cancel_request', 'command_lifecycle']) assert.deepStrictEqual(kinds({ type }), []);
  assert.deepStrictEqual(kinds({ type: 'system', subtype: 'init' }), []);
  assert.match(blocksOf({ type: 'system', subtype: 'api_retry', attempt: 2, max_retries: 10 })[0].text, /attempt 2 of 10/);
});

test('codex: an item that starts is a call, its end the result that tells all', () => {
  const item = { id: 'item_1', type: 'command_execution', command: 'ls', aggregated_output: 'x', exit_code: 2, status: 'failed' };
  assert.deepStrictEqual(kinds({ type: 'item.started', item }), ['call']);
  const [result] = blocksOf({ type: 'item.completed', item });
  assert.strictEqual(result.text, 'x\nexit 2');
  assert.ok(result.isError);
  assert.strictEqual(result.call.about, 'ls');
  assert.ok(blocksOf({ type: 'item.completed', item: { ...item, status: 'completed' } })[0].isError);
  assert.deepStrictEqual(kinds({ type: 'item.completed', item: { type: 'agent_message', text: 'Hi' } }), ['text']);
  assert.deepStrictEqual(kinds({ type: 'item.started', item: { type: 'agent_message', text: '' } }), []);
  assert.ok(blocksOf({ type: 'turn.failed', error: { message: 'gone' } })[0].isError);
  assert.strictEqual(blocksOf({ type: 'turn.completed', usage: { input_tokens: 1200, output_tokens: 3 } })[0].facts[0], '1,200 tokens in');
});

test('codex app-server: its items are those of codex exec', () => {
  const told = (method, params, members = {}) => blocksOf({ method, params, emittedAtMs: 1, ...members });
  const item = { id: 'call_1', type: 'commandExecution', command: 'ls', aggregatedOutput: 'x', exitCode: 2, status: 'failed' };
  assert.deepStrictEqual(told('item/started', { item }).map((block) => [block.kind, block.id, block.about]), [['call', 'call_1', 'ls']]);
  const [result] = told('item/completed', { item });
  assert.deepStrictEqual([result.kind, result.id, result.text, result.isError, result.call.name], ['result', 'call_1', 'x\nexit 2', true, 'Command']);
  assert.deepStrictEqual(told('item/completed', { item: { type: 'agentMessage', text: 'Hi' } }), [{ kind: 'text', text: 'Hi' }]);
  assert.deepStrictEqual(told('item/started', { item: { type: 'agentMessage', text: '' } }), []);
  assert.deepStrictEqual(told('item/completed', { item: { type: 'userMessage', content: [{ type: 'text', text: 'do it' }, { type: 'image' }] } }), [{ kind: 'prompt', text: 'do it\n[image]' }]);
  assert.deepStrictEqual(told('item/started', { item: { type: 'userMessage', content: [{ type: 'text', text: 'do it' }] } }), []);
  assert.deepStrictEqual(told('item/completed', { item: { type: 'reasoning', summary: ['a'], content: ['b'] } }), [{ kind: 'thinking', text: 'a\nb' }]);
  const change = { type: 'fileChange', id: 'c', status: 'completed', changes: [{ path: 'a.txt', kind: { type: 'add' }, diff: '+x' }] };
  const [edit] = told('item/completed', { item: change });
  assert.deepStrictEqual([edit.call.about, edit.call.input, edit.isError], ['add a.txt', 'add a.txt\n+x', false]);
  assert.deepStrictEqual(told('turn/completed', { turn: { status: 'completed', durationMs: 1500, error: null } }), [{ kind: 'done', isError: false, facts: ['1.5 s'], text: '' }]);
  assert.deepStrictEqual(told('turn/completed', { turn: { status: 'interrupted', error: null } }), [{ kind: 'done', isError: false, facts: ['interrupted'], text: '' }]);
  const failed = { status: 'failed', error: { message: '{"error":{"message":"fake 400"}}' } };
  assert.deepStrictEqual(told('turn/completed', { turn: failed }), [{ kind: 'done', isError: true, facts: [], text: 'fake 400' }]);
  assert.ok(told('error', { error: { message: 'busy' }, willRetry: true })[0].isMild);
  assert.deepStrictEqual(told('error', { error: { message: 'gone' }, willRetry: false }), []);
  assert.deepStrictEqual(told('warning', { message: 'w' })[0].text, 'w');
  for (const method of ['item/agentMessage/delta', 'turn/started', 'thread/tokenUsage/updated', 'account/rateLimits/updated']) assert.deepStrictEqual(told(method, {}), [], method);
  assert.deepStrictEqual(told('item/commandExecution/requestApproval', { command: 'ls' }, { id: 0 }), []);
  assert.deepStrictEqual(blocksOf({ id: 1, result: { userAgent: 'x' } }), []);
  assert.deepStrictEqual(blocksOf({ id: 7, result: {} }), []);
  assert.deepStrictEqual(blocksOf({ id: 7, error: { code: -32600, message: 'no' } }), [{ kind: 'error', text: 'no' }]);
});

test('JSON-RPC of others is none of codex', () => {
  for (const event of [{ method: 'textDocument/hover', params: {} }, { method: 'tools/call' }, { method: 5 }, { id: 1, result: { capabilities: {} } }, { id: 'a', result: {} }, { id: 1, result: 5 }, { id: 1, result: {}, more: 1 }, { id: 1 }, { result: {} }]) {
    assert.strictEqual(blocksOf(event), null, JSON.stringify(event));
  }
});

test('gemini: messages, tools and the result', () => {
  assert.deepStrictEqual(kinds({ type: 'init', session_id: 's' }), []);
  assert.deepStrictEqual(blocksOf({ type: 'message', role: 'user', content: 'hi' }), [{ kind: 'prompt', text: 'hi' }]);
  assert.ok(summaryOf(blocksOf({ type: 'message', role: 'assistant', content: 'a', delta: true })).isDelta);
  assert.deepStrictEqual(summaryOf(blocksOf({ type: 'tool_use', tool_id: 't', tool_name: 'read', parameters: {} })).calls, ['t']);
  assert.ok(blocksOf({ type: 'tool_result', tool_id: 't', status: 'error', error: { message: 'no' } })[0].isError);
  assert.ok(blocksOf({ type: 'result', status: 'error', error: { message: 'no' } })[0].isError);
});

test('what is no event of theirs is none, and odd members break nothing', () => {
  for (const event of [null, 1, 'x', [], {}, { type: 'log' }, { type: 5 }, { type: 'assistant' }, { type: 'result' }]) assert.strictEqual(blocksOf(event), null);
  const odd = [undefined, null, 0, '', [], {}, { toString: 1 }, [{ type: { toString: 1 } }], [null, 1, {}, { type: 'text' }, { type: {} }, { type: 'tool_use' }, { type: 'tool_result' }]];
  for (const value of odd) {
    for (const type of ['assistant', 'user']) summaryOf(blocksOf({ type, message: { content: value } }) ?? []);
    for (const type of ['system', 'result', 'error', 'message', 'tool_use', 'tool_result', 'turn.failed', 'turn.completed', 'init', 'control_request']) {
      const event = { type, subtype: value, is_error: value, result: value, errors: value, error: value, usage: value, stats: value, role: value, content: value, parameters: value, output: value, status: value, request: value, message: value, num_turns: value };
      summaryOf(blocksOf(event) ?? []);
    }
    for (const type of ['item.started', 'item.completed']) {
      for (const kind of ['command_execution', 'file_change', 'mcp_tool_call', 'todo_list', 'error', value]) {
        blocksOf({ type, item: { type: kind, id: value, command: value, changes: value, items: value, error: value, arguments: value } });
      }
      blocksOf({ type, item: value });
    }
    for (const method of ['item/started', 'item/completed', 'turn/completed', 'error', 'warning', 'configWarning', value]) {
      for (const params of [value, { item: value }, { item: { type: value, content: value, summary: value, changes: [value, { kind: value, diff: value }] } }, { turn: value }, { turn: { status: value, error: value } }, { error: value, willRetry: true }, { message: value }]) {
        summaryOf(blocksOf({ method, params }) ?? []);
      }
    }
    for (const id of [1, value]) blocksOf({ id, result: value, error: value });
  }
});

test('a result belongs to the nearest call before it, in whichever order they are loaded', () => {
  const pairs = new Pairs();
  assert.ok(pairs.note('a', 20, { isCall: false, isError: true }));
  assert.ok(!pairs.note('a', 20, { isCall: false, isError: true }));
  assert.strictEqual(pairs.callOf('a', 20), 0);
  pairs.note('a', 10, { isCall: true });
  assert.strictEqual(pairs.callOf('a', 20), 10);
  assert.strictEqual(pairs.resultOf('a', 10).seq, 20);
  assert.ok(pairs.resultOf('a', 10).isError);
  pairs.note('a', 15, { isCall: true });
  assert.strictEqual(pairs.resultOf('a', 10), null);
  assert.strictEqual(pairs.callOf('a', 20), 15);
  pairs.note('a', 25, { isCall: false });
  assert.strictEqual(pairs.resultOf('a', 15).seq, 25);
  pairs.note('a', 12, { isCall: false });
  assert.strictEqual(pairs.resultOf('a', 10).seq, 12);
  assert.strictEqual(pairs.resultOf('a', 15).seq, 25);
  assert.strictEqual(pairs.callOf('a', 14), 10);
  for (const seq of [30, 10]) pairs.note('b', seq, { isCall: true });
  assert.strictEqual(pairs.callOf('b', 40), 30);
  assert.strictEqual(pairs.callOf('__proto__', 1), 0);
});

test('a gap is told plainly, quiet statuses are quiet, and odd ones break nothing', () => {
  assert.strictEqual(statusLine({ state: 'gap', from: 3, to: 7, bytes: 2000, reason: 'overflow' }).text, 'lost here: 5 lines, 2.0 kB (the device could not keep them)');
  assert.ok(statusLine({ state: 'turn', turn: 1, outcome: 'ok' }).isQuiet);
  assert.ok(!statusLine({ state: 'turn', turn: 1, outcome: 'incomplete' }).isQuiet);
  assert.strictEqual(statusLine({ state: 'exited', code: 0, outcome: 'ok', durationMs: 1500 }).tone, 'good');
  assert.strictEqual(statusLine({ state: 'exited', signal: 'TERM', outcome: 'error' }).text, 'exited: SIGTERM, error');
  for (const state of ['starting', 'running', 'turn', 'exited', 'error', 'control', 'gap', 'end', 'approval', {}, null]) {
    const odd = { toString: 1 };
    assert.strictEqual(typeof statusLine({ state, code: odd, signal: odd, message: odd, argv: [odd], agent: odd, cwd: odd, outcome: odd, detail: odd, reason: odd, tool: odd, input: odd, seq: odd, from: odd, bytes: odd }).text, 'string');
  }
});

test('markdown: fences, headings and spans; nothing is lost', () => {
  const blocks = markdownBlocks('Hi\n\n```js\na\n\n```\n# Head\ntext\n---\n~~~\nopen');
  assert.deepStrictEqual(blocks.map((block) => [block.kind, block.text]), [['text', 'Hi'], ['code', 'a\n'], ['heading', 'Head'], ['text', 'text'], ['rule', ''], ['code', 'open']]);
  assert.deepStrictEqual(markdownBlocks('```\n```js\nx\n```').map((block) => block.text), ['```js\nx']);
  assert.deepStrictEqual(markdownSpans('a `b` **c** ** d **'), [
    { text: 'a ', style: '' },
    { text: 'b', style: 'code' },
    { text: ' ', style: '' },
    { text: 'c', style: 'bold' },
    { text: ' ** d **', style: '' },
  ]);
  for (const unit of ['`', '**', '*a', '``a', '# ', '```\n', '- ', '**a']) {
    const began = performance.now();
    for (const block of markdownBlocks(unit.repeat(4000))) markdownSpans(block.text);
    assert.ok(performance.now() - began < 1000, unit);
  }
});
