/**
 * How far the others in the open conversation have come: the ticks of one's own messages, and how many have read the
 * newest of them. The page brings what holds at first (`data-receipts`), the socket what becomes of it.
 */

import { downFor } from './connection.js';
import { on, onAction, openConversation, openId, openTimeline, userId } from './page.js';
import { subscribe } from './sync.js';
import { moment, shortMoment } from './times.js';
import { act } from './tools.js';

/** Of so many messages at the end of a larger conversation the readers are counted. */
const COUNTED = 50;
/** Milliseconds within which the server has told of everybody. */
const ANSWER_WITHIN = 2_000;

/**
 * Somebody else in a smaller conversation, who came in after message `joined`. What was read is null where it isn't
 * shared; `at` is when that was, null where it isn't known.
 * @typedef {{joined: number, delivered: number, read: number | null, at: string | null}} Other
 */

/** @type {Map<string, Other>} by the person's id */
const others = new Map();
/** Those of whom nothing has been told since the server was asked. @type {Set<string>} */
let unheard = new Set();
/** What holds in a larger conversation, as `receipt:count` tells it; null where nothing is told. */
let counted = null;

function opened() {
  others.clear();
  unheard.clear();
  counted = null;
  const told = JSON.parse(openConversation()?.dataset.receipts ?? 'null');
  if (Array.isArray(told)) told.forEach(note);
  else counted = told;
  show();
}

function note({ user_id: id, joined_seq: joined, delivered_up_to: delivered, read_up_to: read, at }) {
  const known = others.get(id);
  const isFurther = read === null || !(known?.read >= read);
  const reading = isFurther ? { read, at } : { read: known.read, at: known.at };
  others.set(id, { joined, delivered: Math.max(delivered, known?.delivered ?? 0), ...reading });
}

function onUpdated(frame) {
  if (frame.conversation_id !== openId() || frame.user_id === userId) return;
  // It has become a small one: of the others one hears when one asks.
  if (counted) subscribe();
  counted = null;
  unheard.delete(frame.user_id);
  note(frame);
  show();
}

/** Now how far each of the others has come is told anew: of whom it isn't, it may not be known any more. */
function onSubscribed(frame) {
  if (frame.conversation_id !== openId()) return;
  unheard = new Set(others.keys());
  setTimeout(forgetUnheard, ANSWER_WITHIN, unheard);
}

function forgetUnheard(those) {
  if (those !== unheard || downFor()) return;
  for (const id of those) others.delete(id);
  show();
}

/** Perhaps somebody has come or left. In larger conversations the server counts, and tells when it has. */
function onPeople({ conversation_id: conversation }) {
  if (conversation === openId() && others.size) subscribe();
}

function onCount(frame) {
  if (frame.conversation_id !== openId()) return;
  others.clear();
  counted = frame;
  show();
}

/** @returns {Other[]} those it was sent to: whoever came later has received nothing of it */
function recipientsOf(seq) {
  return [...others.values()].filter(({ joined }) => joined < seq);
}

/** @returns {boolean} whether it is known how many have read it */
const isCounted = (seq) => !counted || seq > Number(openConversation().dataset.lastSeq) - COUNTED;

/** @returns {number} how many have read it */
function readersOf(seq) {
  if (!counted) return recipientsOf(seq).filter(({ read }) => read !== null && read >= seq).length;
  // Told is where the count changes: it is the same for those before. What was sent since then nobody has read.
  const { count } = counted;
  return seq > counted.seq ? 0 : counted.earlier.reduce((found, [from, so]) => (from >= seq ? so : found), count);
}

/** @returns {'sent' | 'delivered' | 'read'} */
function statusOf(seq) {
  if (isCounted(seq) ? readersOf(seq) : counted.read_up_to >= seq) return 'read';
  const delivered = counted?.delivered_up_to ?? Math.max(0, ...recipientsOf(seq).map((other) => other.delivered));
  return delivered >= seq ? 'delivered' : 'sent';
}

/** @returns {string} "47", where there are several others and it is known how many of them have read it */
function countOf(seq, status) {
  const isGroup = openConversation().dataset.kind !== 'direct';
  return status === 'read' && isGroup && isCounted(seq) ? readersOf(seq).toLocaleString('en') : '';
}

/** @returns {string} "Read by 47", or by whom, and when, where there is only one other */
function describe(status, count, at) {
  if (status !== 'read') return status === 'sent' ? 'Sent' : 'Delivered';
  if (count) return `Read by ${count}`;
  if (openConversation().dataset.kind !== 'direct') return 'Read';
  const name = document.getElementById(`header-name-${openId()}`).textContent.trim();
  return `Read by ${name}${at ? `, ${moment(at)}` : ''}`;
}

/** @returns {Date | undefined} when the only other one has read last, which is what was written to that person */
function readAt() {
  const [{ at } = {}] = others.values();
  return openConversation().dataset.kind === 'direct' && at ? new Date(at) : undefined;
}

/** Makes the ticks say what is known; calling it again changes nothing. */
function show() {
  const own = openTimeline()?.querySelectorAll(`:scope > [data-author="${userId}"]:not(.system, .deleted)`) ?? [];
  let isTold = false;
  for (const message of [...own].reverse()) {
    const seq = Number(message.dataset.seq);
    const status = statusOf(seq);
    const ticks = message.querySelector('.ticks');
    const count = countOf(seq, status);
    // Said once, at the newest that was read.
    const isNewest = status === 'read' && !isTold;
    isTold ||= isNewest;
    const at = isNewest ? readAt() : undefined;
    const text = describe(status, count, at);
    if (message.dataset.status !== status) message.dataset.status = status;
    if (ticks.ariaLabel !== text) ticks.ariaLabel = text;
    caption(ticks, 'readers', isNewest && count);
    caption(ticks, 'readAt', at && shortMoment(at));
  }
}

function caption({ dataset }, name, text) {
  if (!text) delete dataset[name];
  else if (dataset[name] !== text) dataset[name] = text;
}

export function start() {
  on('opened', opened);
  on('timeline', show);
  on('receipt:updated', onUpdated);
  on('receipt:count', onCount);
  on('subscribed', onSubscribed);
  on('conversation:updated', onPeople);
  onAction('receipts', (ticks) => act('showReceipts', ticks));
}
