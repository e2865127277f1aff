/**
 * The panel beside a conversation. It opens and closes without the conversation being loaded anew, its address is in
 * the history, and it is fetched again when what it shows has changed, but never under somebody's hands.
 */

import { on, openConversation, openId } from '../page.js';
import { localise } from '../times.js';

const AGAIN = 1_000;
/** Many may have the panel of a large room open: they don't all ask at once. */
const SPREAD_PER_MEMBER = 5;
const LONGEST_SPREAD = 5_000;

let timer;
let due = Infinity;
/** Whether somebody has gone on in the list of people. */
let wentOn = false;

const place = () => document.getElementById('details');
const isOpen = () => Boolean(place()?.firstElementChild);
const link = () => openConversation()?.querySelector('[data-action="details"]');
const pathOf = (id) => `/c/${id}/details`;

/** Its address is that of the conversation with the panel; going back closes the panel. */
function opened() {
  if (location.pathname !== pathOf(openId())) history.pushState({ htmx: true, panel: true }, '', pathOf(openId()));
  wentOn = false;
  place().querySelector('#details-close').focus({ preventScroll: true });
}

function close() {
  if (history.state?.panel) return history.back();
  history.replaceState({ htmx: true }, '', `/c/${openId()}`);
  empty();
}

function empty() {
  place().replaceChildren();
  link()?.focus({ preventScroll: true });
}

/** Back and forth between a conversation and its panel: the conversation stays as it is. */
function travelled(event) {
  const path = event.detail.path.split('?')[0];
  if (path === pathOf(openId())) fetchInto('innerHTML');
  else if (path === `/c/${openId()}` && isOpen()) empty();
  else return;
  event.preventDefault();
}

async function fetchInto(swap) {
  const id = openId();
  try {
    const headers = { 'HX-Request': 'true', 'HX-Target': 'aside#details' };
    const response = await fetch(pathOf(id), { headers });
    if (response.status !== 200 || response.redirected) return;
    const text = await response.text();
    if (id !== openId() || isBusy()) return;
    await htmx.swap({ sourceElement: place(), target: place(), swap, text });
  } catch {
    return; // No network: the panel stays as it is, until the next news.
  }
  localise(place());
  // What somebody has once clicked no longer follows its attribute.
  for (const input of place().querySelectorAll('[type="radio"]')) input.checked = input.defaultChecked;
}

/** Somebody types here, or is asked something. */
function isBusy() {
  const focused = document.activeElement;
  const types = place().contains(focused) && focused.matches('select, textarea, input:not([type="radio"], [readonly])');
  return types || place().querySelector('details[open]') || document.querySelector('#dialog[open]');
}

/** The first of many news decides when: they could otherwise put it off for ever. */
function refreshIn(milliseconds) {
  const time = Date.now() + milliseconds;
  if (time > due) return;
  clearTimeout(timer);
  due = time;
  timer = setTimeout(() => {
    due = Infinity;
    if (!isOpen()) return;
    if (isBusy()) return refreshIn(AGAIN);
    keepPlaces();
    fetchInto('innerMorph');
  }, milliseconds);
}

/** What somebody has looked up, or is shown only once, stays. */
function keepPlaces() {
  const searches = Boolean(place().querySelector('#members-query')?.value);
  const link = place().querySelector('#new-link-place');
  place().querySelector('#members')?.toggleAttribute('hx-morph-skip', wentOn || searches);
  link?.toggleAttribute('hx-morph-skip', Boolean(link.firstElementChild));
}

function asked({ detail: { ctx } }) {
  if (ctx.sourceElement.matches('#members .more a')) wentOn = true;
  // What one has done oneself is seen, wherever one was in the list.
  else if (ctx.request.method === 'POST') {
    for (const kept of place()?.querySelectorAll('[hx-morph-skip]') ?? []) kept.removeAttribute('hx-morph-skip');
  }
}

function changed({ conversation_id: id, members_count: members }) {
  if (id !== openId() || !isOpen()) return;
  // Without a number it is about this person alone.
  refreshIn(members ? Math.random() * Math.min(members * SPREAD_PER_MEMBER, LONGEST_SPREAD) : 0);
}

function clicked(event) {
  const closes = event.target.closest?.('[data-action="close-details"]');
  const toggles = isOpen() && event.target.closest?.('[data-action="details"]');
  if ((!closes && !toggles) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  close();
}

/** Before the keys of the conversation: what was opened last is closed first. */
function keydown(event) {
  if (event.key !== 'Escape' || event.isComposing || !isOpen()) return;
  if (document.querySelector('dialog[open], :popover-open')) return;
  if (document.activeElement.closest('.composer') && openConversation().querySelector('[data-editing], [data-reply]')) {
    return;
  }
  event.preventDefault();
  close();
}

/** What is typed there is searched for already. */
function submitted(event) {
  if (event.target.matches('#details [role="search"]')) event.preventDefault();
}

export function start() {
  document.addEventListener('submit', submitted);
  document.addEventListener('click', clicked, true);
  document.addEventListener('keydown', keydown, true);
  document.addEventListener('htmx:before:history:restore', travelled);
  document.addEventListener('htmx:before:request', asked);
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.target !== place()) return;
    localise(place());
    if (ctx.sourceElement === link()) opened();
    // What was chosen, and refused, isn't so.
    if (ctx.response?.status >= 400 && ctx.sourceElement.matches('[hx-trigger="change"]')) ctx.sourceElement.reset();
  });
  on('conversation:updated', changed);
  on('system:resync', () => refreshIn(Math.random() * LONGEST_SPREAD));
  localise(place());
  if (isOpen() && location.pathname !== pathOf(openId())) opened();
}
