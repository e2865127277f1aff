/** Choosing any emoji: what one uses often, what most people use, and a search through all there are. */

import { favourites } from './favourites.js';
import { open as float, prepare } from './floating.js';
import { react } from './reacting.js';
import { isReadOnly } from './rights.js';

const OFTEN = 16;

let dialog;
let field;
let results;
/** @type {string} the id of the message that is reacted to */
let about;
/** The query whose results are on the screen, and whether Enter waits for those of the latest one. */
let found;
let eager = false;

/** @param {HTMLElement} message @param {Element} element what was used */
export function open(message, element) {
  if (isReadOnly()) return;
  about = message.id;
  field.value = '';
  showOften();
  if (found !== '') search();
  float(dialog, (element === message ? message.querySelector('.bubble') : element).getBoundingClientRect());
  if (!dialog.autofocus) field.focus();
}

function search() {
  htmx.ajax('GET', '/emoji?q=', { source: results, target: results, swap: 'innerHTML' });
}

function showOften() {
  const often = dialog.querySelector('.emoji-often');
  often.hidden = Boolean(field.value.trim());
  if (often.hidden) return;
  const buttons = favourites(OFTEN).map((emoji) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = button.dataset.emoji = emoji;
    return button;
  });
  often.querySelector('.emoji-grid').replaceChildren(...buttons);
}

function choose(button) {
  const message = document.getElementById(about);
  dialog.close();
  if (message && button) react(message, button.dataset.emoji);
}

const first = () => [...dialog.querySelectorAll('[data-emoji]')].find((button) => button.offsetParent);

function keydown(event) {
  if (event.isComposing) return;
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (key === 'Enter' && target === field) {
    event.preventDefault();
    if (found === field.value) choose(first());
    else eager = true;
  } else if (key.length === 1 && key !== ' ' && target !== field && !ctrlKey && !metaKey && !altKey) {
    field.focus(); // Typing goes on in the field, with this very character.
  } else if (key === 'Escape' && field.value) {
    // In a search field the browser would empty it first.
    event.preventDefault();
    dialog.close();
  }
}

function arrived({ detail: { ctx } }) {
  if (ctx.sourceElement !== field && ctx.sourceElement !== results) return;
  found = new URL(ctx.request.action, location.href).searchParams.get('q') ?? '';
  if (found !== field.value) return;
  dialog.querySelector('.emoji-scroller').scrollTop = 0;
  if (eager) choose(first());
  eager = false;
}

export function start() {
  dialog = document.getElementById('emoji-picker');
  field = dialog.querySelector('input');
  results = document.getElementById('emoji-results');
  htmx.process(dialog);
  prepare(dialog, '[data-emoji]');
  dialog.addEventListener('keydown', keydown);
  dialog.addEventListener('click', ({ target }) => target.closest('[data-emoji]') && choose(target.closest('[data-emoji]')));
  field.addEventListener('input', () => {
    eager = false;
    showOften();
  });
  document.addEventListener('htmx:after:swap', arrived);
}
