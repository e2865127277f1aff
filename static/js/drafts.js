/** What was begun and not sent, per conversation, in this browser. */

import { forget, keep, keysOf, recall } from './store.js';
import { emit, on, openConversation, openId, userId } from './page.js';

const PREFIX = `chat:${userId}:draft:`;
const MOST = 100;
const LONGEST = 20_000;
const PAUSE = 300;

let timer;

/** @param {string} conversation @returns {string} */
export const draftOf = (conversation) => JSON.parse(recall(PREFIX + conversation) ?? 'null')?.text ?? '';

/** @param {string} conversation @param {string} text an empty one removes the draft */
export function saveDraft(conversation, text) {
  clearTimeout(timer);
  const key = PREFIX + conversation;
  if (text.trim()) {
    keep(key, JSON.stringify({ text: text.slice(0, LONGEST), at: Date.now() }));
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
  const textarea = openConversation()?.querySelector('.composer textarea');
  if (textarea && !textarea.value) textarea.value = draftOf(openId());
}

export function start() {
  on('opened', restore);
  document.addEventListener('input', ({ target }) => {
    if (!target.matches('.composer textarea')) return;
    const conversation = openId();
    clearTimeout(timer);
    timer = setTimeout(() => saveDraft(conversation, target.value), PAUSE);
  });
  // The last words, typed just before leaving the conversation or the page.
  const saveNow = () => {
    const textarea = openConversation()?.querySelector('.composer textarea');
    if (timer && textarea) saveDraft(openId(), textarea.value);
  };
  document.addEventListener('htmx:before:request', saveNow);
  addEventListener('pagehide', saveNow);
  addEventListener('storage', ({ key }) => key?.startsWith(PREFIX) && emit('drafts'));
}
