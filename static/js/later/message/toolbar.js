/** The toolbar at the message that is pointed at, or that has the focus by keyboard: one, which moves from place to place. */

import { act } from '../../tools.js';
import { on, userId } from '../../page.js';

let toolbar;
/** @type {string} the id of the message that it stands in */
let place;

/** @param {HTMLElement} message */
export function show(message) {
  // Who is inside it by keyboard isn't thrown out by a mouse that was pushed.
  if (message.contains(toolbar) || toolbar.querySelector(':focus-visible')) return;
  place = message.id;
  toolbar.classList.toggle('own', message.dataset.author === userId);
  message.querySelector('.line').append(toolbar);
}

/** What stood in a message that was swapped stands in the one that took its place. */
function stay() {
  const message = !toolbar.isConnected && document.getElementById(place);
  if (message) act('show', message);
}

export function start() {
  toolbar = document.getElementById('message-toolbar');
  toolbar.remove();
  toolbar.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (button) act(button.dataset.do, button);
  });
  // The field keeps the focus, and a phone its keyboard.
  toolbar.addEventListener('pointerdown', (event) => event.preventDefault());
  on('timeline', stay);
}
