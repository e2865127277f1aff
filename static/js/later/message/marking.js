/** Reading, by hand: everything is marked as read, or a message and what follows it as unread. */

import { openConversation, openId } from '../../page.js';
import { markRead as readAll, markedUnread } from '../../reading.js';
import { post } from './request.js';
import { toast } from './toast.js';

export function markRead() {
  readAll();
  openConversation().querySelector('.new-line')?.remove();
}

/** It is unread until the conversation is opened again. @param {HTMLElement} message */
export async function markUnread(message) {
  const conversation = openId();
  const { seq } = message.dataset;
  const { reason } = await post(`/c/${conversation}/unread`, { from_seq: seq });
  if (!reason) markedUnread(conversation, Number(seq));
  toast(reason || 'Unread from here on.');
}
