/**
 * Says below the field when messages that came too fast are sent on. Nothing is wrong, and nothing has to be done: so
 * it is no error, and a screen reader is told once and not every second.
 */

import { entries } from '../outbox.js';
import { openConversation, openId } from '../page.js';

/** What waits behind is asked about within a moment, and mostly has to wait as well: the line doesn't come and go. */
const LINGER = 700;
const TOLD_EVERY = 60_000;
const announcer = document.getElementById('announcer');

let timer;
let toldAt = -TOLD_EVERY;

/** Shows the line for as long as something is held back here. */
export function show() {
  timer ??= setInterval(tick, 200);
  tick();
}

function tick() {
  const waiting = entries(openId());
  const place = openConversation()?.querySelector('.composer-wait') ?? make();
  const until = Math.max(0, ...waiting.map(({ held }) => held ?? 0), Number(place?.dataset.until ?? 0));
  const left = until - Date.now();
  if (!place || left < -LINGER) return hide(place);
  place.dataset.until = until;
  const others = waiting.length > 1 ? ` · ${waiting.length} messages wait` : '';
  write(place, left > 0 ? `Sending again in ${Math.ceil(left / 1_000)} s${others}` : `Sending${others}`);
  tell();
}

/** @returns {HTMLElement | undefined} none where no conversation is open */
function make() {
  const form = openConversation()?.querySelector('.composer');
  if (!form) return undefined;
  const place = document.createElement('p');
  place.className = 'composer-wait';
  form.append(place);
  return place;
}

function hide(place) {
  place?.remove();
  clearInterval(timer);
  timer = undefined;
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function tell() {
  if (performance.now() - toldAt < TOLD_EVERY) return;
  toldAt = performance.now();
  announcer.textContent = 'You are writing faster than messages may be sent. They wait, and are sent by themselves.';
}
