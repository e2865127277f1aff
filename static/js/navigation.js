/** What follows when another page is in the pane: the view on a phone, what floats above it, and the focus. */

import { on, openConversation, rowOf } from './page.js';

const pane = document.getElementById('pane');
const touch = matchMedia('(pointer: coarse)');

/** @type {Element | undefined} */
let lastFocused;
/** @type {string | undefined} */
let lastConversation;

/** Puts the focus into the field for the next message, or where a phone's keyboard doesn't come up for it. */
export function focusComposer() {
  const textarea = openConversation()?.querySelector('.composer textarea');
  (touch.matches ? pane : (textarea ?? pane)).focus({ preventScroll: true });
}

function opened() {
  document.body.dataset.view = pane.querySelector('[data-view]')?.dataset.view ?? document.body.dataset.view;
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  for (const popover of document.querySelectorAll(':popover-open')) popover.hidePopover();
  if (openConversation()) {
    lastConversation = openConversation().dataset.conversationId;
    focusComposer();
  } else if (document.activeElement === document.body) {
    // On a page that has just been loaded we are quicker than the browser, which then gives autofocus up.
    const asked = pane.querySelector('[autofocus]');
    if (asked) asked.focus();
    else (rowOf(lastConversation)?.querySelector('a') ?? pane).focus({ preventScroll: true });
  }
}

/** An element that had the focus and was swapped away hands it on to the one that took its place. */
function keepFocus() {
  if (document.activeElement !== document.body || !lastFocused || lastFocused.isConnected) return;
  const twin = document.getElementById(lastFocused.closest('[id]')?.id);
  // A message can have the focus itself. A reaction in it is known again by its emoji.
  if (twin?.matches('.message')) twin.tabIndex = 0;
  const { emoji } = lastFocused.dataset;
  const focusable = 'a, button, input, textarea, [tabindex]';
  const place =
    (emoji && twin?.querySelector(`[data-emoji="${emoji}"]`)) ||
    (twin?.matches(focusable) ? twin : twin?.querySelector(focusable));
  if (place) place.focus({ preventScroll: true });
  else focusComposer();
}

export function start() {
  document.addEventListener('focusin', ({ target }) => (lastFocused = target));
  on('opened', opened);
  for (const name of ['timeline', 'bubbles']) on(name, keepFocus);
  document.addEventListener('htmx:finally:swap', keepFocus);
}
