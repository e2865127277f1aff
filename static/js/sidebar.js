/** The list of conversations: badges, order, which one is open, and the count in the window's title. */

import { draftOf } from './drafts.js';
import { emit, loadLatest, on, openConversation, openId, rowOf } from './page.js';
import { unreadInRow } from './reading.js';
import { isOldNews } from './sync.js';
import { localise } from './times.js';

const list = document.getElementById('conversation-list');
/** Milliseconds over which the members of a group ask for its row, for each of them. */
const SPREAD_PER_MEMBER = 5;
const LONGEST = 2 ** 31 - 1;
/** @type {Map<string, number>} conversations that were lost, and when */
const lostAt = new Map();
let planned = false;
let waking;

/** Many changes at once are one look at the list, before the next frame is painted. */
function plan() {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    refresh();
  });
}

function refresh() {
  const rows = [...list.querySelectorAll(':scope > .conversation')];
  let total = 0;
  for (const row of rows) {
    const unread = refreshRow(row);
    if (!isMuted(row)) total += unread;
  }
  wakeAt(Math.min(...rows.map(mutedUntil).filter((time) => time > Date.now())));
  order(rows);
  watcher.takeRecords();
  const title = document.title.replace(/^\(\d+\+?\) /, '');
  document.title = total ? `(${shown(total)}) ${title}` : title;
}

const mutedUntil = (row) => Date.parse(row.dataset.mutedUntil);

/** What is muted doesn't count in the title, and its badge is a quiet one. */
function isMuted(row) {
  const muted = mutedUntil(row) > Date.now();
  row.classList.toggle('muted', muted);
  return muted;
}

/** The next of them to be heard of again is seen when its time has come; timers can't wait for longer than LONGEST. */
function wakeAt(time) {
  clearTimeout(waking);
  if (time < Infinity) waking = setTimeout(plan, Math.min(time - Date.now(), LONGEST));
}

const shown = (count) => (count > 99 ? '99+' : String(count));

/** @returns {number} its unread messages */
function refreshRow(row) {
  const id = row.id.replace('conversation-', '');
  const link = row.querySelector('a');
  const unread = unreadInRow(row);
  const badge = row.querySelector('.badge');
  badge.hidden = !unread;
  const count = badge.querySelector('.badge-count') ?? badge;
  if (count.textContent !== shown(unread)) count.textContent = shown(unread);
  row.classList.toggle('unread', unread > 0);
  if (id === openId()) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
  const draft = id === openId() ? '' : draftOf(id);
  if (draft) link.dataset.draft = draft.slice(0, 100);
  else delete link.dataset.draft;
  localise(row);
  return unread;
}

/** The latest first. Only rows that are in the wrong place move, and the one with the focus keeps it. */
function order(rows) {
  const focused = document.activeElement;
  const activity = (row) =>
    Math.max(Number(row.dataset.activity), Date.parse(row.querySelector('.activity')?.dataset.at) || 0);
  const sorted = rows.sort((one, other) => activity(other) - activity(one));
  sorted.forEach((row, index) => {
    const there = list.children[index];
    if (there === row) return;
    if (list.moveBefore) list.moveBefore(row, there);
    else list.insertBefore(row, there);
  });
  if (document.activeElement !== focused && list.contains(focused)) focused.focus({ preventScroll: true });
}

const watcher = new MutationObserver(plan);

/** After a time without a socket the list may be anything; the server's is fetched, and only what differs changes. */
async function refetch() {
  const status = await swapIn(`/sidebar?version=${list.dataset.version}`);
  if (status === 200 || status === 204) emit('relisted');
  // What is open and isn't in the list is an old one, or was lost meanwhile.
  if (rowOf(openId())) adopt(rowOf(openId()).dataset);
  else if (openId()) fetchRow(openId());
}

/** A row that isn't here yet, or has changed for this person; the server puts it into the list. */
async function fetchRow(conversation) {
  const status = await swapIn(`/c/${conversation}/row`);
  if (status === 403 || status === 404) return lost({ conversation_id: conversation, reason: 'removed' });
  const row = rowOf(conversation);
  if (row && conversation === openId()) adopt(row.dataset);
  return status;
}

/** What the person may do in the open conversation is what its row says. */
function adopt({ role, archived, blocked }) {
  const section = openConversation();
  section.dataset.role = role;
  section.toggleAttribute('data-archived', archived !== undefined);
  if (blocked === undefined) delete section.dataset.blocked;
  else section.dataset.blocked = blocked;
  retitle({ conversation_id: openId() });
}

/** The window is named after the open conversation, whatever that is called now. */
function retitle({ conversation_id: id }) {
  const name = rowOf(id)?.querySelector('.name').textContent.trim();
  if (id !== openId() || !name) return;
  document.title = `${name} · Chat`;
  plan();
}

/** What is the same for everyone comes with the frame; a group without a name is called differently by each. */
async function changed(frame) {
  const { conversation_id: id, members_count: members, name, archived } = frame;
  if (members === undefined) {
    // One that isn't listed has no row to tell what has changed.
    if ((await fetchRow(id)) === 204 && id === openId()) loadLatest();
    return;
  }
  rowOf(id)?.toggleAttribute('data-archived', archived);
  if (id === openId()) openConversation().toggleAttribute('data-archived', archived);
  if (!name) setTimeout(fetchRow, Math.random() * members * SPREAD_PER_MEMBER, id);
}

async function lost({ conversation_id: id, reason }) {
  lostAt.set(id, performance.now());
  rowOf(id)?.remove();
  // Whoever leaves, or deletes it, in this very window is on the way elsewhere already.
  if (id !== openId() || document.querySelector('#dialog .htmx-request')) return;
  const { show } = await import('./later/gone.js');
  if (id === openId()) show(reason);
}

/**
 * The answer says itself where it goes. Not by htmx's own request, of which an element has one at a time.
 * @returns {Promise<number | undefined>} the status, where there is an answer
 */
async function swapIn(path) {
  const askedAt = performance.now();
  try {
    const response = await fetch(path, { headers: { 'HX-Request': 'true' } });
    if (response.status === 204) emit('listed');
    if (response.status !== 200 || response.redirected) return response.status;
    const text = withNews(await response.text());
    await htmx.swap({ sourceElement: list, target: list, swap: 'none swapEmpty:false', text });
    // What was lost meanwhile may have been told once more by an answer from before.
    for (const [id, at] of lostAt) if (at > askedAt) rowOf(id)?.remove();
  } catch {
    return undefined; // No network: the next connection asks for the whole list.
  }
  emit('listed');
  plan();
  return 200;
}

/** News that came while the server was answering are newer than its answer. */
function withNews(rows) {
  const answer = document.createElement('template');
  answer.innerHTML = rows;
  for (const told of answer.content.querySelectorAll('.activity')) {
    if (isOldNews(told)) told.replaceWith(document.getElementById(told.id).cloneNode(true));
  }
  return answer.innerHTML;
}

export function start() {
  watcher.observe(list, { childList: true, subtree: true });
  // From here on the socket tells of every change; what changed before it could, the list has.
  on('auth:success', refetch);
  on('conversation:updated', changed);
  on('after:conversation:updated', retitle);
  on('conversation:removed', lost);
  on('contacts:updated', refetch);
  on('message:received', ({ conversation_id: id }) => rowOf(id) || fetchRow(id));
  on('system:resync', () => setTimeout(refetch, Math.random() * 2_000));
  for (const name of ['opened', 'unread', 'drafts']) on(name, plan);
  document.addEventListener('htmx:finally:swap', plan);
  plan();
}
