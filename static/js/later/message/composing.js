/**
 * What the composer is about, where that isn't a new message: a reply, or one's own message that is edited. A bar
 * above the field says so. The reply stands in the form's `data-reply`, which is kept with the draft, and the message
 * that is edited in `data-editing`; its text is kept in this tab, and the draft waits until it is done.
 */

import { complain } from '../../composer.js';
import { draftOf, saveDraft } from '../../drafts.js';
import { focusMessage } from '../../keyboard.js';
import { add } from '../../outbox.js';
import { on, openConversation, openId } from '../../page.js';
import { keepHere, recallHere } from '../../store.js';
import { get, post } from './request.js';
import { isReadOnly, mayEdit } from './rights.js';
import { toast } from './toast.js';

const PREVIEW = 200;

/** Where the focus was, by id, when the composer was given something to do. */
let cameFrom;
/** What the message said when editing began; without a change there is nothing to save. */
let original;
let saving = false;

const form = () => openConversation()?.querySelector('.composer');
const field = () => form().querySelector('textarea');
const key = () => `edit:${openId()}`;
const edited = () => document.getElementById(`message-${form().dataset.editing}`);

const lineOf = (text) => text.trim().replace(/\s+/g, ' ').slice(0, PREVIEW);

/** @param {HTMLElement} message @returns {import('../../../outbox.js').Quoted} */
function quoted(message) {
  const text = lineOf(message.querySelector('.text').textContent);
  const id = message.id.replace('message-', '');
  return { id, seq: message.dataset.seq, author: message.querySelector('.author').textContent, text };
}

/** @param {HTMLElement} message to reply to */
export function reply(message) {
  if (isReadOnly()) return;
  if (form().dataset.editing) leave();
  comeFrom(message);
  form().dataset.reply = JSON.stringify(quoted(message));
  saveDraft(openId(), field().value, form().dataset.reply);
  show();
  field().focus();
}

/** @param {HTMLElement} message of one's own */
export async function edit(message) {
  const conversation = openId();
  const id = message.id.replace('message-', '');
  if (!mayEdit(message)) return toast('Only your own messages can be edited.');
  comeFrom(message);
  field().focus();
  if (form().dataset.editing === id) return;
  const { text, reason } = await get(`/messages/${id}/source`);
  if (reason) return toast(reason);
  if (openId() !== conversation) return;
  if (!form().dataset.editing) saveDraft(conversation, field().value, form().dataset.reply);
  begin({ id, text, original: text });
  field().setSelectionRange(text.length, text.length);
}

function begin({ id, text, original: before }) {
  form().dataset.editing = id;
  original = before;
  write(text);
  show();
}

/** As if it had been typed: the field takes its size, and a complaint goes. */
function write(text) {
  field().value = text;
  field().dispatchEvent(new Event('input', { bubbles: true }));
}

function comeFrom(message) {
  cameFrom = document.activeElement === message ? message.id : undefined;
}

/** Back to what was there before: the draft, or the message that the keys were at. */
function leave() {
  if (form().dataset.editing) {
    delete form().dataset.editing;
    keepHere(key(), '');
    write(draftOf(openId()));
  } else {
    delete form().dataset.reply;
    saveDraft(openId(), field().value);
  }
  show();
  const message = document.getElementById(cameFrom);
  if (message) focusMessage(message);
  else field().focus();
  cameFrom = undefined;
}

async function save({ text }) {
  const id = form().dataset.editing;
  const content = text.trim();
  if (saving) return;
  if (isGone()) {
    if (add(openId(), content)) leave();
    return;
  }
  if (content === original.trim()) return leave();
  saving = true;
  const { reason, unreachable } = await post(`/messages/${id}/edit`, { content });
  saving = false;
  // Meanwhile the person may have gone elsewhere; the text is kept for when they come back.
  if (form()?.dataset.editing !== id) return;
  if (!reason) leave();
  else refuse(unreachable ? `${reason} Your change isn’t saved yet.` : reason);
}

/** The reason, the text as it is, and a way to try again. */
function refuse(reason) {
  complain(reason);
  const retry = document.createElement('button');
  retry.textContent = 'Try again';
  form().querySelector('.composer-error').append(' ', retry);
}

/** Whether the message that is edited was deleted meanwhile, here or elsewhere. */
const isGone = () => Boolean(edited()?.classList.contains('deleted'));

/** Makes the bar on the screen say what the composer is about; calling it again changes nothing. */
function show() {
  const box = form()?.querySelector('.composer-box');
  if (!box) return;
  const about = describe(form().dataset);
  const bar = box.querySelector('.composer-bar');
  if (bar?.dataset.about === about?.join()) return;
  bar?.remove();
  if (about) box.prepend(create(about));
  const send = box.querySelector('.send');
  const verb = about?.[0] === 'pen' ? 'Save' : 'Send';
  send.title = send.querySelector('span').textContent = verb;
  send.querySelector('use').setAttribute('href', verb === 'Save' ? '#icon-check' : '#icon-send');
}

/** @returns {string[] | undefined} icon, words, whom and what it is about, and what leaving is called */
function describe({ editing, reply: replied }) {
  if (editing && isGone()) return ['alert', 'This message was deleted. You can send your text as a new one.', '', '', 'Discard'];
  if (editing) return ['pen', 'Editing', '', lineOf(edited()?.querySelector('.text').textContent ?? original), 'Stop editing', editing];
  if (!replied) return undefined;
  const { id, author, text } = JSON.parse(replied);
  return ['reply', 'Replying to', author, text, 'Don’t reply', id];
}

function create(about) {
  const [icon, what, author, text, leaving, id] = about;
  const bar = document.getElementById('composer-bar').content.firstElementChild.cloneNode(true);
  bar.dataset.about = about.join();
  bar.querySelector('use').setAttribute('href', `#icon-${icon}`);
  const quote = bar.querySelector('.composer-bar-text');
  if (icon === 'reply') quote.dataset.quotes = id;
  quote.querySelector('.composer-bar-what').textContent = what;
  quote.querySelector('.quote-author').textContent = author;
  quote.querySelector('.quote-text').textContent = text;
  const button = bar.querySelector('button');
  button.title = `${leaving} (Esc)`;
  button.querySelector('span').textContent = leaving;
  button.addEventListener('click', leave);
  return bar;
}

/** What was begun before the page was loaded, or another conversation opened, goes on. */
function resume() {
  const kept = form() && recallHere(key());
  if (kept && !form().dataset.editing) begin(JSON.parse(kept));
  else show();
}

function keydown(event) {
  const isWriting = event.target.matches('.composer textarea') && form().querySelector('.composer-bar');
  if (event.key !== 'Escape' || event.isComposing || !isWriting) return;
  event.preventDefault();
  leave();
}

export function start() {
  // Before the keys that work anywhere: the first Escape is for the bar.
  document.addEventListener('keydown', keydown, true);
  document.addEventListener('input', ({ target }) => {
    const id = target.form?.dataset.editing;
    if (id) keepHere(key(), JSON.stringify({ id, text: target.value, original }));
  });
  on('edited', save);
  for (const name of ['composed', 'timeline']) on(name, show);
  on('opened', resume);
  resume();
}
