/**
 * Text that outlives the page, in this browser. Where storage is refused (a private window, a full disk) it lives
 * as long as the page does.
 */

/** @type {Map<string, string>} */
const unsaved = new Map();

/** @param {string} key @returns {string | null} */
export function recall(key) {
  if (unsaved.has(key)) return unsaved.get(key);
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} text */
export function keep(key, text) {
  try {
    localStorage.setItem(key, text);
    unsaved.delete(key);
  } catch {
    unsaved.set(key, text);
  }
}

/** @param {string} key */
export function forget(key) {
  unsaved.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // What can't be stored isn't there to be removed.
  }
}

/** @param {string} prefix @returns {string[]} all keys that start with it */
export function keysOf(prefix) {
  let saved = [];
  try {
    saved = Object.keys(localStorage);
  } catch {
    // Only what this page holds itself, then.
  }
  return [...new Set([...saved, ...unsaved.keys()])].filter((key) => key.startsWith(prefix));
}

/** @param {string} key @returns {string | null} what only this tab keeps, over a reload */
export function recallHere(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} text none forgets it */
export function keepHere(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Then it lives as long as the page.
  }
}

/**
 * @param {() => string} invent
 * @returns {string} a name for this tab, which it keeps over a reload
 */
export function tabName(invent) {
  try {
    return (sessionStorage.chatTab ??= invent());
  } catch {
    return invent();
  }
}
