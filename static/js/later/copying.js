/** A button that copies what stands in the field beside it. */

import { onAction } from '../page.js';

export function start() {
  onAction('copy', (button) => {
    button.parentElement.querySelector('input').select();
    // The newer navigator.clipboard exists on https only, and many a chat runs on http in a network of its own.
    if (document.execCommand('copy')) button.textContent = 'Copied';
  });
}
