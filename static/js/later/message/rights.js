/** What this person may do with a message. The server decides; this is only what is offered. */

import { openConversation, userId } from '../../page.js';
import { unreadIn } from '../../reading.js';

const isOwn = (message) => message.dataset.author === userId;

/** @returns {boolean} whether the open conversation can be read, and nothing more: archived, or between two who don't talk */
export const isReadOnly = () => openConversation().matches('[data-archived], [data-blocked]');

/** @param {HTMLElement} message @returns {boolean} */
export const mayEdit = (message) => isOwn(message) && !isReadOnly();

/** One's own, and any in a room that one manages. @param {HTMLElement} message @returns {boolean} */
export function mayRemove(message) {
  const { kind, role } = openConversation().dataset;
  return mayEdit(message) || (kind === 'room' && ['owner', 'admin'].includes(role));
}

/** Who has read it is told to whoever wrote it. @param {HTMLElement} message @returns {boolean} */
export const maySeeReceipts = isOwn;

/** @returns {boolean} whether the open conversation has something that isn't read */
export const canBeRead = () => unreadIn(openConversation()) > 0;
