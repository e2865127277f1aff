/** The emoji that this person reacts with, the latest first, in this browser. */

import { keep, recall } from '../../store.js';
import { userId } from '../../page.js';

const KEY = `chat:${userId}:emoji`;
const USUAL = ['👍', '❤️', '😂', '🎉', '👀', '🙏', '✅', '🔥'];
const MOST = 16;

/** @param {number} count @returns {string[]} what was chosen lately, and then what most people choose */
export function favourites(count) {
  return [...new Set([...JSON.parse(recall(KEY) ?? '[]'), ...USUAL])].slice(0, count);
}

/** @param {string} emoji that was chosen just now */
export function prefer(emoji) {
  keep(KEY, JSON.stringify([...new Set([emoji, ...favourites(MOST)])].slice(0, MOST)));
}
