import { agentPath, request } from './api.js';
import { h } from './dom.js';

/** Saves a session's envelopes, one a line. A link cannot ask for that form, so the answer becomes a file here. */
export async function downloadEnvelopes(id) {
  const response = await request('GET', agentPath(id, '/logs?follow=0'), { accept: 'application/x-ndjson' });
  const url = URL.createObjectURL(await response.blob());
  const link = h('a', { href: url, download: `${id}.ndjson` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
