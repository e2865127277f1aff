/**
 * Where the scripts of the page begin. Each module looks after one behaviour and speaks to the others by events
 * (page.js); when something happens, they are told in the order in which they are started here. What is in `later/` is
 * fetched when it is first needed, by `import()`: nobody waits for a picker to read a message.
 */

import * as announcer from './announcer.js';
import * as banner from './banner.js';
import * as bubbles from './bubbles.js';
import * as composer from './composer.js';
import * as connection from './connection.js';
import * as delivering from './delivering.js';
import * as drafts from './drafts.js';
import * as keyboard from './keyboard.js';
import * as later from './later.js';
import * as navigation from './navigation.js';
import * as outbox from './outbox.js';
import * as presence from './presence.js';
import * as reading from './reading.js';
import * as receipts from './receipts.js';
import * as scrolling from './scrolling.js';
import * as search from './search.js';
import * as sidebar from './sidebar.js';
import * as switcher from './switcher.js';
import * as sync from './sync.js';
import * as timeline from './timeline.js';
import * as tools from './tools.js';
import * as typing from './typing.js';

// Navigation comes first: it makes the pane visible, and what is hidden can't be measured. The timeline comes last:
// it tells the others that the first page is there.
for (const module of [
  navigation, outbox, bubbles, drafts, composer, reading, receipts, scrolling, sync, connection, banner,
  sidebar, delivering, announcer, search, switcher, keyboard, later, tools, presence, typing, timeline,
]) {
  module.start();
}
