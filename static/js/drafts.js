/** What was begun and not sent, per conversation, in this browser: a text, and the message that it replies to. */

import { forget, keep, keysOf, recall } from './store.js';
import { emit, on, openConversation, openId, userId } from './page.js';

const PREFIX = `chat:${userId}:draft:`;
const MOST = 100;
const LONGEST = 20_000;
const PAUSE = 300;
/** While a message is edited, what stands in the field is no draft (later/message/composing.js). */
const FIELD = '.composer:not([data-editing]) textarea';

let timer;

const read = (conversation) => JSON.parse(recall(PREFIX + conversation) ?? '{}');

/** @param {string} conversation @returns {string} */
export const draftOf = (conversation) => read(conversation).text ?? '';

/**
 * @param {string} conversation
 * @param {string} text
 * @param {string} [reply] what it replies to, as in the composer's `data-reply`; without it and a text there is no draft
 */
export function saveDraft(conversation, text, reply) {
  clearTimeout(timer);
  const key = PREFIX + conversation;
  if (text.trim() || reply) {
    keep(key, JSON.stringify({ text: text.slice(0, LONGEST), reply, at: Date.now() }));
    dropOldest();
  } else {
    forget(key);
  }
  emit('drafts');
}

function dropOldest() {
  const keys = keysOf(PREFIX);
  if (keys.length <= MOST) return;
  const age = (key) => JSON.parse(recall(key)).at;
  keys.sort((one, other) => age(one) - age(other));
  for (const key of keys.slice(0, keys.length - MOST)) forget(key);
}

function restore() {
  const textarea = openConversation()?.querySelector(FIELD);
  if (!textarea || textarea.value) return;
  const { text = '', reply } = read(openId());
  textarea.value = text;
  if (reply) textarea.form.dataset.reply = reply;
}

export function start() {
  on('opened', restore);
  document.addEventListener('input', ({ target }) => {
    if (!target.matches(FIELD)) return;
    const conversation = openId();
    clearTimeout(timer);
    timer = setTimeout(() => saveDraft(conversation, target.value, target.form.dataset.reply), PAUSE);
  });
  // The last words, typed just before leaving the conversation or the page.
  const saveNow = () => {
    const textarea = openConversation()?.querySelector(FIELD);
    if (timer && textarea) saveDraft(openId(), textarea.value, textarea.form.dataset.reply);
  };
  document.addEventListener('htmx:before:request', saveNow);
  addEventListener('pagehide', saveNow);
  addEventListener('storage', ({ key }) => key?.startsWith(PREFIX) && emit('drafts'));
}
