/** The page of contacts shows what others ask and answer, also while one looks at it. */

import { on } from '../page.js';

function refresh() {
  const contacts = document.getElementById('contacts');
  if (contacts) htmx.trigger(contacts, 'refresh');
}

export function start() {
  on('contacts:updated', refresh);
  on('system:resync', refresh);
}
