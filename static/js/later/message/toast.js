/** A few words on something that was done, or that couldn't be; they go by themselves. */

const LONG_ENOUGH = 4_000;

let timer;

/** @param {string} text */
export function toast(text) {
  const place = document.getElementById('toast');
  clearTimeout(timer);
  if (!place.matches(':popover-open')) place.showPopover();
  place.textContent = text;
  timer = setTimeout(() => place.hidePopover(), LONG_ENOUGH);
}
