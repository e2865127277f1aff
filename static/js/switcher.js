/** Ctrl/Cmd-K: type a few letters, choose with the arrows, Enter goes there. The results come by htmx. */

const dialog = document.getElementById('switcher');
const query = dialog?.querySelector('input');
const results = document.getElementById('switcher-results');

/** Whether the results on the screen are those of an earlier query, and whether Enter waits for the right ones. */
let stale = false;
let eager = false;

export function openSwitcher() {
  if (!dialog.open) dialog.showModal();
  query.select();
}

const options = () => [...results.querySelectorAll('.option')];

function goToFirst() {
  if (stale) eager = true;
  else options()[0]?.click();
}

function arrived({ action }) {
  // The answer to what was asked some letters ago.
  if (new URL(action, location.href).searchParams.get('q') !== query.value) return;
  stale = false;
  if (eager) options()[0]?.click();
  eager = false;
}

/** The focus itself moves through the options, so that Enter and screen readers need no help from us. */
function keydown(event) {
  const places = [query, ...options()];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const index = places.indexOf(document.activeElement) + step;
    places.at(index % places.length)?.focus();
  } else if (event.key.length === 1 && event.target !== query && !event.ctrlKey && !event.metaKey && event.key !== ' ') {
    query.focus(); // Typing goes on in the field, with this very character.
  }
}

export function start() {
  dialog.addEventListener('keydown', keydown);
  dialog.addEventListener('submit', (event) => {
    if (event.target !== query.form) return;
    event.preventDefault();
    goToFirst();
  });
  dialog.addEventListener('close', () => {
    query.value = '';
    stale = eager = false;
    results.replaceChildren();
  });
  query.addEventListener('input', () => (stale = true));
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => ctx.sourceElement === query && arrived(ctx.request));
}
