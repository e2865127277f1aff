/** The keys that work anywhere, and moving through the messages with the arrows. */

import { on, openConversation, openTimeline } from './page.js';
import { focusComposer } from './navigation.js';
import { markRead } from './reading.js';
import { goToEnd } from './scrolling.js';
import { openSwitcher } from './switcher.js';

const isTyping = (element) => element.matches('input, textarea, select, [contenteditable]');
const somethingFloats = () => document.querySelector('dialog[open], :popover-open');

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
  else if (!target.matches('.timeline > .message') || !moveInList(target, key)) return;
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
    makeReachable(goal);
    goal.focus({ preventScroll: true });
    goal.scrollIntoView({ block: 'nearest' });
  } else if (key === 'ArrowDown') {
    focusComposer();
  }
  return true;
}

/** One message at a time can be reached by Tab: the last one, or where the person is. */
function makeReachable(message) {
  for (const other of openConversation().querySelectorAll('.message[tabindex="0"]')) other.tabIndex = -1;
  message.tabIndex = 0;
}

function ensureReachable() {
  const messages = openConversation()?.querySelectorAll('.timeline > .message') ?? [];
  const last = messages[messages.length - 1];
  if (last && !openConversation().contains(document.activeElement?.closest('.message'))) makeReachable(last);
}

export function start() {
  document.addEventListener('keydown', keydown);
  for (const name of ['opened', 'timeline', 'bubbles']) on(name, ensureReachable);
  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    for (const key of document.querySelectorAll('kbd')) key.textContent = key.textContent.replace('Ctrl', '⌘');
  }
}
