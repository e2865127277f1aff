/** From a quote to what it quotes, and to the message that a link names. */

import { openId } from '../../page.js';
import { focusMessage } from '../../keyboard.js';
import { goTo } from '../../scrolling.js';

/** @param {HTMLElement} _message @param {HTMLAnchorElement} link */
export function follow(_message, link) {
  const message = document.querySelector(link.hash);
  if (message) {
    goTo(message);
    return focusMessage(message);
  }
  const path = `/c/${openId()}${link.search}${link.hash}`;
  htmx.ajax('GET', path, { source: '#pane', target: '#pane', swap: 'innerHTML', push: path });
}
