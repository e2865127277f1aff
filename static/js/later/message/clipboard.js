/** Copying what a message says, and the address that leads to it. */

import { openId } from '../../page.js';
import { toast } from './toast.js';

/** @param {HTMLElement} message */
export function copyText(message) {
  copy(message.querySelector('.text').innerText.trim(), 'Text copied.');
}

/** @param {HTMLElement} message */
export function copyLink(message) {
  const { seq } = message.dataset;
  copy(new URL(`/c/${openId()}?around=${seq}#${message.id}`, location.href).href, 'Link copied.');
}

async function copy(text, done) {
  try {
    await write(text);
    toast(done);
  } catch {
    toast('The browser doesn’t allow copying here.');
  }
}

/** The newer way exists on https only, and many a chat runs on http in a network of its own. */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  focused.focus({ preventScroll: true });
  if (!copied) throw new Error('not copied');
}
