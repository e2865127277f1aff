/** Everything that can be done with a message, in one menu; on a touch screen in a sheet, by holding the message. */

import { act } from '../../tools.js';
import * as details from './details.js';
import { favourites } from './favourites.js';
import { open as float, prepare } from './floating.js';
import { isOwnReaction, react } from './reacting.js';
import { canBeRead, isReadOnly, mayEdit, mayRemove, maySeeReceipts } from './rights.js';

const QUICK = 6;

let dialog;
/** @type {string} the id of the message that the menu is about; the element may be swapped meanwhile */
let about;

/** @param {HTMLElement} message @param {Element} element what was used: the menu stands beside a button, or the bubble */
export function open(message, element) {
  about = message.id;
  showFavourites(message);
  const possible = {
    reply: !isReadOnly(),
    edit: mayEdit(message),
    showEdits: message.querySelector('.edited'),
    showReactions: message.querySelector('.reaction'),
    showReceipts: maySeeReceipts(message),
    markRead: canBeRead(),
    remove: mayRemove(message),
  };
  for (const [deed, may] of Object.entries(possible)) dialog.querySelector(`[data-do="${deed}"]`).hidden = !may;
  float(dialog, (element === message ? message.querySelector('.bubble') : element).getBoundingClientRect());
}

function showFavourites(message) {
  const row = dialog.querySelector('.quick-reactions');
  row.hidden = isReadOnly();
  const chosen = favourites(QUICK);
  row.querySelectorAll('[data-emoji]').forEach((button, index) => {
    button.textContent = button.dataset.emoji = chosen[index];
    button.ariaPressed = isOwnReaction(message, chosen[index]);
  });
}

/** A long touch: on a reaction it asks who, elsewhere for the menu. */
export function hold(message, element) {
  navigator.vibrate?.(10);
  const chip = element.closest('.reaction');
  if (chip) details.showReactions(message);
  else open(message, message);
}

export function start() {
  dialog = document.getElementById('message-menu');
  prepare(dialog, 'button:not([hidden])');
  dialog.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    const message = document.getElementById(about);
    if (!button) return;
    dialog.close();
    if (!message) return;
    if (button.dataset.emoji) react(message, button.dataset.emoji);
    else act(button.dataset.do, message);
  });
}
