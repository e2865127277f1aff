/**
 * Who is there. Whatever shows a person has `data-person`: an avatar gets a dot, a `.presence` the words. The server is
 * told who is on the screen, and tells of those from then on.
 */

import { downFor, send } from './connection.js';
import { on, userId } from './page.js';
import { keepHere, recallHere } from './store.js';
import { ago } from './times.js';

const KEY = `chat:${userId}:presence`;
/** The server takes no more at a time. */
const MOST = 200;
const SOON = 200;
const WHILE_SCROLLING = 1_000;
const ANSWER_WITHIN = 5_000;
/** So long what was heard is believed without a connection; a reload takes less. */
const BELIEVED = 30_000;
const LOOK_EVERY = 30_000;
const WORDS = { online: 'Online', away: 'Away', offline: 'Offline' };

/** @type {Map<string, {status: string, device: string | null, last_seen_at: string | null}>} by the person's id */
let known = new Map();
/** Those of whom nothing has been heard since the server was asked. @type {Set<string>} */
let unheard = new Set();
let watched = '';
let asking;
let areTooMany = false;

const places = () => [...document.querySelectorAll('[data-person]')];

/** Where there are too many, those in view come first, and those in the list last. */
function onScreen() {
  const rank = (place) => 2 * Number(!isInView(place)) + Number(Boolean(place.closest('#sidebar')));
  const ranked = places().map((place) => [rank(place), place.dataset.person]);
  const ids = new Set(ranked.sort(([one], [other]) => one - other).map(([, id]) => id));
  ids.delete(userId);
  areTooMany = ids.size > MOST;
  return [...ids].slice(0, MOST);
}

function isInView(place) {
  const { top, bottom } = place.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function ask() {
  asking = undefined;
  const ids = onScreen();
  const now = ids.toSorted().join();
  if (now === watched || !send('presence:watch', { user_ids: ids })) return;
  watched = now;
  // Of the others nothing will be heard any more.
  for (const id of known.keys()) if (!ids.includes(id)) known.delete(id);
  unheard = new Set(known.keys());
  setTimeout(forgetUnheard, ANSWER_WITHIN, unheard);
}

/** Of whom nothing is answered, nothing may be known any more. */
function forgetUnheard(those) {
  if (those !== unheard || downFor()) return;
  for (const id of those) known.delete(id);
  show();
}

function forget() {
  known.clear();
  show();
}

function heard({ user_id: id, status, device, last_seen_at }) {
  unheard.delete(id);
  if (status === 'unknown') known.delete(id);
  else known.set(id, { status, device, last_seen_at });
  show();
}

function show() {
  for (const place of places()) {
    const presence = known.get(place.dataset.person);
    if (place.matches('.avatar')) mark(place, presence?.status);
    else write(place, presence);
  }
  // What was done here is no news.
  watcher.takeRecords();
}

/** Whoever hears the page hears who is there, and not who isn't; once, where words beside the avatar say it as well. */
function mark(avatar, status) {
  if (avatar.dataset.status === status) return;
  if (status) avatar.dataset.status = status;
  else delete avatar.dataset.status;
  const isSaid = avatar.parentElement.querySelector('.presence');
  const isThere = !isSaid && (status === 'online' || status === 'away');
  avatar.ariaHidden = isThere ? null : 'true';
  avatar.role = isThere ? 'img' : null;
  avatar.ariaLabel = isThere ? WORDS[status] : null;
}

function write(place, presence) {
  const text = presence ? inWords(presence) : '';
  if (place.textContent !== text) place.textContent = text;
}

function inWords({ status, device, last_seen_at: at }) {
  if (status === 'offline' && at) return `Last seen ${ago(new Date(at))}`;
  return device ? `${WORDS[status]} on ${device}` : WORDS[status];
}

const watcher = new MutationObserver(() => {
  show();
  asking ??= setTimeout(ask, SOON);
});

/** Who comes into view is asked about, where not everybody can be. */
function scrolled() {
  if (areTooMany) asking ??= setTimeout(ask, WHILE_SCROLLING);
}

function connected({ open }) {
  if (!open) return;
  watched = '';
  ask();
}

function restore() {
  const kept = JSON.parse(recallHere(KEY) ?? '{}');
  if (Date.now() - kept.at < BELIEVED) known = new Map(kept.known);
}

export function start() {
  restore();
  show();
  watcher.observe(document.body, { childList: true, subtree: true, attributeFilter: ['data-person', 'data-status'] });
  document.addEventListener('scroll', scrolled, { capture: true, passive: true });
  on('connection', connected);
  on('presence:update', heard);
  on('auth:success', ({ degraded }) => degraded && forget());
  on('system:degraded', ({ redis }) => redis && forget());
  setInterval(() => (downFor() > BELIEVED ? forget() : show()), LOOK_EVERY);
  addEventListener('pagehide', () => keepHere(KEY, JSON.stringify({ at: Date.now(), known: [...known] })));
}
