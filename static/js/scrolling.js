/**
 * Where the person is in the conversation. The scroller is a reversed column: its position counts from the end, so
 * that older messages come in above without moving anything. Newer ones are kept in place by the browser's scroll
 * anchoring, and by us where a browser has none.
 */

import { focusComposer } from './navigation.js';
import { loadLatest, on, onAction, openConversation, openTimeline, reachesEnd } from './page.js';
import { markRead, unreadIn } from './reading.js';

/** Pixels from the end that still count as being there. */
const NEAR = 40;

let scroller;
/** Whether the end was in view before the change that is under way; what comes then mustn't push it out. */
let sticks = true;
/** A message in view, by its id as it may be swapped, and where it was before the change that is under way. */
let anchor;

/** @returns {boolean} whether the newest message is in view */
export const isAtEnd = () => sticks && reachesEnd();

function look() {
  sticks = scroller.scrollTop > -NEAR;
}

export function goToEnd() {
  if (!reachesEnd()) return loadLatest();
  sticks = true;
  scroller.scrollTop = 0;
  showJump();
}

function opened() {
  scroller = openConversation()?.querySelector('.scroller');
  anchor = undefined;
  if (!scroller) return;
  scroller.addEventListener('scroll', scrolled, { passive: true });
  if (scroller.clientHeight) return goToPlace();
  // A window that opens in the background may have no size yet.
  new ResizeObserver((_, observer) => {
    if (!scroller.clientHeight) return;
    observer.disconnect();
    goToPlace();
  }).observe(scroller);
}

/** To the message that the address names, or to the first unread one. */
function goToPlace() {
  const sought = new URLSearchParams(location.search).get('around');
  const message = sought && openTimeline().querySelector(`[data-seq="${Number(sought)}"]`);
  const place = sought ? message : openTimeline().querySelector(':scope > .new-line');
  if (place) scrollTo(place);
  if (message) point(message);
  look();
  showJump();
}

/** Some of what stands before it stays in view above. */
function scrollTo(place) {
  const above = place.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollTop += above - scroller.clientHeight / 4;
}

/** Marks the one message that was looked for. */
function point(message) {
  openTimeline().querySelector('.sought')?.classList.remove('sought');
  message.classList.add('sought');
}

/** @param {HTMLElement} message of those that are loaded, to be shown and marked */
export function goTo(message) {
  const { top, bottom } = message.getBoundingClientRect();
  const view = scroller.getBoundingClientRect();
  if (top < view.top || bottom > view.bottom) scrollTo(message);
  point(message);
}

/** @param {() => void} change of what is in the list, after which the person is to be where they were */
export function keepingPlace(change) {
  remember();
  change();
  keepPlace();
}

function scrolled() {
  anchor = undefined;
  look();
  showJump();
}

/** Before anything is swapped: where the person is, as the event of a scroll may still be to come, and a message there. */
function remember() {
  anchor = undefined;
  if (!scroller?.isConnected) return;
  look();
  if (sticks) return;
  const top = scroller.getBoundingClientRect().top;
  for (const message of openTimeline().querySelectorAll(':scope > .message')) {
    const place = message.getBoundingClientRect();
    if (place.bottom > top) return (anchor = { id: message.id, top: place.top });
  }
}

/** After messages have come or gone: the end stays in view if it was, and otherwise what the person was looking at. */
function keepPlace() {
  if (!scroller) return;
  const message = document.getElementById(anchor?.id);
  if (isAtEnd()) scroller.scrollTop = 0;
  else if (message) scroller.scrollTop += message.getBoundingClientRect().top - anchor.top;
  anchor = undefined;
  showJump();
}

function showJump() {
  const button = openConversation()?.querySelector('.jump');
  if (!button) return;
  const unread = unreadIn(openConversation());
  button.hidden = isAtEnd();
  button.classList.toggle('unread', unread > 0);
  const text = unread > 0 ? `${unread} new message${unread === 1 ? '' : 's'}` : 'Jump to latest';
  const label = button.querySelector('.jump-label');
  if (label.textContent !== text) label.textContent = text;
}

export function start() {
  on('opened', opened);
  on('timeline', keepPlace);
  on('bubbles', keepPlace);
  on('unread', showJump);
  on('composed', goToEnd);
  onAction('jump', () => {
    goToEnd();
    markRead();
    focusComposer(); // The button, which had the focus, is gone.
  });
  document.addEventListener('htmx:before:swap', remember);
}
