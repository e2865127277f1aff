/**
 * The one socket of the page. hx-ws opens it and swaps what comes in; this module knows whether it is up, brings it
 * back where hx-ws has given up, and hands every frame to the other modules as an event:
 * `chat:<type>` before its content is swapped in, `chat:after:<type>` once it is on the screen.
 */

import { emit, openId } from './page.js';

const HEARTBEAT = 15_000;
const SILENCE = 60_000;
const PROBE_ANSWER = 3_000;
const AWAY_AFTER = 300_000;
const SIGNED_OUT = [4401, 4403];
const TOO_MANY_CONNECTS = 4429;

const live = document.getElementById('live');
const mobile = matchMedia('(pointer: coarse)');

let connected = false;
let since = Date.now();
let heardAt = Date.now();
let touchedAt = Date.now();
let notBefore = 0;
let failures = 0;
let stuckTicks = 0;
let reviving;

/** @returns {WebSocket | undefined} */
const socket = () => live._htmx?.ws?.connection?.socket;

/** hx-ws closes a socket that it replaces only after it has said so. */
export const isOpen = () => connected && socket()?.readyState === WebSocket.OPEN;

/** @returns {number} milliseconds for which the socket has been down, 0 while it is up */
export const downFor = () => (isOpen() ? 0 : Date.now() - since);

/**
 * Sends a frame now, or not at all: nothing here is queued.
 * @param {string} type
 * @param {object} payload
 * @returns {boolean} whether the socket took it
 */
export function send(type, payload) {
  if (!isOpen()) return false;
  socket().send(JSON.stringify({ type, payload }));
  return true;
}

/**
 * Takes a frame that came by another way than the socket, as if the socket had brought it.
 * @param {{type: string, content?: string}} frame
 */
export async function receive(frame) {
  emit(frame.type, frame);
  if (frame.content) {
    await htmx.swap({ sourceElement: live, target: live, swap: 'none swapEmpty:false', text: frame.content });
  }
  emit(`after:${frame.type}`, frame);
}

/**
 * Finds out whether a socket that looks open still leads anywhere: asks for something harmless, and starts anew
 * if nothing at all is heard. The browser doesn't show pings to scripts, and a dead route raises no event.
 */
export function probe() {
  const open = openId();
  const asked = open ?? document.querySelector('#conversation-list > li')?.id.replace('conversation-', '');
  const askedAt = Date.now();
  if (!asked || !send('subscribe', { conversation_id: asked })) return;
  if (asked !== open) send('unsubscribe', { conversation_id: asked });
  setTimeout(() => heardAt < askedAt && revive(), PROBE_ANSWER);
}

/** Opens a new socket at once, unless the server has asked us to wait. */
function revive() {
  clearTimeout(reviving);
  const wait = notBefore - Date.now();
  if (wait > 0) reviveIn(wait);
  else htmx.process(live, true);
}

function reviveIn(milliseconds) {
  clearTimeout(reviving);
  reviving = setTimeout(() => isOpen() || revive(), milliseconds);
}

function reviveIfDown() {
  const state = socket()?.readyState;
  if (state !== WebSocket.OPEN && state !== WebSocket.CONNECTING) revive();
}

function opened() {
  heardAt = since = Date.now();
  connected = live.toggleAttribute('data-open', true);
  beat();
  emit('connection', { open: true });
}

function closed({ code, reason, connection }) {
  if (reason === 'closed' && SIGNED_OUT.includes(code)) return location.assign('/login');
  if (connected) {
    // A server that lets us in only to throw us out again isn't up yet: delays grow until a connection has lasted.
    if (Date.now() - since > SILENCE) failures = 0;
    since = Date.now();
    connected = live.toggleAttribute('data-open', false);
    emit('connection', { open: false });
  }
  if (reason !== 'closed') return;
  if (code === TOO_MANY_CONNECTS) {
    notBefore = Date.now() + 30_000 + Math.random() * 30_000;
    reviveIn(notBefore - Date.now());
  } else if (!connection.config.reconnectCodes.includes(code)) {
    // hx-ws takes any other code for the last word. It isn't: whatever closed the socket, the person is still here.
    reviveIn(Math.min(30_000, 1_000 * 2 ** failures++) * (0.7 + Math.random() * 0.6));
  }
}

/** The person is there, or has been idle for so many seconds. */
function beat() {
  const idle = Math.max(0, Date.now() - touchedAt);
  const status = idle < AWAY_AFTER ? 'online' : 'away';
  send('presence:heartbeat', { status, device: mobile.matches ? 'mobile' : 'desktop', idle: idle / 1_000 });
}

/** Who comes back after a while is seen at once. */
function touched() {
  const wasAway = Date.now() - touchedAt >= AWAY_AFTER;
  touchedAt = Date.now();
  if (wasAway) beat();
}

function tick() {
  if (isOpen()) {
    stuckTicks = 0;
    beat();
    if (Date.now() - heardAt > SILENCE) probe();
  } else if (!live._htmx?.ws?.connection || socket()?.readyState === WebSocket.CONNECTING) {
    // Neither open nor waiting for its turn, or trying for so long that nobody can be listening there.
    if (++stuckTicks > 1) {
      stuckTicks = 0;
      revive();
    }
  }
}

/** Reads each frame once, for us and for hx-ws. */
function incoming({ detail: { message } }) {
  heardAt = Date.now();
  try {
    message.frame = JSON.parse(message.data);
  } catch {
    return;
  }
  message.json = () => Promise.resolve(message.frame);
  emit(message.frame.type, message.frame);
}

export function start() {
  document.addEventListener('htmx:ws:after:connection', opened);
  document.addEventListener('htmx:ws:close', (event) => closed(event.detail));
  document.addEventListener('htmx:ws:before:connection', (event) => {
    if (Date.now() < notBefore) event.detail.connection.cancelled = true;
  });
  document.addEventListener('htmx:ws:before:message:incoming', incoming);
  document.addEventListener('htmx:ws:after:message:incoming', ({ detail: { message } }) => {
    if (message.frame) emit(`after:${message.frame.type}`, message.frame);
  });
  addEventListener('pageshow', (event) => event.persisted && reviveIfDown());
  addEventListener('online', reviveIfDown);
  addEventListener('offline', probe);
  document.addEventListener('visibilitychange', () => document.hidden || reviveIfDown());
  addEventListener('focus', touched);
  for (const type of ['pointerdown', 'keydown', 'wheel']) addEventListener(type, touched, { capture: true, passive: true });
  setInterval(tick, HEARTBEAT);
  if (socket()?.readyState === WebSocket.OPEN) opened();
  // htmx may have looked at the page before hx-ws had arrived; if it hasn't, this does nothing.
  else htmx.process(live);
}
