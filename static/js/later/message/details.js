/** What lies behind a message: what it said before it was edited, and who reacted to it. */

import { on } from '../../page.js';
import { place } from './floating.js';
import { get } from './request.js';

const HINT_AFTER = 350;
const MOST_NAMES = 12;
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The reaction that the hint is about, or will be. @type {HTMLElement | undefined} */
let hinted;
let timer;

const pathOf = (message, part) => `/messages/${message.id.replace('message-', '')}/${part}`;

/** @param {HTMLElement} message */
export const showEdits = (message) => show('Earlier versions', pathOf(message, 'edits'));

/** @param {HTMLElement} message */
export const showReactions = (message) => show('Reactions', pathOf(message, 'reactions'));

async function show(title, path) {
  const dialog = document.getElementById('message-details');
  const content = dialog.querySelector('.message-facts');
  dialog.querySelector('h2').textContent = title;
  content.replaceChildren();
  hint();
  dialog.showModal();
  const { text, reason } = await get(path);
  if (reason) content.textContent = reason;
  else content.innerHTML = text;
  for (const time of content.querySelectorAll('time')) time.textContent = exact.format(new Date(time.dateTime));
}

/** @param {HTMLElement} [chip] the reaction that is pointed at, or has the focus */
export function hint(chip) {
  if (chip === hinted) return;
  hinted = chip;
  clearTimeout(timer);
  document.getElementById('reaction-hint').hidePopover();
  if (chip) timer = setTimeout(() => showHint(chip), HINT_AFTER);
}

async function showHint(chip) {
  const { text } = await get(pathOf(chip.closest('.message'), 'reactions'));
  if (!text || hinted !== chip || !chip.isConnected) return;
  const page = new DOMParser().parseFromString(text, 'text/html');
  const group = [...page.querySelectorAll('[data-emoji]')].find(({ dataset }) => dataset.emoji === chip.dataset.emoji);
  if (!group) return;
  const bubble = document.getElementById('reaction-hint');
  bubble.textContent = namesIn(group);
  bubble.showPopover();
  const { bottom } = chip.closest('.scroller').getBoundingClientRect();
  const anchor = chip.getBoundingClientRect();
  place(bubble, anchor, anchor.bottom + 2 * bubble.offsetHeight > bottom);
}

/** @returns {string} "Maria, you and 3 others" */
function namesIn(group) {
  const people = [...group.querySelectorAll('bdi')].map((name) => name.textContent);
  const names = people.map((name, index) => (name === 'You' && index ? 'you' : name));
  const shown = names.slice(0, MOST_NAMES);
  const others = Number(group.dataset.count) - shown.length;
  const last = others > 0 ? `${others} other${others === 1 ? '' : 's'}` : shown.pop();
  return shown.length ? `${shown.join(', ')} and ${last}` : last;
}

export function start() {
  on('timeline', () => hinted?.isConnected === false && hint());
  document.addEventListener('scroll', () => hint(), { capture: true, passive: true });
}
