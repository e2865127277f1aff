/** The slim line that says how the connection is, and what still works. */

import { isOpen } from './connection.js';
import { on } from './page.js';

const CALM = 1_000;
const RECONNECTING = 'Reconnecting… your messages will be sent when you’re back.';
const OFFLINE = 'You’re offline. You can go on writing; your messages will be sent when you’re back.';
const DEGRADED = 'Live updates are slow: messages are saved, and may take a little longer to appear.';
const FAILED = 'That didn’t load. Try again in a moment.';

const banner = document.getElementById('banner');

let degraded = false;
/** Why something didn't load, for as long as that is said. */
let failed = '';
let waiting;

/** @returns {string} empty where there is nothing to say */
function current() {
  if (!isOpen()) return navigator.onLine ? RECONNECTING : OFFLINE;
  if (failed) return failed;
  return degraded ? DEGRADED : '';
}

function show() {
  clearTimeout(waiting);
  waiting = undefined;
  const text = current();
  banner.hidden = !text;
  // Setting the same text again would make screen readers say it again.
  if (banner.textContent !== text) banner.textContent = text;
}

/** Good news shows at once; being away shows only after a moment, so that a quick reconnection doesn't flicker. */
function update() {
  if (isOpen() || !banner.hidden) show();
  else waiting ??= setTimeout(show, CALM);
}

/** A page that can't be loaded says so, instead of a click that does nothing. */
function failedToLoad({ reason = FAILED }) {
  failed = reason;
  update();
  setTimeout(() => {
    failed = '';
    update();
  }, 5_000);
}

export function start() {
  on('connection', update);
  on('failed-to-load', failedToLoad);
  on('auth:success', (frame) => {
    degraded = frame.degraded;
    update();
  });
  on('system:degraded', (frame) => {
    degraded = frame.redis;
    update();
  });
  addEventListener('online', update);
  addEventListener('offline', update);
  update();
}
