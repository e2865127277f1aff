/** What every module needs to know of the page, and the events by which modules tell each other things. */

export const userId = document.body.dataset.userId ?? '';

/** @returns {HTMLElement | null} the conversation in the pane, where one is open */
export const openConversation = () => document.querySelector('#pane section.conversation');

/** @returns {string | undefined} the id of the open conversation */
export const openId = () => openConversation()?.dataset.conversationId;

/** @returns {HTMLElement | null} the open conversation's list of messages */
export const openTimeline = () => document.getElementById(`timeline-${openId()}`);

/** @param {string} conversation @returns {HTMLElement | null} its row in the sidebar */
export const rowOf = (conversation) => document.getElementById(`conversation-${conversation}`);

/** @returns {boolean} whether the loaded messages reach the newest one */
export const reachesEnd = () => !openTimeline()?.querySelector(':scope > .load-newer');

/**
 * Tells all modules that something happened.
 * @param {string} name without the prefix that keeps our events apart from others
 * @param {object} [detail]
 */
export function emit(name, detail = {}) {
  document.dispatchEvent(new CustomEvent(`chat:${name}`, { detail }));
}

/**
 * @param {string} name
 * @param {(detail: any) => void} handler
 */
export function on(name, handler) {
  document.addEventListener(`chat:${name}`, (event) => handler(/** @type {CustomEvent} */ (event).detail));
}

/**
 * Calls `handler` for clicks on elements with this `data-action`, now and after any swap.
 * @param {string} action
 * @param {(element: HTMLElement) => void} handler
 */
export function onAction(action, handler) {
  document.addEventListener('click', (event) => {
    const element = event.target.closest?.(`[data-action="${action}"]`);
    if (element) handler(element);
  });
}

/**
 * Moves a number in a data attribute forward, never back.
 * @param {HTMLElement | null | undefined} element
 * @param {string} name in camel case, as in `dataset`
 * @param {number} value
 */
export function raise(element, name, value) {
  if (element && value > Number(element.dataset[name] || 0)) element.dataset[name] = String(value);
}

/** Loads the open conversation anew, at its newest messages. */
export function loadLatest() {
  const path = `/c/${openId()}`;
  // The source decides which target htmx names in its headers, and so whether the server answers with the pane alone.
  htmx.ajax('GET', `${path}?latest=1`, { source: '#pane', target: '#pane', swap: 'innerHTML', replace: path });
}

/** @param {number} milliseconds @returns {Promise<undefined>} */
export const delay = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
