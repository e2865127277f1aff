/** Who is typing in the open conversation, and telling the others that this person is. */

import { say } from './announcer.js';
import { send } from './connection.js';
import { on, openConversation, openId } from './page.js';

/** The server swallows what comes within 2 s, and forgets after 3. */
const AGAIN_AFTER = 2_250;
/** Whoever hears the page is told that somebody has begun, and then left alone for a while. */
const CALM = 30_000;

/** Who is typing: names by id, in the order in which they began. @type {Map<string, string>} */
const typing = new Map();
// By the clock that is never set.
let told = { id: '', at: 0 };
let announcedAt = -CALM;

function typed({ target }) {
  if (!target.matches('.composer:not([data-editing]) textarea')) return;
  const id = openId();
  const isOurs = told.id === id && performance.now() - told.at < AGAIN_AFTER;
  if (!target.value.trim()) {
    if (told.id === id) send('typing:stop', { conversation_id: id });
  } else if (!isOurs && send('typing:start', { conversation_id: id })) {
    told = { id, at: performance.now() };
  }
}

function started({ conversation_id: conversation, user_id: user, name }) {
  if (conversation !== openId()) return;
  typing.set(user, name);
  show();
  if (performance.now() - announcedAt < CALM) return;
  announcedAt = performance.now();
  say(openConversation().querySelector('.typing').textContent);
}

function stopped({ conversation_id: conversation, user_id: user }) {
  if (conversation === openId() && typing.delete(user)) show();
}

/** What was heard is past: whoever still types is told of again. */
function forget() {
  typing.clear();
  show();
}

/** Names are set apart from the words: they may run the other way. */
function show() {
  const names = [...typing.values()].map((name) => Object.assign(document.createElement('bdi'), { textContent: name }));
  const [one, other] = names;
  const words = [[], [one, ' is typing…'], [one, ' and ', other, ' are typing…']];
  openConversation()
    ?.querySelector('.typing')
    ?.replaceChildren(...(words[names.length] ?? ['Several people are typing…']));
}

export function start() {
  document.addEventListener('input', typed);
  on('typing:started', started);
  on('typing:stopped', stopped);
  for (const name of ['opened', 'connection', 'system:resync']) on(name, forget);
}
