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
  dialog.addEventListener('close', () => {
    query.value = '';
    document.getElementById('switcher-results').replaceChildren();
  });
}
