/**
 * What was typed and isn't confirmed yet. Every message has a key of its own in the browser's storage, so that two
 * tabs can't overwrite each other's, and stays there until the server says that it is saved.
 *
 * Order: one message at a time is under way in a conversation. Several at once would be faster by a round trip, but
 * when one of them is put off (a rate limit, a database away) those behind it could overtake it.
 *
 * Several tabs: each sends what was written in it, and takes over from a tab that has let its lease run out (closed,
 * frozen). Should two ever send the same message, the server keeps one and confirms it to both.
 */

import { downFor, isOpen, probe, receive, send } from './connection.js';
import { forget, keep, keysOf, recall, tabName } from './store.js';
import { delay, emit, on, openId, openTimeline, userId } from './page.js';

const PREFIX = `chat:${userId}:outbox:`;
const MOST = 200;
const LEASE = 10_000;
const CONFIRM_WITHIN = 3_000;
const HTTP_WITHIN = 10_000;
const ATTEMPTS = 8;
const LONGEST_PAUSE = 30_000;
const UNAVAILABLE = {
  type: 'message:error',
  code: 'UNAVAILABLE',
  message: 'The server can’t take messages just now.',
  retryable: true,
};

/**
 * @typedef {object} Entry
 * @property {string} id the client's id of the message, by which the server knows it again
 * @property {string} conversation
 * @property {string} content
 * @property {Quoted} [reply] the message that it replies to
 * @property {number} order milliseconds since 1970, made unique and rising
 * @property {string} owner the tab that sends it
 * @property {number} until when others may take it over
 * @property {number} attempts how often the server has put it off
 * @property {number} [held] until when it waits because messages came too fast
 * @property {boolean} final whether the server has refused it for good
 * @property {string} reason why it isn't sent, for the person; empty while there is hope
 */

/**
 * @typedef {object} Quoted what is shown of a message that is replied to
 * @property {string} id
 * @property {string} seq
 * @property {string} author
 * @property {string} text
 */

const tab = tabName(newId);

/** @type {Map<string, (answer?: object) => void>} by client id: who waits for the server's answer */
const waiting = new Map();
/** @type {Map<string, () => void>} by conversation: how to end the pause of the one that is at work there */
const working = new Map();

/** @returns {string} a random UUID; on plain http browsers offer no randomUUID */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @param {string} [conversation] @returns {Entry[]} what waits there, or everywhere, in the order of writing */
export function entries(conversation) {
  return keysOf(PREFIX)
    .map((key) => JSON.parse(recall(key)))
    .filter((entry) => entry && (!conversation || entry.conversation === conversation))
    .sort((one, other) => one.order - other.order);
}

/** @param {string} id @param {Partial<Entry>} change */
function update(id, change) {
  const text = recall(PREFIX + id);
  if (!text) return; // Confirmed meanwhile: it mustn't come back.
  keep(PREFIX + id, JSON.stringify({ ...JSON.parse(text), ...change }));
  emit('outbox');
}

/**
 * Accepts a message and sees to it that it is sent.
 * @param {string} conversation
 * @param {string} content
 * @param {Quoted} [reply]
 * @returns {boolean} false where too many are waiting already
 */
export function add(conversation, content, reply) {
  const all = entries();
  if (all.length >= MOST) return false;
  const id = newId();
  const order = Math.max(Date.now(), 1 + (all.at(-1)?.order ?? 0));
  const entry = { id, conversation, content, reply, order, owner: tab, until: 0, attempts: 0, final: false, reason: '' };
  keep(PREFIX + id, JSON.stringify(entry));
  emit('outbox');
  giveNewHope(conversation, false);
  return true;
}

/** @param {string} id */
export function discard(id) {
  settled(id);
  emit('outbox');
}

/** @param {string} id */
export function retry(id) {
  update(id, { owner: tab, attempts: 0, final: false, reason: '' });
  const entry = entries().find((one) => one.id === id);
  if (entry) flush(entry.conversation, true);
}

/** It is saved, or given up by the person: either way nobody needs to send it. */
function settled(id, answer = { type: 'message:sent' }) {
  forget(PREFIX + id);
  waiting.get(id)?.(answer);
}

/** A message may be on the screen while its confirmation was lost: from another tab, by a sync, after a reload. */
function settleWhatIsOnScreen() {
  for (const { id } of entries(openId())) {
    if (openTimeline()?.querySelector(`[data-client-message-id="${id}"]`)) discard(id);
  }
}

/** Tries again what was put off too often, now that something has changed; with `hurry`, what is waiting as well. */
function giveNewHope(conversation, hurry = true) {
  for (const entry of entries(conversation)) {
    if (entry.attempts >= ATTEMPTS && !entry.final) update(entry.id, { attempts: 0 });
  }
  flushAll(conversation, hurry);
}

function flushAll(conversation, hurry = false) {
  for (const id of new Set(entries(conversation).map((entry) => entry.conversation))) flush(id, hurry);
}

/**
 * @returns {Entry | undefined} the message to send next, past those that are refused for good; none behind one that
 * was put off too often, so that nothing overtakes it
 */
function next(conversation) {
  const now = Date.now();
  const isOurs = ({ owner, until }) => owner === tab || until < now || until > now + 2 * LONGEST_PAUSE;
  const entry = entries(conversation).find((one) => !one.final && isOurs(one));
  return entry && entry.attempts < ATTEMPTS ? entry : undefined;
}

/** Sends what waits in a conversation, one after the other. A hurried call while that goes on cuts its pause short. */
async function flush(conversation, hurry) {
  if (working.has(conversation)) return hurry && working.get(conversation)();
  let unreachable = 0;
  let hurried;
  let wake;
  working.set(conversation, () => {
    hurried = true;
    wake?.();
  });
  for (let entry; (entry = next(conversation)); ) {
    hurried = false;
    update(entry.id, { owner: tab, until: Date.now() + CONFIRM_WITHIN + HTTP_WITHIN + LEASE });
    const answer = await attempt(entry);
    unreachable = answer ? 0 : unreachable + 1;
    const pause = answer ? judge(entry, answer) : 1_000 * 2 ** Math.min(unreachable - 1, 5);
    if (!pause || hurried) continue;
    const milliseconds = Math.min(pause, LONGEST_PAUSE) * (1 + Math.random() * 0.3);
    const held = answer?.code === 'RATE_LIMITED' ? Date.now() + milliseconds : 0;
    update(entry.id, { until: Date.now() + milliseconds + LEASE, held });
    await Promise.race([delay(milliseconds), new Promise((resolve) => (wake = resolve))]);
  }
  working.delete(conversation);
}

/** @returns {Promise<object | undefined>} the server's answer, or nothing where it can't be reached */
async function attempt({ id, conversation, content, reply }) {
  const answered = new Promise((resolve) => waiting.set(id, resolve));
  const attempted = new AbortController();
  const { signal } = attempted;
  try {
    // A socket that has just closed is usually back within a second; then there's no need for another way.
    if (!isOpen() && downFor() < 1_000) await Promise.race([connection([true], signal), delay(1_000 - downFor())]);
    const message = { client_message_id: id, content, reply_to: reply?.id };
    if (send('message:send', { conversation_id: conversation, ...message })) {
      const answer = await Promise.race([answered, connection([true, false], signal), delay(CONFIRM_WITHIN)]);
      if (answer) return answer;
      probe();
    }
    // A socket that comes back meanwhile is quicker than a request on a line that may have died with the old one.
    return await Promise.race([answered, post(conversation, message), connection([true], signal)]);
  } finally {
    waiting.delete(id);
    attempted.abort();
  }
}

/** @param {boolean[]} states @returns {Promise<undefined>} when the socket's state changes to one of them */
const connection = (states, signal) =>
  new Promise((resolve) => {
    const changed = ({ detail: { open } }) => states.includes(open) && resolve();
    document.addEventListener('chat:connection', changed, { signal });
  });

/** The same message by HTTP, with the same id: whichever way arrives first, it is stored once. */
async function post(conversation, { reply_to: replyTo = '', ...message }) {
  try {
    const response = await fetch(`/c/${conversation}/messages`, {
      method: 'POST',
      headers: { Accept: 'application/json', 'X-CSRF-Token': document.body.dataset.csrf },
      body: new URLSearchParams({ ...message, reply_to: replyTo }),
      signal: AbortSignal.timeout(HTTP_WITHIN),
      keepalive: true,
    });
    if (response.status === 401 || response.redirected) return { ...UNAVAILABLE, code: 'AUTH_FAILED' };
    const answer = await response.json().catch(() => UNAVAILABLE);
    if (answer.type !== 'message:sent') return answer.type ? answer : UNAVAILABLE;
    await receive(answer);
    return answer;
  } catch {
    return undefined; // No network, or no answer in time.
  }
}

/** @returns {number} milliseconds to wait before this conversation's next attempt */
function judge(entry, answer) {
  const pause = 1_000 * (answer.retry_after ?? 0);
  if (answer.type === 'message:sent') return 0;
  if (answer.code === 'AUTH_FAILED') {
    location.assign('/login');
    return LONGEST_PAUSE;
  }
  if (!answer.retryable) {
    update(entry.id, { final: true, reason: answer.message });
    return 0;
  }
  // Too fast is no failure: the message waits for its turn, and looks like one that is being sent.
  if (answer.code === 'RATE_LIMITED') return pause || 2_000;
  update(entry.id, { attempts: entry.attempts + 1, reason: answer.message });
  return Math.max(pause, 1_000 * 2 ** entry.attempts);
}

export function start() {
  on('message:sent', (frame) => settled(frame.client_message_id, frame));
  on('message:error', (frame) => waiting.get(frame.client_message_id)?.(frame));
  on('after:message:sent', () => emit('outbox'));
  on('opened', settleWhatIsOnScreen);
  on('timeline', settleWhatIsOnScreen);
  on('connection', ({ open }) => open && giveNewHope());
  addEventListener('online', () => giveNewHope());
  addEventListener('storage', ({ key, newValue }) => {
    if (!key?.startsWith(PREFIX)) return;
    if (newValue !== null) return emit('outbox');
    settled(key.slice(PREFIX.length));
    // Sent by another tab: its bubble stays until the message itself arrives here, or a moment at the most.
    setTimeout(() => emit('outbox'), 500);
  });
  setInterval(flushAll, LEASE);
  giveNewHope();
}
