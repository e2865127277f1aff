/** In place of a conversation that this person has just lost. What was being written is kept in the drafts. */

import { saveDraft } from '../drafts.js';
import { openConversation, openId } from '../page.js';

const SENTENCES = {
  left: 'You’ve left this conversation.',
  removed: 'You’re no longer in this conversation.',
  deleted: 'This conversation was deleted.',
};
const BACK = { 'hx-get': '/', 'hx-target': '#pane', 'hx-swap': 'innerHTML', 'hx-push-url': 'true', href: '/' };

/** @param {'left' | 'removed' | 'deleted'} reason why the open conversation is lost */
export function show(reason) {
  const textarea = openConversation().querySelector('.composer textarea');
  if (textarea.value.trim() && reason !== 'deleted') saveDraft(openId(), textarea.value);
  const section = element('section', { class: 'empty-state', 'data-view': 'gone' });
  const back = element('a', { class: 'button', ...BACK }, 'Back to your conversations');
  section.append(element('h1', {}, SENTENCES[reason]), back);
  document.getElementById('pane').replaceChildren(section);
  document.title = 'Conversations · Chat';
  htmx.process(section);
}

function element(name, attributes, text = '') {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.textContent = text;
  return made;
}
