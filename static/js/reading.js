/**
 * What the person has seen. A message counts as read when half of it (or half a screen of it) has been in view for a
 * second with the window focused. The mark moves forward only; a marker that was set by hand may stand before it. What
 * was read is kept, also over a reload, until the server says that it knows.
 */

import { send } from './connection.js';
import { emit, on, openConversation, openId, openTimeline, rowOf, userId } from './page.js';
import { forget, keep, keysOf, recall } from './store.js';

const PREFIX = `chat:${userId}:read:`;
const LONG_ENOUGH = 1_000;
const AT_MOST_EVERY = 1_000;
const LONGEST_PAUSE = 30_000;

/** @type {Map<string, number>} by conversation: read up to, as far as this page knows */
const marks = new Map();
/** @type {Map<string, number>} by conversation: what the server hasn't confirmed */
const untold = new Map();
/** @type {Map<Element, number | undefined>} messages in view, with their timers */
const inView = new Map();
/** Whether the open conversation was marked as unread, and so isn't read again just because it is still there. */
let isPaused = false;
let observer;
let telling;
/** By the clock that is never set. */
let toldAt = -AT_MOST_EVERY;
let pause = AT_MOST_EVERY;

const holderOf = (conversation) =>
  (openId() === conversation ? openConversation() : rowOf(conversation)) ?? document.body;

/** @param {HTMLElement} holder a row or a section, as the server sent it, with `data-read-up-to` */
const readUpTo = (holder, conversation) =>
  Math.max(Number(holder.dataset.readUpTo || 0), marks.get(conversation) ?? 0);

/** @returns {number} the last message before those that are unread */
function seenUpTo(holder, conversation) {
  const read = readUpTo(holder, conversation);
  const marker = Number(holder.dataset.unreadFrom);
  return marker && !isPassed(conversation, marker) ? Math.min(read, marker - 1) : read;
}

/** @returns {boolean} whether what stands behind the marker was read, and the server may not know it yet */
const isPassed = (conversation, marker) => untold.get(conversation) >= marker;

/** @param {HTMLElement} section @returns {number} how many messages of the conversation are unread */
export const unreadIn = (section) =>
  Math.max(0, Number(section.dataset.lastSeq) - seenUpTo(section, section.dataset.conversationId));

/** @param {HTMLElement} section @returns {number} the sequence number of the first message that isn't read */
export const firstUnreadIn = (section) => seenUpTo(section, section.dataset.conversationId) + 1;

/** @param {HTMLElement} row of the sidebar @returns {number} */
export function unreadInRow(row) {
  const lastSeq = Number(row.querySelector('.activity')?.dataset.lastSeq || 0);
  return Math.max(0, lastSeq - seenUpTo(row, row.id.replace('conversation-', '')));
}

/** Marks the open conversation as read to its end. */
export function markRead() {
  if (!openId()) return;
  isPaused = false;
  read(openId(), Number(openConversation().dataset.lastSeq));
}

/** The person has marked what stands from here on as unread, and the server has taken it. */
export function markedUnread(conversation, from) {
  settle(conversation);
  setMarker(conversation, from);
}

/** The person has read up to here, on this device. */
function read(conversation, seq) {
  if (!(seq > seenUpTo(holderOf(conversation), conversation))) return;
  untold.set(conversation, seq);
  keep(PREFIX + conversation, String(seq));
  moveTo(conversation, seq);
  tellSoon();
}

function moveTo(conversation, seq) {
  if (seq > readUpTo(holderOf(conversation), conversation)) marks.set(conversation, seq);
  emit('unread');
}

function settle(conversation) {
  untold.delete(conversation);
  forget(PREFIX + conversation);
}

/** @param {number | null} from where one was set, null where there is none */
function setMarker(conversation, from) {
  const isOpen = openId() === conversation;
  const changes = Number(holderOf(conversation).dataset.unreadFrom || 0) !== (from ?? 0);
  for (const holder of [rowOf(conversation), isOpen && openConversation()]) {
    if (holder && from) holder.dataset.unreadFrom = String(from);
    else if (holder) delete holder.dataset.unreadFrom;
  }
  emit('unread');
  if (!isOpen || !changes) return;
  isPaused = from !== null;
  if (isPaused) emit('marked-unread');
}

/** What the server knows. The newest counts, whether it is the server's or this page's. */
function heard({ conversation_id: conversation, read_up_to: upTo, unread_from: from }) {
  const waits = untold.get(conversation);
  if (waits <= upTo && !(from !== null && from <= waits)) settle(conversation);
  moveTo(conversation, upTo);
  if (from === null || !isPassed(conversation, from)) setMarker(conversation, from);
}

/** Whoever wrote, here or on another device, has read what came before it. */
function wrote({ conversation_id: conversation, seq }) {
  moveTo(conversation, seq);
  setMarker(conversation, null);
}

function onSubscribed(frame) {
  heard(frame);
  remind(frame.conversation_id, frame.read_up_to, frame.unread_from);
}

/** The rows are the server's again: what they say is known there. */
function onListed() {
  for (const [conversation, seq] of untold) {
    const { readUpTo: upTo, unreadFrom: from } = rowOf(conversation)?.dataset ?? {};
    if (upTo >= seq && !(from <= seq)) settle(conversation);
  }
}

/** All rows say what the server knows now. */
function onRelisted() {
  for (const conversation of marks.keys()) {
    const { readUpTo: upTo, unreadFrom: from } = rowOf(conversation)?.dataset ?? {};
    remind(conversation, Number(upTo), from);
  }
}

/** A server that knows less than it has told has lost it. It is told once: if that is lost, too, this comes again. */
function remind(conversation, upTo, from) {
  const seq = marks.get(conversation);
  if (!(seq > upTo) || from || untold.has(conversation)) return;
  send('receipt:read', { conversation_id: conversation, up_to_seq: seq });
}

function tellSoon() {
  pause = AT_MOST_EVERY;
  clearTimeout(telling);
  telling = setTimeout(tell, Math.max(0, toldAt + AT_MOST_EVERY - performance.now()));
}

/** Again and again, with growing pauses, until the server confirms it. */
function tell() {
  clearTimeout(telling);
  for (const [conversation, seq] of untold) {
    if (!send('receipt:read', { conversation_id: conversation, up_to_seq: seq })) return;
    toldAt = performance.now();
  }
  if (!untold.size) return;
  telling = setTimeout(tell, pause);
  pause = Math.min(2 * pause, LONGEST_PAUSE);
}

/** What an earlier page couldn't tell. */
function resume() {
  for (const key of keysOf(PREFIX)) {
    const conversation = key.slice(PREFIX.length);
    const seq = Number(recall(key));
    if (seq > Number(rowOf(conversation)?.dataset.readUpTo)) read(conversation, seq);
    else forget(key);
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
    if (isPaused || !message.isConnected || !isLooking()) return;
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
  isPaused = false;
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
  const known = seenUpTo(section, openId());
  const messages = [...openTimeline().querySelectorAll(':scope > .message')];
  for (const message of messages.reverse()) {
    if (Number(message.dataset.seq) <= known) break;
    observer.observe(message);
  }
}

export function start() {
  resume();
  on('opened', opened);
  on('timeline', observeUnread);
  on('connection', ({ open }) => open && tellSoon());
  on('subscribed', onSubscribed);
  on('listed', onListed);
  on('relisted', onRelisted);
  on('message:sent', wrote);
  on('message:received', (frame) => frame.sender_id === userId && wrote(frame));
  on('conversation:removed', ({ conversation_id: conversation }) => settle(conversation));
  on('receipt:updated', (frame) => frame.user_id === userId && heard(frame));
  addEventListener('focus', lookChanged);
  addEventListener('blur', lookChanged);
  document.addEventListener('visibilitychange', lookChanged);
  addEventListener('pagehide', tell);
}
