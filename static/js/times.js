/** Times in the reader's own zone and habit; the server sends UTC. */

const DAY = 86_400_000;
const words = document.documentElement.lang;
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(words, { weekday: 'long' });
const shortWeekday = new Intl.DateTimeFormat(words, { weekday: 'short' });
const dayAndMonth = new Intl.DateTimeFormat(words, { day: 'numeric', month: 'long' });
const shortDate = new Intl.DateTimeFormat(words, { day: 'numeric', month: 'short' });
const withYear = new Intl.DateTimeFormat(words, { day: 'numeric', month: 'long', year: 'numeric' });
const shortWithYear = new Intl.DateTimeFormat(words, { day: 'numeric', month: 'short', year: 'numeric' });
const complete = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** @param {Date} date @returns {number} the local day, as a number that grows by one from day to day */
export const dayNumber = (date) => Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / DAY);

/** @returns {string} "Today", "Yesterday", "Monday", "3 March" or "3 Mar 2024" */
export const dayName = (date) => relative(date, 'Today', 'Yesterday', weekday, dayAndMonth, shortWithYear);

/** As in "last seen yesterday". */
const inSentence = (date) => relative(date, timeOfDay, 'yesterday', weekday, dayAndMonth, withYear);

/** As in "works until 14:20" and "works until Mar 3, 14:20". */
export const moment = (date) =>
  dayNumber(date) === dayNumber(new Date())
    ? timeOfDay.format(date)
    : `${shortDate.format(date)}, ${timeOfDay.format(date)}`;

/** As in "Read 14:20" and "Read 3 Mar", where there is no room for both. */
export const shortMoment = (date) => relative(date, timeOfDay, shortWeekday, shortWeekday, shortDate, shortWithYear);

const past = new Intl.RelativeTimeFormat(words, { numeric: 'always' });
const MINUTE = 60_000;

/** As in "last seen just now", "5 minutes ago", "3 hours ago", "yesterday". */
export function ago(date) {
  const minutes = Math.floor((Date.now() - date.getTime()) / MINUTE);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return past.format(-minutes, 'minute');
  if (dayNumber(date) < dayNumber(new Date())) return inSentence(date);
  return past.format(-Math.floor(minutes / 60), 'hour');
}

const shortly = (date) => relative(date, timeOfDay, 'Yesterday', shortWeekday, shortDate, shortWithYear);

function relative(date, today, yesterday, week, year, older) {
  const age = dayNumber(new Date()) - dayNumber(date);
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const form = age === 0 ? today : age === 1 ? yesterday : age > 1 && age < 7 ? week : sameYear ? year : older;
  return typeof form === 'string' ? form : form.format(date);
}

const formOf = (element) =>
  element.closest('.message')
    ? timeOfDay.format
    : element.closest('.row')
      ? shortly
      : element.matches('.moment')
        ? moment
        : inSentence;

/** @param {ParentNode} root whose `<time>` elements get the words that belong at their place */
export function localise(root) {
  for (const element of root.querySelectorAll('time[datetime]')) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = formOf(element)(date);
    if (element.textContent !== text) element.textContent = text;
    element.title ||= complete.format(date);
  }
}

/** @param {() => void} handler called soon after each local midnight, also when the device slept through it */
export function onNewDay(handler) {
  let today = dayNumber(new Date());
  setInterval(() => {
    const day = dayNumber(new Date());
    if (day === today) return;
    today = day;
    handler();
  }, 30_000);
}
