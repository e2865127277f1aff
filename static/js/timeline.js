/**
 * Watches the pane and its list of messages, and tells the others: `chat:opened` when another page is in the pane,
 * `chat:timeline` when messages have come or gone. Puts the days between the messages, and keeps the list short.
 */

import { emit, on, openConversation, openId, openTimeline, reachesEnd, userId } from './page.js';
import { firstUnreadIn, isLooking } from './reading.js';
import { isAtEnd } from './scrolling.js';
import { dayName, dayNumber, localise, onNewDay } from './times.js';

const MOST = 400;
const ENOUGH = 300;

const pane = document.getElementById('pane');
const isMessage = (node) => node.matches?.('.message');
const isSentinel = (node) => node?.matches?.('.load-older, .load-newer');
/** Only what comes and goes in the list itself matters. */
const watcher = new MutationObserver(changed);
let timeline;

function opened() {
  localise(pane);
  watcher.disconnect();
  timeline = openTimeline();
  if (timeline) {
    separateDays();
    watcher.observe(timeline, { childList: true });
  }
  emit('opened');
}

function changed(mutations) {
  const messages = mutations.flatMap(({ addedNodes }) => [...addedNodes]).filter(isMessage);
  const removed = mutations.flatMap(({ removedNodes }) => [...removedNodes]);
  const before = new Set(removed.map(({ id }) => id));
  for (const message of messages) localise(message);
  // What was edited, or reacted to, has been here before.
  if (!removed.some(isSentinel)) arrived(messages.filter(({ id }) => !before.has(id)));
  separateDays();
  if (isAtEnd()) trim();
  // What was done here is no news.
  watcher.takeRecords();
  emit('timeline');
}

/** A message that comes before one's eyes settles in; the first of what comes unseen stands below the line "New". */
function arrived(messages) {
  const unread = firstUnreadIn(openConversation());
  const [first, ...others] = messages.filter(({ dataset }) => dataset.author !== userId && dataset.seq >= unread);
  if (!first) return;
  if (!others.length && isAtEnd() && isLooking()) return first.classList.add('arriving');
  const line = timeline.querySelector(':scope > .new-line');
  if (line && unread < first.dataset.seq) return; // There is more to read, and the line stands before it.
  first.before(line ?? element('new-line', 'New'));
}

/** The line "New" stands before what was marked as unread, where that is loaded. */
function moveLine() {
  timeline.querySelector(':scope > .new-line')?.remove();
  const unread = firstUnreadIn(openConversation());
  const first = timeline.querySelector(`:scope > [data-seq="${unread}"]`);
  first?.before(element('new-line', 'New'));
}

/** One separator before the first message of each local day; those that are right stay untouched. */
function separateDays() {
  const spare = new Set(timeline.querySelectorAll(':scope > .day'));
  let before;
  for (const message of timeline.querySelectorAll(':scope > .message')) {
    const date = new Date(message.dataset.at);
    const day = dayNumber(date);
    if (day === before) continue;
    before = day;
    const above = message.previousElementSibling;
    const place = above?.classList.contains('new-line') ? above : message;
    const existing = place.previousElementSibling;
    const separator = existing?.classList.contains('day') ? existing : newSeparator(place);
    spare.delete(separator);
    const name = dayName(date);
    if (separator.textContent !== name) separator.firstElementChild.textContent = name;
  }
  for (const separator of spare) separator.remove();
}

function newSeparator(place) {
  const separator = element('day');
  place.before(separator);
  return separator;
}

/** @returns {HTMLLIElement} what stands between messages */
function element(name, text = '') {
  const item = document.createElement('li');
  item.className = name;
  item.append(document.createElement('span'));
  item.firstElementChild.textContent = text;
  return item;
}

/** A page that stays open for weeks mustn't grow for ever: the oldest messages go, and can be loaded again. */
function trim() {
  const messages = timeline.querySelectorAll(':scope > .message');
  if (messages.length <= MOST || !reachesEnd()) return;
  const first = messages[messages.length - ENOUGH];
  while (timeline.firstElementChild !== first) timeline.firstElementChild.remove();
  const sentinel = document.createElement('li');
  sentinel.className = 'load-older';
  sentinel.setAttribute('hx-get', `/c/${openId()}/history?before=${first.dataset.seq}`);
  sentinel.setAttribute('hx-trigger', "intersect once root:'closest .scroller' rootMargin:'800px 0px 0px 0px'");
  sentinel.setAttribute('hx-swap', 'outerHTML');
  timeline.prepend(sentinel);
  htmx.process(sentinel);
  separateDays();
}

/**
 * Messages that couldn't be loaded are asked for again; what the server says instead isn't a page of messages. Who is
 * too fast reads that where the button stands, if the answer was made for that place, or above all of it.
 */
function watchLoading() {
  const again = (sentinel) => setTimeout(() => htmx.process(sentinel, true), 3_000);
  document.addEventListener('htmx:before:swap', (event) => {
    const { sourceElement, target, response, swap, text } = event.detail.ctx;
    if (!(response?.status >= 400) || event.defaultPrevented) return;
    const isTooFast = response.status === 429;
    const hasNoPlace = swap === 'none';
    if (isSentinel(sourceElement)) again(sourceElement);
    else if (isTooFast ? !hasNoPlace && target !== pane : response.status < 500) return;
    else emit('failed-to-load', { reason: isTooFast && hasNoPlace ? text : undefined });
    event.preventDefault();
  });
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (isSentinel(ctx?.sourceElement)) again(ctx.sourceElement);
    else if (ctx) emit('failed-to-load');
  });
}

export function start() {
  watchLoading();
  new MutationObserver(opened).observe(pane, { childList: true });
  onNewDay(() => {
    localise(document);
    if (openConversation()) separateDays();
  });
  on('marked-unread', moveLine);
  localise(document);
  opened();
}
