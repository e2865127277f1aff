/** What lies behind a message: what it said before it was edited, who reacted to it, and who has read it. */

import { delay, on, openId } from '../../page.js';
import { moment } from '../../times.js';
import { place } from './floating.js';
import { get } from './request.js';

const HINT_AFTER = 350;
const MOST_NAMES = 12;
const RECEIPTS = 'receipts';
/** In a larger room there is news each second; to ask as often would use up what one may read of the history. */
const REFRESH_AFTER = 2_000;
/** So long the dialog waits for what is to be in it, so that it mostly comes complete. */
const SOON = 150;
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The reaction that the hint is about, or will be. @type {HTMLElement | undefined} */
let hinted;
let timer;
/** Where that comes from which is in the dialog, and of how many lines it was. @type {string | undefined} */
let shown;
let lines = 0;
let refreshing;

const pathOf = (message, part) => `/messages/${message.id.replace('message-', '')}/${part}`;

/** @param {HTMLElement} message */
export const showEdits = (message) => show('Earlier versions', pathOf(message, 'edits'));

/** @param {HTMLElement} message */
export const showReactions = (message) => show('Reactions', pathOf(message, 'reactions'));

/** @param {HTMLElement} message of one's own */
export const showReceipts = (message) => show('Who has read this', pathOf(message, RECEIPTS));

async function show(title, path) {
  const dialog = document.getElementById('message-details');
  dialog.querySelector('h2').textContent = title;
  dialog.querySelector('.message-facts').replaceChildren();
  shown = path;
  hint();
  await Promise.race([fill(), delay(SOON)]);
  if (!dialog.open) dialog.showModal();
}

/** Shows what holds now. */
async function fill() {
  const content = document.querySelector('#message-details .message-facts');
  const path = shown;
  const { text, reason } = await get(path);
  if (path !== shown) return;
  if (reason) content.textContent = reason;
  else content.innerHTML = text;
  htmx.process(content);
  sayTimes(content);
  lines = linesIn(content);
}

const linesIn = (content) => content.querySelectorAll('li').length;

/** To the minute, as it is told beside each name; of an earlier version also the day. */
function sayTimes(content) {
  for (const time of content.querySelectorAll('time')) {
    const date = new Date(time.dateTime);
    time.textContent = time.closest('.recipients') ? moment(date) : exact.format(date);
    time.title = exact.format(date);
  }
}

/** Who looks at the list sees it change; who has asked for more of it, or is about to by keyboard, keeps that. */
function receiptsChanged({ conversation_id: conversation }) {
  if (conversation !== openId()) return;
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    const dialog = document.getElementById('message-details');
    const isHeld = linesIn(dialog) !== lines || dialog.querySelector('.message-facts :focus');
    if (dialog.open && shown.endsWith(RECEIPTS) && !isHeld) fill();
  }, REFRESH_AFTER);
}

/** @param {Element} element what is pointed at, or has the focus: reactions and ticks say who */
export function hint(element) {
  const mark = element?.closest?.('.reaction, .ticks') ?? undefined;
  if (mark === hinted) return;
  hinted = mark;
  clearTimeout(timer);
  document.getElementById('message-hint').hidePopover();
  if (mark) timer = setTimeout(() => showHint(mark), HINT_AFTER);
}

async function showHint(mark) {
  const words = await (mark.matches('.ticks') ? readers(mark) : reactors(mark));
  if (!words || hinted !== mark || !mark.isConnected) return;
  const bubble = document.getElementById('message-hint');
  bubble.textContent = words;
  bubble.showPopover();
  const { bottom } = mark.closest('.scroller').getBoundingClientRect();
  const anchor = mark.getBoundingClientRect();
  place(bubble, anchor, anchor.bottom + 2 * bubble.offsetHeight > bottom);
}

async function reactors(chip) {
  const groups = await fetchGroups(chip, 'reactions');
  const group = groups.find(({ dataset }) => dataset.emoji === chip.dataset.emoji);
  return group && namesIn(group);
}

/** @returns {Promise<string>} "Read by Maria, 10:32", to the minute for each message however old */
async function readers(ticks) {
  const isRead = ticks.closest('.message').dataset.status === 'read';
  const groups = isRead ? await fetchGroups(ticks, RECEIPTS) : [];
  const group = groups.find(({ dataset }) => dataset.status === 'read');
  return group ? `Read by ${namesIn(group)}` : ticks.ariaLabel;
}

async function fetchGroups(mark, part) {
  const { text = '' } = await get(pathOf(mark.closest('.message'), part));
  return [...new DOMParser().parseFromString(text, 'text/html').querySelectorAll('section')];
}

/** @returns {string} "Maria, you and 3 others", or "Maria, 10:32" where there is one, and a time */
function namesIn(group) {
  const people = [...group.querySelectorAll('bdi')].map((name) => name.textContent);
  const time = group.querySelector('time');
  if (people.length === 1 && time) return `${people[0]}, ${moment(new Date(time.dateTime))}`;
  const names = people.map((name, index) => (name === 'You' && index ? 'you' : name));
  const shown = names.slice(0, MOST_NAMES);
  const others = Number(group.dataset.count) - shown.length;
  const last = others > 0 ? `${others} other${others === 1 ? '' : 's'}` : shown.pop();
  return shown.length ? `${shown.join(', ')} and ${last}` : last;
}

export function start() {
  on('timeline', () => hinted?.isConnected === false && hint());
  for (const name of ['receipt:updated', 'receipt:count']) on(name, receiptsChanged);
  const dialog = document.getElementById('message-details');
  dialog.addEventListener('htmx:after:swap', () => sayTimes(dialog));
  document.addEventListener('pointerover', ({ target, pointerType }) => pointerType === 'touch' || hint(target));
  document.addEventListener('focusin', ({ target }) => target.matches(':focus-visible') && hint(target));
  document.addEventListener('scroll', () => hint(), { capture: true, passive: true });
}
