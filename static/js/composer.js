/** Writing and sending. What is sent goes to the outbox at once, and the field is free for the next message. */

import { saveDraft } from './drafts.js';
import { add } from './outbox.js';
import { emit, on, openConversation, openId } from './page.js';

/** So close to the limit the count of what is left appears. */
const CLOSE = 200;
const touch = matchMedia('(pointer: coarse)');

const field = () => openConversation()?.querySelector('.composer textarea');
const part = (name) => openConversation().querySelector(`.composer-${name}`);

/** As the server counts: characters, not the units in which JavaScript keeps them, without blanks at the ends. */
const lengthOf = (text) => Array.from(text.trim()).length;

const shown = (count) => count.toLocaleString('en');

function opened() {
  const textarea = field();
  if (!textarea) return;
  // With a maximum the browser would cut off, silently, what is pasted.
  textarea.dataset.limit = textarea.maxLength;
  textarea.removeAttribute('maxlength');
  fit(textarea);
}

function send() {
  const textarea = field();
  const over = lengthOf(textarea.value) - Number(textarea.dataset.limit);
  if (!textarea.value.trim()) return textarea.focus();
  if (over > 0) {
    const excess = over > 1 ? `${shown(over)} characters` : '1 character';
    return complain(`This message is ${excess} too long. Shorten it, or send it in parts.`);
  }
  const { editing, reply } = textarea.form.dataset;
  if (editing) return emit('edited', { text: textarea.value });
  if (!add(openId(), textarea.value, reply && JSON.parse(reply))) {
    return complain('Too many messages are waiting to be sent. This one stays here until some are on their way.');
  }
  textarea.value = '';
  delete textarea.form.dataset.reply;
  complain('');
  saveDraft(openId(), '');
  fit(textarea);
  textarea.focus();
  emit('composed');
}

/** @param {string} text why what was written can't be sent; none where it can */
export function complain(text) {
  part('error').textContent = text;
  part('error').hidden = !text;
}

/** Browsers that can't size a field by its content need help; all of them need the count. */
function fit(textarea) {
  if (!CSS.supports('field-sizing', 'content')) {
    textarea.style.height = 'auto';
    textarea.style.height = `${textarea.scrollHeight}px`;
  }
  const limit = Number(textarea.dataset.limit);
  const left = limit - lengthOf(textarea.value);
  part('count').hidden = left > CLOSE;
  part('count').textContent = left < 0 ? `${shown(-left)} too many` : `${left} left`;
}

/** Enter sends, except in the midst of composing a character, and on touch keyboards, which have no Shift-Enter. */
function keydown(event) {
  if (event.key !== 'Enter' || !event.target.matches('.composer textarea')) return;
  if (event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (touch.matches && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  send();
}

export function start() {
  on('opened', opened);
  document.addEventListener('keydown', keydown);
  document.addEventListener('input', ({ target }) => {
    if (!target.matches('.composer textarea')) return;
    complain('');
    fit(target);
  });
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('.composer')) return;
    event.preventDefault();
    send();
  });
  // A tap on Send must not take the focus, and with it the keyboard of a phone.
  document.addEventListener('pointerdown', (event) => event.target.closest('.composer .send') && event.preventDefault());
}
