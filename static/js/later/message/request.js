/** Asking the server to change something, and for a piece of a page. */

import { receive } from '../../connection.js';

const WITHIN = 10_000;
const UNREACHABLE = 'The server can’t be reached just now.';
const OFFLINE = 'You’re offline.';

/**
 * Changes something by HTTP. The answer is the frame that everybody's socket gets, so the screen is right at once, even
 * where this device's socket is down.
 * @param {string} path
 * @param {Record<string, string>} [fields]
 * @returns {Promise<{reason: string, unreachable?: boolean}>} why it wasn't done, for the person; empty where it was
 */
export async function post(path, fields = {}) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { Accept: 'application/json', 'X-CSRF-Token': document.body.dataset.csrf },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(WITHIN),
    });
    if (isSignedOut(response)) return signIn();
    const answer = await response.json();
    if (!response.ok) return { reason: answer.error.message };
    if (answer.type) await receive(answer);
    return { reason: '' };
  } catch {
    return { reason: unreachable(), unreachable: true };
  }
}

/**
 * @param {string} path
 * @returns {Promise<{text?: string, reason?: string}>}
 */
export async function get(path) {
  try {
    const response = await fetch(path, { headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(WITHIN) });
    if (isSignedOut(response)) return signIn();
    if (!response.ok) return { reason: (await response.json()).error.message };
    return { text: await response.text() };
  } catch {
    return { reason: unreachable() };
  }
}

const unreachable = () => (navigator.onLine ? UNREACHABLE : OFFLINE);
const isSignedOut = ({ status, redirected }) => status === 401 || redirected;

function signIn() {
  location.assign('/login');
  return { reason: '' };
}
