/**
 * Fields that search while one types (`data-search` holds a field and its results, which come by htmx): the arrows
 * move through the results, Enter opens the first.
 */

/** Whether the results on the screen are those of an earlier query, and whether Enter waits for the right ones. */
let stale = false;
let eager = false;
/** Asks again what the server put off. */
let later;

const placeOf = (element) => element.closest?.('[data-search]');
const fieldIn = (place) => place.querySelector('input[hx-get]');
const optionsIn = (place) => [...place.querySelectorAll('.option')];

/** The focus itself moves through the options, so that Enter and screen readers need no help from us. */
function keydown(event) {
  const place = placeOf(event.target);
  if (!place || event.isComposing) return;
  const field = fieldIn(place);
  const places = [field, ...optionsIn(place)];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const index = places.indexOf(document.activeElement);
  if (index < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  if (step) {
    event.preventDefault();
    places.at((index + step) % places.length).focus();
  } else if (event.key.length === 1 && index > 0 && event.key !== ' ') {
    field.focus(); // Typing goes on in the field, with this very character.
  }
}

function submitted(event) {
  const place = placeOf(event.target);
  if (!place || event.target !== fieldIn(place).form) return;
  event.preventDefault();
  // A page that lists everything waits for a letter; the dialog offers where one most likely goes.
  if (!event.target.querySelector('input').value && !place.matches('dialog')) return;
  if (stale) eager = true;
  else optionsIn(place)[0]?.click();
}

function arrived(field, { action }) {
  // The answer to what was asked some letters ago.
  if (new URL(action, location.href).searchParams.get('q') !== field.value) return;
  stale = false;
  const place = placeOf(field);
  // One goes elsewhere: the conversation that is open already comes last.
  const here = place.querySelector(`.option[href="${location.pathname}"]`)?.closest('li');
  here?.parentElement.append(here);
  if (eager) optionsIn(place)[0]?.click();
  eager = false;
}

/** Whoever types faster than may be searched is told nothing of it: the answer comes a little later. */
function putOff(event) {
  const { sourceElement: field, response } = event.detail.ctx;
  if (response?.status !== 429 || !field.matches?.('input[type="search"]')) return;
  event.preventDefault();
  clearTimeout(later);
  later = setTimeout(() => field.isConnected && htmx.trigger(field, 'again'), 1_000 * response.headers.get('Retry-After'));
}

export function start() {
  document.addEventListener('htmx:before:swap', putOff);
  document.addEventListener('keydown', keydown);
  document.addEventListener('submit', submitted);
  document.addEventListener('focusin', ({ target }) => {
    if (target.matches('[data-search] input')) stale = eager = false;
  });
  document.addEventListener('input', ({ target }) => {
    clearTimeout(later);
    if (target.matches('[data-search] input')) stale = true;
  });
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.matches?.('[data-search] input')) arrived(ctx.sourceElement, ctx.request);
  });
}
