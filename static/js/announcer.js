/**
 * Tells screen readers of new messages, in a region of its own: the list of messages isn't live itself, so that
 * nothing is read again when it is swapped. Several in a short time become one sentence.
 */

import { on, rowOf, userId } from './page.js';

const AT_MOST_EVERY = 2_000;
const LONGEST = 200;
/** How many messages back it is known that one has been told already. */
const MEMORY = 200;

const announcer = document.getElementById('announcer');
/** @type {{author: string, text: string}[]} */
let news = [];
/** What comes twice, by two ways or after a retry, is told once. @type {Set<string>} */
const told = new Set();
let timer;

function received({ message_id: id, conversation_id: conversation, sender_id: sender }) {
  if (sender === userId || told.has(id)) return;
  told.add(id);
  if (told.size > MEMORY) told.delete(told.values().next().value);
  const message = document.getElementById(`message-${id}`);
  const row = rowOf(conversation);
  const author = message?.querySelector('.author') ?? row?.querySelector('.sender bdi') ?? row?.querySelector('.name');
  const text = message?.querySelector('.text') ?? row?.querySelector('.preview > bdi');
  if (!author) return;
  news.push({ author: author.textContent.trim(), text: text?.textContent.trim() ?? '' });
  timer ??= setTimeout(announce, AT_MOST_EVERY);
}

function announce() {
  timer = undefined;
  const [{ author, text }] = news;
  const authors = [...new Set(news.map((one) => one.author))];
  const from = authors.length > 3 ? `${authors.length} people` : authors.join(', ');
  announcer.textContent =
    news.length === 1 ? `${author}: ${text.slice(0, LONGEST)}` : `${news.length} new messages from ${from}`;
  news = [];
}

/** @param {string} text what is said once, and needn't wait for others */
export const say = (text) => (announcer.textContent = text);

export function start() {
  on('after:message:received', received);
}
