/** Ctrl/Cmd-K: a dialog to go anywhere with a few letters (search.js). */

const dialog = document.getElementById('switcher');
const query = dialog?.querySelector('input');

export function openSwitcher() {
  if (!dialog.open) dialog.showModal();
  query.select();
}

export function start() {
  // In a search field the browser would take the first Escape for itself.
  dialog.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    dialog.close();
  });
  // Going there was refused: it says why in the place of the results.
  dialog.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
    const hint = document.createElement('p');
    hint.className = 'hint';
    hint.role = 'alert';
    hint.textContent = ctx.text;
    if (ctx.hx.reswap === 'none') document.getElementById('switcher-results').replaceChildren(hint);
  });
  dialog.addEventListener('close', () => {
    query.value = '';
    document.getElementById('switcher-results').replaceChildren();
  });
}
