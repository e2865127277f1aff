/**
 * Keeps the open conversation complete. Every change in a conversation has the next revision; the section's
 * `data-revision` says up to which one the screen is right. A live frame that follows directly moves it on; one that
 * jumps ahead means that something was missed, and everything since is asked for, page by page.
 */

import { send } from './connection.js';
import { emit, loadLatest, on, openConversation, openId, openTimeline, raise, reachesEnd } from './page.js';

/** Frames may overtake each other a little on their way between server processes. */
const PATIENCE = 150;
const ANSWER_WITHIN = 10_000;
/** Further behind than this, a fresh page is quicker than everything that was missed. */
const TOO_FAR = 500;

/** @type {string | undefined} */
let subscribed;
/** Revisions that arrived before those that come before them. @type {Set<number>} */
const ahead = new Set();
let asked = 0;
let timer;

const known = () => Number(openConversation()?.dataset.revision);

function opened() {
  if (subscribed && subscribed !== openId()) send('unsubscribe', { conversation_id: subscribed });
  subscribed = openId();
  subscribe();
}

/** Follow the open conversation from what is on the screen on; doing it again asks how all of it stands now. */
export function subscribe() {
  clearTimeout(timer);
  ahead.clear();
  asked = 0;
  if (subscribed) send('subscribe', { conversation_id: subscribed, after_revision: known() });
}

function onSubscribed(frame) {
  if (frame.conversation_id !== openId()) return;
  raise(openConversation(), 'lastSeq', frame.last_seq);
  emit('unread');
  if (frame.revision - known() > TOO_FAR && reachesEnd()) loadLatest();
  else if (frame.revision > known()) askSoon();
}

/** A live frame has been swapped in. Where the loaded messages don't reach the end not all of them are, and none counts. */
function onRevision(frame) {
  if (frame.conversation_id !== openId()) return;
  raise(openConversation(), 'lastSeq', frame.seq);
  emit('unread');
  if (!reachesEnd() || frame.revision <= known()) return;
  // Until the server has taken `subscribe` it sends only the row of the list, and what hasn't come doesn't count.
  const came = frame.content?.includes(`id="message-${frame.message_id}"`);
  if (came) ahead.add(frame.revision);
  moveOn();
  if (ahead.size || !came) askSoon();
}

/** Counts in what has arrived in one piece, and forgets what is older. */
function moveOn() {
  let revision = known();
  while (ahead.delete(revision + 1)) revision += 1;
  raise(openConversation(), 'revision', revision);
  for (const one of ahead) if (one <= revision) ahead.delete(one);
}

function askSoon(milliseconds = PATIENCE) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(), milliseconds);
}

function ask(revision = known()) {
  if (!openId()) return;
  if (Date.now() - asked < ANSWER_WITHIN) return askSoon(ANSWER_WITHIN);
  if (send('conversation:sync', { conversation_id: openId(), after_revision: revision })) asked = Date.now();
}

function onSynced(frame) {
  if (frame.conversation_id !== openId()) return;
  asked = 0;
  if (!reachesEnd()) {
    // Amid older history only what is on the screen follows; the revision waits for the end, where all is asked again.
    if (frame.has_more && frame.revision - known() < TOO_FAR) ask(frame.revision);
    return;
  }
  if (frame.after_revision <= known()) raise(openConversation(), 'revision', frame.revision);
  moveOn();
  if (frame.has_more) ask();
  else if (ahead.size) askSoon(1_000);
  else clearTimeout(timer);
}

/** The last page of newer messages has closed the gap to the end; what happened meanwhile was not put on the screen. */
let reachedEnd = true;
function onTimeline() {
  const before = reachedEnd;
  reachedEnd = reachesEnd();
  if (reachedEnd && !before) ask();
}

/**
 * Keeps off the screen what has no business there: an older state of something that is newer already, and what would
 * stand beside a hole, before the first of the loaded messages or after the last.
 */
function sift({ detail: { tasks } }) {
  for (const task of [...tasks]) {
    const activity = task.fragment.firstElementChild;
    if (activity?.matches('.activity') && isOldNews(activity)) tasks.splice(tasks.indexOf(task), 1);
    if (task.swapSpec.style !== 'upsert' || task.swapSpec.key !== 'data-seq') continue;
    for (const message of task.fragment.querySelectorAll('.message')) {
      const shown = document.getElementById(message.id);
      if (Number(shown?.dataset.revision) > Number(message.dataset.revision)) message.remove();
      else if (!shown && !hasPlace(message)) message.remove();
      requote(message, document);
      // What comes late may quote an earlier state of what is here.
      const original = document.getElementById(`message-${message.querySelector('.quote')?.dataset.quotes}`);
      if (original) requote(original, task.fragment);
    }
  }
}

/** The row tells of the latest message, as it is after its latest change. */
export function isOldNews(activity) {
  const shown = document.getElementById(activity.id)?.dataset;
  const age = ({ lastSeq, revision }) => [Number(lastSeq), Number(revision)];
  const [[seq, revision], [newSeq, newRevision]] = [age(shown ?? {}), age(activity.dataset)];
  return newSeq < seq || (newSeq === seq && newRevision < revision);
}

function hasPlace({ dataset }) {
  const first = openTimeline()?.querySelector(':scope > .load-older') && openTimeline().querySelector('.message');
  return reachesEnd() && !(Number(dataset.seq) < Number(first?.dataset.seq));
}

/** What quotes a changed message says the same as the message, even where that is too far away to be loaded. */
function requote({ id, dataset, classList }, place) {
  if (!dataset.preview) return;
  for (const quote of place.querySelectorAll(`[data-quotes="${id.replace('message-', '')}"]`)) {
    if (Number(quote.dataset.revision) > Number(dataset.revision)) continue;
    quote.dataset.revision = dataset.revision;
    quote.classList.toggle('deleted', classList.contains('deleted'));
    quote.querySelector('.quote-text').textContent = dataset.preview;
  }
}

export function start() {
  on('opened', () => {
    reachedEnd = reachesEnd();
    opened();
  });
  on('timeline', onTimeline);
  on('connection', ({ open }) => open && subscribe());
  on('subscribed', onSubscribed);
  for (const type of ['received', 'sent', 'updated', 'deleted']) on(`after:message:${type}`, onRevision);
  on('after:conversation:synced', onSynced);
  // By subscribing anew: what others share may have changed, and receipts are told again then.
  on('system:resync', () => setTimeout(subscribe, Math.random() * 2_000));
  document.addEventListener('htmx:before:swap', sift);
}
