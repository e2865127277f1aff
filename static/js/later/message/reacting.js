/**
 * Reactions: a click shows at once, and the server is told. Several clicks in a row end in what was wanted last; where
 * the server refuses, or can't be reached, the reaction is again what the server last said.
 */

import { focusMessage } from '../../keyboard.js';
import { on } from '../../page.js';
import { keepingPlace } from '../../scrolling.js';
import { prefer } from './favourites.js';
import { post } from './request.js';
import { toast } from './toast.js';

/**
 * What was clicked and isn't answered, by message and emoji: what is wanted, and what the server said last, in which
 * element.
 * @type {Map<string, {id: string, emoji: string, wanted: boolean, before: boolean, element: HTMLElement}>}
 */
const wishes = new Map();

const { mark } = document.body.dataset;
const marksOf = (chip) => chip.dataset.by.split(' ').filter(Boolean);
const chipOf = (message, emoji) =>
  [...message.querySelectorAll('.reaction')].find((chip) => chip.dataset.emoji === emoji);

/** @param {HTMLElement} message @param {string} emoji @returns {boolean} whether this person chose it */
export function isOwnReaction(message, emoji) {
  const chip = chipOf(message, emoji);
  return Boolean(chip && marksOf(chip).includes(mark));
}

/**
 * Chooses an emoji for a message, or takes it back.
 * @param {HTMLElement} message
 * @param {string} emoji
 */
export async function react(message, emoji) {
  const key = `${message.id} ${emoji}`;
  const before = isOwnReaction(message, emoji);
  const wish = wishes.get(key);
  if (!before) prefer(emoji);
  show(message, emoji, !before);
  if (wish) {
    wish.wanted = !before;
    return;
  }
  const asked = { id: message.id, emoji, wanted: !before, before, element: message };
  wishes.set(key, asked);
  const reason = await ask(asked);
  wishes.delete(key);
  if (!reason) return;
  const shown = document.getElementById(asked.id);
  if (shown) show(shown, emoji, asked.before);
  toast(reason);
}

/** Tells the server until it has heard what is wanted now. @returns {Promise<string>} why not, where it refused */
async function ask(wish) {
  const path = `/messages/${wish.id.replace('message-', '')}/reactions`;
  for (let told; told !== wish.wanted; ) {
    told = wish.wanted;
    const { reason } = await post(path, { emoji: wish.emoji, chosen: told ? 'yes' : 'no' });
    if (reason) return reason;
  }
  return '';
}

/** A message that was swapped shows what the server knew; what was clicked meanwhile shows on it as well. */
function showWishes() {
  for (const wish of wishes.values()) {
    const message = document.getElementById(wish.id);
    if (!message || message === wish.element) continue;
    wish.element = message;
    wish.before = isOwnReaction(message, wish.emoji);
    show(message, wish.emoji, wish.wanted);
  }
}

/** Makes the reaction one's own, or no longer; where it is so already nothing changes. */
function show(message, emoji, chosen) {
  if (isOwnReaction(message, emoji) === chosen || message.classList.contains('deleted')) return;
  keepingPlace(() => {
    const chip = chipOf(message, emoji) ?? create(message, emoji);
    const count = chip.querySelector('.count');
    const marks = marksOf(chip).filter((one) => one !== mark);
    if (chosen) marks.push(mark);
    chip.dataset.by = marks.join(' ');
    chip.ariaPressed = chosen;
    count.textContent = Number(count.textContent) + (chosen ? 1 : -1);
    if (Number(count.textContent) > 0) return;
    if (chip.contains(document.activeElement)) focusMessage(message);
    chip.remove();
  });
}

function create(message, emoji) {
  const list = document.getElementById('reactions-template').content.firstElementChild.cloneNode(true);
  const chip = list.querySelector('.reaction');
  const there = message.querySelector('.reactions');
  chip.dataset.emoji = emoji;
  chip.querySelector('.emoji').textContent = emoji;
  if (there) there.append(chip);
  else message.querySelector('.message-body').append(list);
  return chip;
}

export function start() {
  on('timeline', showWishes);
}
