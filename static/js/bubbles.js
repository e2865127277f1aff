/** Shows the outbox of the open conversation as bubbles below the messages, each with its state. */

import { discard, entries, retry } from './outbox.js';
import { emit, on, onAction, openConversation, openId, openTimeline, userId } from './page.js';
import { localise } from './times.js';

const GROUP_WITHIN = 300_000;

/** Makes the bubbles on the screen those of the outbox; calling it again changes nothing. */
function render() {
  const list = document.getElementById(`outbox-${openId()}`);
  if (!list) return;
  const waiting = entries(openId());
  const ids = new Set(waiting.map((entry) => `pending-${entry.id}`));
  for (const bubble of [...list.children]) if (!ids.has(bubble.id)) bubble.remove();
  waiting.forEach((entry, index) => {
    const bubble = document.getElementById(`pending-${entry.id}`) ?? create(entry);
    if (list.children[index] !== bubble) list.insertBefore(bubble, list.children[index] ?? null);
    bubble.classList.toggle('continues', continues(bubble, entry));
    showState(bubble, entry);
  });
  emit('bubbles');
  if (waiting.some(({ held }) => held > Date.now())) import('./later/countdown.js').then(({ show }) => show());
}

function create({ id, content, order, reply }) {
  const template = openConversation().querySelector('.pending-template');
  const bubble = template.content.querySelector('.message').cloneNode(true);
  bubble.id = `pending-${id}`;
  bubble.dataset.at = new Date(order).toISOString();
  bubble.dataset.clientMessageId = id;
  bubble.querySelector('.text').textContent = content.trim();
  bubble.querySelector('time').dateTime = bubble.dataset.at;
  const quote = bubble.querySelector('.quote');
  if (reply) {
    quote.dataset.quotes = reply.id;
    quote.querySelector('.quote-author').textContent = reply.author;
    quote.querySelector('.quote-text').textContent = reply.text;
  } else {
    quote?.remove();
  }
  localise(bubble);
  return bubble;
}

/** The same rule as the server's, so that nothing moves when the message takes the bubble's place. */
function continues(bubble, { order }) {
  const before = bubble.previousElementSibling ?? [...(openTimeline()?.querySelectorAll('.message') ?? [])].at(-1);
  return before?.matches(`[data-author="${userId}"]:not(.system)`) && order - Date.parse(before.dataset.at) < GROUP_WITHIN;
}

function showState(bubble, { final, reason }) {
  bubble.classList.toggle('failed', Boolean(reason));
  bubble.classList.toggle('sending', !reason);
  const text = final ? `Not sent. ${reason}` : `${reason} Trying again.`;
  const place = bubble.querySelector('.failure-reason');
  if (place && place.textContent !== text) place.textContent = text;
}

const idOf = (button) => button.closest('.message').dataset.clientMessageId;

export function start() {
  on('outbox', render);
  on('opened', render);
  onAction('retry', (button) => retry(idOf(button)));
  onAction('discard', (button) => discard(idOf(button)));
}
