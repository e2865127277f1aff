/** The dialog that shows what is fetched into it. A form in it that has changed something behind it closes it. */

import { localise } from '../times.js';

const dialog = document.getElementById('dialog');
/** As long as it takes to fade away. */
const FADING = 200;

function show() {
  localise(dialog);
  if (!dialog.open) return dialog.showModal();
  // Something else is in it now, and what had the focus is gone.
  if (!dialog.contains(document.activeElement)) (dialog.querySelector('[autofocus]') ?? dialog).focus();
}

function swapped({ detail: { ctx } }) {
  // The server, too, may say where its answer belongs; then it is a selector.
  const target = typeof ctx.target === 'string' ? document.querySelector(ctx.target) : ctx.target;
  if (target === dialog) show();
  else if (dialog.contains(ctx.sourceElement) && !dialog.contains(target)) dialog.close();
}

/** What was refused without a page for it: it says why, in the dialog that asked or would have come. */
function refused({ detail: { ctx } }) {
  if (ctx.hx.reswap !== 'none' || (ctx.target !== dialog && !dialog.contains(ctx.sourceElement))) return;
  if (!dialog.open) {
    dialog.innerHTML = `<section class="ask" data-later><h2 id="dialog-title">That didn’t go through</h2>
      <form method="dialog"><footer><button class="button quiet">Close</button></footer></form></section>`;
    show();
  }
  dialog.querySelector('.ask > .notice')?.remove();
  const notice = document.createElement('p');
  notice.className = 'notice danger';
  notice.role = 'alert';
  notice.textContent = ctx.text;
  dialog.querySelector('.ask > :first-child').after(notice);
}

export function start() {
  document.addEventListener('htmx:after:swap', swapped);
  document.addEventListener('htmx:response:error', refused);
  dialog.addEventListener('click', (event) => {
    if (!event.target.closest('[data-action="close-dialog"]')) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener('close', () => setTimeout(() => dialog.open || dialog.replaceChildren(), FADING));
  if (dialog.firstElementChild) show();
}
