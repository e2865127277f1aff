/** The keys that work anywhere, and moving through the messages with the arrows. */

import { on, openConversation, openTimeline } from './page.js';
import { focusComposer } from './navigation.js';
import { markRead } from './reading.js';
import { goToEnd } from './scrolling.js';
import { openSwitcher } from './switcher.js';
import { act } from './tools.js';

/** What a key does with the message that has the focus (tools.js). */
const DEEDS = {
  Enter: 'menu', ContextMenu: 'menu', r: 'reply', e: 'edit', '+': 'pick', c: 'copyLink', u: 'markUnread',
  Delete: 'remove', Backspace: 'remove',
};

const isTyping = (element) => element.matches('input, textarea, select, [contenteditable]');
const somethingFloats = () => document.querySelector('dialog[open], :popover-open:not([popover=manual])');

function keydown(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const { key, altKey, shiftKey, ctrlKey, metaKey, target } = event;
  if (key.toLowerCase() === 'k' && (ctrlKey || metaKey) && !altKey && !shiftKey) openSwitcher();
  else if (somethingFloats() || ctrlKey || metaKey) return;
  else if (altKey && key === 'ArrowDown') goToNeighbour(1, shiftKey);
  else if (altKey && key === 'ArrowUp') goToNeighbour(-1, shiftKey);
  else if (altKey) return;
  else if (key === '?' && !isTyping(target)) document.getElementById('shortcuts').showModal();
  else if (key === 'Escape' && openConversation()) finish();
  else if (!target.matches('.timeline > .message') || !(moveInList(target, key) || actOn(target, key))) return;
  event.preventDefault();
}

/** Everything here is read, and the next thing to do is to write. */
function finish() {
  markRead();
  goToEnd();
  openTimeline().querySelector(':scope > .new-line')?.remove();
  focusComposer();
}

function goToNeighbour(step, unreadOnly) {
  const rows = [...document.querySelectorAll('#conversation-list > .conversation')];
  const current = rows.findIndex((row) => row.querySelector('[aria-current]'));
  const inOrder = step > 0 ? rows.slice(current + 1) : rows.slice(0, current < 0 ? undefined : current).reverse();
  const row = inOrder.find((one) => !unreadOnly || one.classList.contains('unread'));
  row?.querySelector('a').click();
  row?.scrollIntoView({ block: 'nearest' });
}

/** @returns {boolean} whether the key means something here */
function moveInList(message, key) {
  const messages = [...openConversation().querySelectorAll('.timeline > .message')];
  const index = messages.indexOf(message);
  const goals = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: messages.length - 1 };
  if (!(key in goals)) return false;
  const goal = messages[goals[key]];
  if (goal) {
    focusMessage(goal);
    goal.scrollIntoView({ block: 'nearest' });
  } else if (key === 'ArrowDown') {
    focusComposer();
  }
  return true;
}

/** @returns {boolean} whether the key means something here */
function actOn(message, key) {
  if (!DEEDS[key]) return false;
  act(DEEDS[key], message);
  return true;
}

/** @param {HTMLElement} message to have the focus, where it is */
export function focusMessage(message) {
  makeReachable(message);
  message.focus({ preventScroll: true });
}

/** One message at a time, with what is in it, can be reached by Tab: the last one, or where the person is. */
function makeReachable(message) {
  const others = '.timeline:not(.outbox) > .message';
  for (const other of openConversation().querySelectorAll(`${others}:is([tabindex="0"], :not([tabindex]))`)) {
    setReachable(other, -1);
  }
  setReachable(message, 0);
}

function setReachable(message, tabIndex) {
  message.tabIndex = tabIndex;
  for (const inside of message.querySelectorAll('a, button')) inside.tabIndex = tabIndex;
}

function ensureReachable() {
  const messages = openConversation()?.querySelectorAll('.timeline > .message') ?? [];
  const last = messages[messages.length - 1];
  const focused = document.activeElement.closest('.timeline > .message');
  if (last) makeReachable(openConversation().contains(focused) ? focused : last);
}

export function start() {
  document.addEventListener('keydown', keydown);
  for (const name of ['opened', 'timeline', 'bubbles']) on(name, ensureReachable);
  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    for (const key of document.querySelectorAll('kbd')) key.textContent = key.textContent.replace('Ctrl', '⌘');
  }
}
