/**
 * What the person has seen. A message counts as read when half of it (or half a screen of it) has been in view for a
 * second with the window focused. The mark moves forward only; what can't be told to the server waits here.
 */

import { send } from './connection.js';
import { emit, on, openConversation, openId, openTimeline, raise, rowOf, userId } from './page.js';

const LONG_ENOUGH = 1_000;
const AT_MOST_EVERY = 1_000;

/** @type {Map<string, number>} by conversation: read up to, as far as this page knows */
const marks = new Map();
/** @type {Map<string, number>} by conversation: what the server hasn't been told */
const untold = new Map();
/** @type {Map<Element, number | undefined>} messages in view, with their timers */
const inView = new Map();
let observer;
let telling;

/** @param {HTMLElement} holder a row or a section, with `data-read-up-to` @param {string} conversation */
const readUpTo = (holder, conversation) =>
  Math.max(Number(holder.dataset.readUpTo || 0), marks.get(conversation) ?? 0);

/** @param {HTMLElement} section @returns {number} how many messages of the conversation are unread */
export const unreadIn = (section) =>
  Math.max(0, Number(section.dataset.lastSeq) - readUpTo(section, section.dataset.conversationId));

/** @param {HTMLElement} section @returns {number} the sequence number of the first message that isn't read */
export const firstUnreadIn = (section) => readUpTo(section, section.dataset.conversationId) + 1;

/** @param {HTMLElement} row of the sidebar @returns {number} */
export function unreadInRow(row) {
  const lastSeq = Number(row.querySelector('.activity')?.dataset.lastSeq || 0);
  return Math.max(0, lastSeq - readUpTo(row, row.id.replace('conversation-', '')));
}

/** Marks the open conversation as read to its end. */
export function markRead() {
  if (openId()) read(openId(), Number(openConversation().dataset.lastSeq));
}

/** The person has read up to here, on this device. */
function read(conversation, seq) {
  if (moveTo(conversation, seq)) {
    untold.set(conversation, seq);
    tellSoon();
  }
}

/** @returns {boolean} whether that is further than before */
function moveTo(conversation, seq) {
  const section = openId() === conversation ? openConversation() : null;
  const known = readUpTo(section ?? rowOf(conversation) ?? document.body, conversation);
  if (!(seq > known)) return false;
  marks.set(conversation, seq);
  raise(section, 'readUpTo', seq);
  raise(rowOf(conversation), 'readUpTo', seq);
  emit('unread');
  return true;
}

function tellSoon() {
  telling ??= setTimeout(tell, AT_MOST_EVERY);
}

function tell() {
  clearTimeout(telling);
  telling = undefined;
  for (const [conversation, seq] of untold) {
    if (!send('receipt:read', { conversation_id: conversation, up_to_seq: seq })) return;
    untold.delete(conversation);
  }
}

/** Whether the window is in front of the person. */
export const isLooking = () => document.visibilityState === 'visible' && document.hasFocus();

function seen(entries) {
  for (const { target, isIntersecting, intersectionRatio, intersectionRect, rootBounds } of entries) {
    const enough = intersectionRatio >= 0.5 || intersectionRect.height >= (rootBounds?.height ?? Infinity) / 2;
    if (isIntersecting && enough) {
      if (!inView.has(target)) inView.set(target, startTimer(target));
    } else {
      clearTimeout(inView.get(target));
      inView.delete(target);
    }
  }
}

function startTimer(message) {
  if (!isLooking()) return undefined;
  return setTimeout(() => {
    if (!message.isConnected || !isLooking()) return;
    read(openId(), Number(message.dataset.seq));
    observer.unobserve(message);
    inView.delete(message);
  }, LONG_ENOUGH);
}

/** Coming back to the window starts the second anew; leaving it stops it. */
function lookChanged() {
  for (const [message, timer] of inView) {
    clearTimeout(timer);
    inView.set(message, startTimer(message));
  }
}

function opened() {
  observer?.disconnect();
  lookAway();
  const root = openConversation()?.querySelector('.scroller');
  if (!root) return;
  observer = new IntersectionObserver(seen, { root, threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5] });
  observeUnread();
}

function lookAway() {
  for (const timer of inView.values()) clearTimeout(timer);
  inView.clear();
}

/** Observing a message that is observed already changes nothing. */
function observeUnread() {
  const section = openConversation();
  if (!section) return;
  const known = readUpTo(section, openId());
  const messages = [...openTimeline().querySelectorAll(':scope > .message')];
  for (const message of messages.reverse()) {
    if (Number(message.dataset.seq) <= known) break;
    observer.observe(message);
  }
}

export function start() {
  on('opened', opened);
  on('timeline', observeUnread);
  on('connection', ({ open }) => open && tell());
  on('message:sent', (frame) => moveTo(frame.conversation_id, frame.seq));
  // Who wrote on another device has read what came before it.
  on('message:received', (frame) => frame.sender_id === userId && moveTo(frame.conversation_id, frame.seq));
  on('receipt:updated', (frame) => frame.user_id === userId && moveTo(frame.conversation_id, frame.read_up_to));
  addEventListener('focus', lookChanged);
  addEventListener('blur', lookChanged);
  document.addEventListener('visibilitychange', lookChanged);
  addEventListener('pagehide', tell);
}
