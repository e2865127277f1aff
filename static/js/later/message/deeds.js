/** What can be done with a message, and what it takes on the page: fetched once, when somebody is about to. */

import * as composing from './composing.js';
import { copyLink, copyText } from './clipboard.js';
import * as details from './details.js';
import { follow } from './following.js';
import { markRead, markUnread } from './marking.js';
import * as menu from './menu.js';
import * as picker from './picker.js';
import * as reacting from './reacting.js';
import * as removal from './removal.js';
import * as toolbar from './toolbar.js';

/** Each is called with the message, and with the element in it that was used. */
const DEEDS = {
  show,
  hold: menu.hold,
  menu: menu.open,
  reply: composing.reply,
  edit: composing.edit,
  pick: picker.open,
  toggle: (message, chip) => reacting.react(message, chip.dataset.emoji),
  copyText,
  copyLink,
  showEdits: details.showEdits,
  showReactions: details.showReactions,
  showReceipts: details.showReceipts,
  markRead,
  markUnread,
  remove: removal.ask,
  follow,
};

function show(message, element) {
  toolbar.show(message);
  details.hint(element);
}

export const act = (deed, message, element) => DEEDS[deed](message, element);

/** Fetches the markup and the second stylesheet, without which nothing here can be looked at. */
export async function begin() {
  const [markup] = await Promise.all([fetchMarkup(), styles()]);
  document.body.insertAdjacentHTML('beforeend', markup);
  for (const part of [toolbar, menu, picker, composing, reacting, details, removal]) part.start();
}

async function fetchMarkup() {
  const response = await fetch('/messages/tools');
  if (!response.ok) throw new Error(`${response.status}`);
  return response.text();
}

/** @returns {Promise<unknown> | undefined} */
function styles() {
  const link = document.getElementById('later-styles');
  link.disabled = false;
  if (link.sheet) return undefined;
  return new Promise((resolve, reject) => {
    link.addEventListener('load', resolve, { once: true });
    link.addEventListener('error', reject, { once: true });
  });
}
