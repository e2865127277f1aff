/**
 * Dialogs that float at the place where they were asked for; on a touch screen, sheets that come from below. They are
 * modal: what is behind them neither moves nor answers until they are gone.
 */

const EDGE = 8;
const GAP = 6;
const touch = matchMedia('(hover: none)');

/**
 * @param {HTMLDialogElement} dialog
 * @param {DOMRect} anchor where it belongs
 */
export function open(dialog, anchor) {
  dialog.classList.toggle('sheet', touch.matches);
  // A field that has the focus would bring a phone's keyboard up at once.
  dialog.autofocus = touch.matches;
  dialog.style.left = dialog.style.top = '';
  if (!dialog.open) dialog.showModal();
  if (!touch.matches) place(dialog, anchor);
}

/**
 * Below what it belongs to, or above, and the other way where there is no room; at its left edge, or at its right one
 * where that is on the right.
 * @param {HTMLElement} element
 * @param {DOMRect} anchor
 * @param {boolean} [rather] above
 */
export function place(element, anchor, rather = false) {
  const { offsetWidth: width, offsetHeight: height } = element;
  const isOnTheRight = anchor.left + anchor.right > innerWidth + width / 2;
  const left = isOnTheRight ? anchor.right - width : anchor.left;
  const [above, below] = [anchor.top - GAP - height, anchor.bottom + GAP];
  const isAbove = rather ? above >= EDGE : below + height > innerHeight - EDGE;
  element.style.left = `${within(left, innerWidth - width)}px`;
  element.style.top = `${within(isAbove ? above : below, innerHeight - height)}px`;
}

const within = (value, most) => Math.max(EDGE, Math.min(value, most - EDGE));

/**
 * A press beside it closes it, and the arrows move in it.
 * @param {HTMLDialogElement} dialog
 * @param {string} items what the arrows move through; in rows of their own where they stand in a grid
 */
export function prepare(dialog, items) {
  dialog.addEventListener('click', ({ target, clientX, clientY }) => {
    if (target !== dialog) return;
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    if (clientX < left || clientX > right || clientY < top || clientY > bottom) dialog.close();
  });
  dialog.addEventListener('contextmenu', (event) => event.preventDefault());
  dialog.addEventListener('keydown', (event) => {
    const goal = neighbour([...dialog.querySelectorAll(items)].filter((one) => one.offsetParent), event);
    if (!goal) return;
    event.preventDefault();
    goal.focus();
    goal.scrollIntoView({ block: 'nearest' });
  });
}

/** @returns {HTMLElement | undefined} where the key leads from the item that has the focus */
function neighbour(items, { key, target, altKey, ctrlKey, metaKey }) {
  const index = items.indexOf(target);
  if (altKey || ctrlKey || metaKey || (index < 0 && key !== 'ArrowDown')) return undefined;
  switch (key) {
    case 'ArrowRight':
      return items[index + 1];
    case 'ArrowLeft':
      return items[index - 1];
    case 'Home':
      return items[0];
    case 'End':
      return items.at(-1);
    case 'ArrowDown':
      return index < 0 ? items[0] : inNextRow(target, items.slice(index + 1));
    case 'ArrowUp':
      return inNextRow(target, items.slice(0, index).reverse()) ?? target.closest('dialog').querySelector('input');
    default:
      return undefined;
  }
}

/** @param {HTMLElement[]} others the nearest first @returns {HTMLElement | undefined} what is above or below */
function inNextRow(target, others) {
  const { left, top } = target.getBoundingClientRect();
  const places = others.map((item) => ({ item, place: item.getBoundingClientRect() }));
  const row = places.find(({ place }) => Math.abs(place.top - top) > EDGE)?.place.top;
  const distance = ({ place }) => Math.abs(place.left - left);
  return places.filter(({ place }) => place.top === row).sort((one, other) => distance(one) - distance(other))[0]?.item;
}
