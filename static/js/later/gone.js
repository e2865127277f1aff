/** In place of a conversation that this person has just lost. What was being written is kept in the drafts. */

import { saveDraft } from '../drafts.js';
import { openConversation, openId } from '../page.js';

const SENTENCES = {
  left: 'You’ve left this conversation.',
  removed: 'You’re no longer in this conversation.',
  deleted: 'This conversation was deleted.',
};

/** @param {'left' | 'removed' | 'deleted'} reason why the open conversation is lost */
export function show(reason) {
  const textarea = openConversation().querySelector('.composer textarea');
  if (textarea.value.trim() && reason !== 'deleted') saveDraft(openId(), textarea.value);
  const pane = document.getElementById('pane');
  pane.innerHTML = `<section class="empty-state" data-view="gone">
    <svg class="icon empty-mark"><use href="#icon-mark"/></svg>
    <h1>${SENTENCES[reason]}</h1>
    <a class="button" href="/" hx-get="/" hx-target="#pane" hx-push-url="true">Back to your conversations</a></section>`;
  document.title = 'Conversations · Chat';
  htmx.process(pane);
}
