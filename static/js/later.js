/**
 * What is on no screen at first comes when something on the page asks for it: an element's `data-later` wants the
 * second stylesheet, and names the modules of `later/` that look after it.
 */

import { on } from './page.js';

const styles = document.getElementById('later-styles');
/** @type {Map<string, Promise<void>>} by name */
const modules = new Map();

function look() {
  for (const { dataset } of document.querySelectorAll('[data-later]')) {
    styles.disabled = false;
    for (const name of dataset.later.split(' ').filter(Boolean)) {
      if (!modules.has(name)) modules.set(name, begin(name));
    }
  }
}

async function begin(name) {
  const module = await import(`./later/${name}.js`);
  module.start();
}

export function start() {
  on('opened', look);
  document.addEventListener('htmx:after:swap', look);
}
