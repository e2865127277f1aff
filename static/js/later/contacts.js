/** The page of contacts shows what others ask and answer, also while one looks at it. */

import { on } from '../page.js';

const SKIP = 'hx-morph-skip';

/** Whoever has asked for more of a list keeps it: of the others only the first ones come again. */
function refresh() {
  const contacts = document.getElementById('contacts');
  if (!contacts) return;
  const longer = contacts.querySelectorAll('[data-longer]');
  for (const list of longer) list.setAttribute(SKIP, '');
  const done = () => longer.forEach((list) => list.removeAttribute(SKIP));
  contacts.addEventListener('htmx:finally:request', done, { once: true });
  htmx.trigger(contacts, 'refresh');
}

export function start() {
  on('contacts:updated', refresh);
  on('system:resync', refresh);
  document.addEventListener('click', ({ target }) => {
    target.closest?.('#contacts .more')?.parentElement.toggleAttribute('data-longer', true);
  });
}
