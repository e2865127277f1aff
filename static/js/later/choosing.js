/**
 * Choosing people: one types, the arrows move through what is found, Enter takes the first or the one with the focus,
 * Backspace in the empty field gives the last one back. Enter in the empty field goes on with those who are chosen.
 */

/** Whether the results on the screen are those of an earlier query, and whether Enter waits for the right ones. */
let stale = false;
let eager = false;

const placeOf = (element) => element?.closest?.('.picker');
const fieldIn = (place) => place.querySelector('#picker-query');
const chipsIn = (place) => [...place.querySelectorAll('.chips input')];
const optionsIn = (place) => [...place.querySelectorAll('#picker-results input')];

const isChosen = (place, { value }) => chipsIn(place).some((chip) => chip.value === value);

function choose(place, option) {
  const field = fieldIn(place);
  option.checked = true;
  place.querySelector('.chips').append(option.closest('li'));
  field.value = '';
  searchAgain(field);
}

function giveBack(place, chip) {
  chip.closest('li').remove();
  searchAgain(fieldIn(place));
}

/** Whoever is chosen isn't found, and whoever is given back is. */
function searchAgain(field) {
  field.focus();
  stale = false;
  field.dispatchEvent(new Event('chosen'));
}

/** On with those who are chosen; the first button of the form would be the one to search without scripts. */
const submit = (form) => form.querySelector('[formmethod="post"]').click();

function keydown(event) {
  if (event.key === 'Enter' && event.target.matches('.picking .field input') && !event.isComposing) {
    event.preventDefault();
    return submit(event.target.form);
  }
  const place = placeOf(event.target);
  if (!place || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const { key, target } = event;
  const field = fieldIn(place);
  if (key === 'Enter') enter(place, target);
  else if (key === 'ArrowDown' || key === 'ArrowUp') move(place, key === 'ArrowDown' ? 1 : -1);
  else if (key === 'Backspace' && target === field && !field.value && chipsIn(place).length) giveBack(place, chipsIn(place).at(-1));
  else if ((key === 'Backspace' || key === 'Delete') && chipsIn(place).includes(target)) giveBack(place, target);
  else {
    // Typing goes on in the field, with this very character.
    if (target !== field && key.length === 1 && key !== ' ') field.focus();
    return;
  }
  event.preventDefault();
}

function enter(place, target) {
  const field = fieldIn(place);
  if (target !== field) {
    if (optionsIn(place).includes(target)) choose(place, target);
  } else if (stale) {
    eager = true;
  } else if (field.value.trim()) {
    if (optionsIn(place)[0]) choose(place, optionsIn(place)[0]);
  } else if (chipsIn(place).length) {
    submit(field.form);
  }
}

function move(place, step) {
  const places = [fieldIn(place), ...optionsIn(place)];
  const index = places.indexOf(document.activeElement);
  places.at((Math.max(index, 0) + step) % places.length).focus();
}

function changed({ target }) {
  const place = placeOf(target);
  if (!place || target.type !== 'checkbox') return;
  if (target.checked) choose(place, target);
  else giveBack(place, target);
}

function arrived({ detail: { ctx } }) {
  const place = placeOf(ctx.sourceElement);
  const field = place && fieldIn(place);
  // Perhaps the answer to what was asked some letters ago.
  if (!field || new URL(ctx.request.action, location.href).searchParams.get('q') !== field.value) return;
  stale = false;
  for (const option of optionsIn(place)) if (isChosen(place, option)) option.closest('li').remove();
  if (eager && optionsIn(place)[0]) choose(place, optionsIn(place)[0]);
  eager = false;
}

export function start() {
  document.addEventListener('keydown', keydown);
  document.addEventListener('change', changed);
  document.addEventListener('htmx:after:swap', arrived);
  document.addEventListener('input', ({ target }) => {
    if (target.matches('#picker-query')) stale = true;
  });
}
