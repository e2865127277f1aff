/** Deleting a message, after a question. */

import { focusMessage } from '../../keyboard.js';
import { post } from './request.js';
import { mayRemove } from './rights.js';
import { toast } from './toast.js';

let dialog;
/** @type {string} the id of the message in question */
let about;
let byKeyboard = false;

/** @param {HTMLElement} message */
export function ask(message) {
  if (!mayRemove(message)) return toast('You can delete your own messages only.');
  about = message.id;
  byKeyboard = document.activeElement === message;
  dialog.querySelector('.removal-text bdi').textContent = message.querySelector('.text').textContent.trim();
  complain('');
  dialog.showModal();
}

function complain(text) {
  const place = dialog.querySelector('[role=alert]');
  place.textContent = text;
  place.hidden = !text;
}

async function remove(event) {
  if (event.submitter?.value !== 'delete') return;
  event.preventDefault();
  event.submitter.disabled = true;
  const { reason } = await post(`/messages/${about.replace('message-', '')}/delete`);
  event.submitter.disabled = false;
  complain(reason);
  if (reason) return;
  dialog.close();
  const message = document.getElementById(about);
  if (byKeyboard && message) focusMessage(message);
}

export function start() {
  dialog = document.getElementById('message-removal');
  dialog.addEventListener('submit', remove);
}
