/** Tells the server how far messages have come to this device, whether they are on its screen or only in its list. */

import { send } from './connection.js';
import { on, openId, openTimeline, reachesEnd, rowOf, userId } from './page.js';

const AT_MOST_EVERY = 500;
/** After a long absence there is something new in many conversations; the server isn't told of all in one go. */
const AT_ONCE = 20;
const NEXT_AFTER = 1_000;

/** @type {Map<string, number>} by conversation: what has come */
const here = new Map();
/** @type {Map<string, number>} by conversation: what the server was told over this connection */
const told = new Map();
/** Conversations of which the server was told just now. @type {Set<string>} */
const resting = new Set();
let more;

/** @returns {boolean} whether the server doesn't know it yet */
function isNews(conversation, seq) {
  return seq > Math.max(told.get(conversation) ?? 0, Number(rowOf(conversation)?.dataset.deliveredUpTo ?? 0));
}

function come(conversation, seq) {
  here.set(conversation, Math.max(seq, here.get(conversation) ?? 0));
  if (!resting.has(conversation)) tell(conversation);
}

function tell(conversation) {
  const seq = here.get(conversation);
  if (!isNews(conversation, seq)) return;
  if (!send('message:delivered', { conversation_id: conversation, up_to_seq: seq })) return;
  told.set(conversation, seq);
  resting.add(conversation);
  setTimeout(() => {
    resting.delete(conversation);
    tell(conversation);
  }, AT_MOST_EVERY);
}

/** What came while nobody was connected, as far as the list shows it. */
function onListed() {
  clearTimeout(more);
  const waiting = [...document.querySelectorAll('#conversation-list > .conversation .activity')]
    .map(({ id, dataset }) => ({ conversation: id.replace('activity-', ''), seq: Number(dataset.lastSeq), dataset }))
    .filter(({ conversation, seq, dataset }) => dataset.senderId !== userId && isNews(conversation, seq));
  for (const { conversation, seq } of waiting.slice(0, AT_ONCE)) come(conversation, seq);
  if (waiting.length > AT_ONCE) more = setTimeout(onListed, NEXT_AFTER);
}

/** What was missed, and has been asked for, comes into the open conversation without news of its own. */
function onTimeline() {
  const last = reachesEnd() && [...openTimeline().querySelectorAll(':scope > .message')].at(-1);
  if (last && last.dataset.author !== userId) come(openId(), Number(last.dataset.seq));
}

export function start() {
  // What the server was told may have been lost, and what it tells when asked again is news.
  for (const name of ['connection', 'system:resync']) on(name, () => told.clear());
  on('message:received', (frame) => frame.sender_id === userId || come(frame.conversation_id, frame.seq));
  on('timeline', onTimeline);
  on('listed', onListed);
}
