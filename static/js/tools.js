/**
 * What is done with a message: by a toolbar and a menu, by keys, by holding it on a touch screen. Here is only what
 * notices that somebody is about to. What it leads to is fetched then (later/message/deeds.js), and most visits don't need it.
 */

import { emit, on, onAction, openConversation, openId, openTimeline, reachesEnd, userId } from './page.js';
import { recallHere } from './store.js';

/** Milliseconds after which a touch that stays where it is means more than a tap, and pixels by which it may stray. */
const HOLD = 450;
const STRAY = 10;
const REACHABLE = ':not(.pending, .deleted, .system)';

let module;
/** Where the mouse was last: a message that comes to lie below it isn't pointed at. */
let pointer;
/** The touch that may become a holding. */
let holding;
/** Whether it has; then what the lifted finger would do isn't meant. */
let held = false;

async function load() {
  try {
    const loaded = await import('./later/message/deeds.js');
    await loaded.begin();
    return loaded;
  } catch {
    module = undefined;
  }
}

const later = () => (module ??= load());

const messageOf = (element) => element?.closest?.(`.timeline > .message${REACHABLE}`);

/**
 * Does one of the things that later/message/deeds.js lists with a message.
 * @param {string} deed
 * @param {Element} element the message, or what stands in it
 */
export async function act(deed, element) {
  const message = messageOf(element);
  if (!message) return;
  const loaded = await later();
  if (loaded) loaded.act(deed, message, element);
  // Nobody has asked for the toolbar.
  else if (deed !== 'show') emit('failed-to-load');
}

/** @returns {boolean} whether there was one of one's own to edit */
function editLast() {
  if (!reachesEnd()) return false;
  const last = [...openTimeline().querySelectorAll(`:scope > [data-author="${userId}"]${REACHABLE}`)].at(-1);
  if (last) act('edit', last);
  return Boolean(last);
}

function keydown(event) {
  const { key, target, shiftKey, altKey, ctrlKey, metaKey } = event;
  if (key !== 'ArrowUp' || shiftKey || altKey || ctrlKey || metaKey) return;
  if (target.matches('.composer:not([data-editing]) textarea') && !target.value && editLast()) event.preventDefault();
}

function pressed({ target, pointerType, clientX, clientY }) {
  released();
  held = false;
  // A link has a menu of the browser's own.
  if (pointerType !== 'touch' || !messageOf(target) || target.closest('.text a')) return;
  later();
  const hold = () => {
    held = true;
    // What is under the finger now: the message may have been swapped.
    act('hold', document.elementFromPoint(clientX, clientY));
  };
  holding = { clientX, clientY, timer: setTimeout(hold, HOLD) };
}

function moved({ target, pointerType, clientX, clientY }) {
  if (holding && Math.hypot(clientX - holding.clientX, clientY - holding.clientY) > STRAY) released();
  const place = `${clientX} ${clientY}`;
  if (pointerType !== 'touch' && place !== pointer) act('show', target);
  pointer = place;
}

function released() {
  clearTimeout(holding?.timer);
  holding = undefined;
}

/** An address that leads to a message here is followed within the page. */
function clicked(event) {
  const link = event.target.closest?.('.quote, .permalink');
  if (!link?.hash || !messageOf(link) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  act('follow', link);
}

/** What a screen reader says of the reactions; the colour is the stylesheet's (chat.html). */
function markOwn() {
  const { mark } = document.body.dataset;
  for (const chip of openTimeline()?.querySelectorAll('.reaction:not([aria-pressed])') ?? []) {
    chip.ariaPressed = chip.dataset.by.split(' ').includes(mark);
  }
}

function opened() {
  markOwn();
  if (openConversation()?.querySelector('[data-reply]') || recallHere(`edit:${openId()}`)) later();
}

export function start() {
  document.addEventListener('keydown', keydown);
  document.addEventListener('click', clicked);
  document.addEventListener('focusin', ({ target }) => target.matches(':focus-visible') && act('show', target));
  document.addEventListener('pointerdown', pressed);
  document.addEventListener('pointermove', moved);
  for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, released);
  document.addEventListener('touchend', (event) => held && event.preventDefault(), { passive: false });
  document.addEventListener('contextmenu', (event) => holding && event.preventDefault());
  onAction('react', (chip) => act('toggle', chip));
  onAction('edits', (button) => act('showEdits', button));
  on('opened', opened);
  on('timeline', markOwn);
}
