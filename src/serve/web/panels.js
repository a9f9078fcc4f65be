// The panels of figures and tables: outcomes and whether they add up, lookups and their most missed keys, dead letters, rows.

import { DASH, byId, clock, count, cut, duration, element, known, list, millisOf, percent, put, say } from './text.js';

// ---------------------------------------------------------------------------------------------------------------- outcomes

// Each record that was consumed is in exactly one of these.
const OUTCOMES = [
  { name: 'written', tone: 'teal', always: true },
  { name: 'deleted', tone: 'blue' },
  { name: 'filtered', tone: 'grey', always: true },
  { name: 'tombstones', tone: 'grey' },
  { name: 'unmatched', tone: 'amber', always: true },
  { name: 'rejected', tone: 'red', always: true },
  { name: 'returned', tone: 'grey' },
  { name: 'in_flight', text: 'in flight', tone: 'hollow', always: true },
];

export function difference(counts) {
  const parts = OUTCOMES.map(({ name }) => counts?.[name] ?? 0);
  return known(counts?.consumed) && known(counts?.in_flight) ? counts.consumed - parts.reduce((sum, part) => sum + part, 0) : null;
}

export function showOutcomes(status) {
  const counts = status.counts ?? {};
  const shown = OUTCOMES.filter(({ name, always }) => always || counts[name] > 0);
  list(
    byId('stack'),
    shown.filter(({ name }) => counts[name] > 0),
    () => element('span'),
    (node, { name, tone }) => {
      put(node, 'class', `part ${tone}`);
      node.style.flexGrow = counts[name] / (counts.consumed || 1);
    },
  );
  const rows = shown.map(({ name, text, tone }) => ({ name, text: text ?? name, tone, value: count(counts[name]), share: percent(counts[name], counts.consumed) }));
  rows.push({ name: 'consumed', text: 'read from the source', tone: 'none', value: count(counts.consumed), share: '' });
  const rest = difference(counts);
  rows.push({ name: 'difference', text: 'difference', tone: 'none', value: rest === null ? DASH : rest === 0 ? '0 ✓' : `${count(rest)} ✗`, share: '', mark: rest === null ? null : rest === 0 ? 'good' : 'bad' });
  if (counts.lost > 0) rows.push({ name: 'lost', text: 'lost before they were read', tone: 'none', value: count(counts.lost), share: '', mark: 'bad' });
  list(
    byId('outcomes'),
    rows,
    () => element('tr', {}, element('th', { scope: 'row' }, element('i', { 'aria-hidden': 'true' }), element('span')), element('td', { class: 'share' }), element('td', { class: 'number' })),
    (node, { name, text, tone, value, share, mark }) => {
      put(node, 'data-outcome', name);
      put(node.children[0].children[0], 'class', `swatch ${tone}`);
      say(node.children[0].children[1], text);
      say(node.children[1], share);
      say(node.children[2], value);
      put(node.children[2], 'class', `number ${mark ?? ''}`.trim());
    },
  );
  showTables(status.tables ?? []);
}

function showTables(tables) {
  const place = byId('by-table');
  if (tables.length < 2) return place.replaceChildren();
  if (!place.firstElementChild) {
    const head = element('tr', {}, ...['table', 'written', 'difference'].map((text, i) => element('th', { scope: 'col', class: i ? 'number' : null, text })));
    place.append(element('table', { class: 'outcomes tables' }, element('caption', { class: 'unseen', text: 'By table' }), element('thead', {}, head), element('tbody')));
  }
  list(
    place.querySelector('tbody'),
    tables,
    () => element('tr', {}, element('th', { scope: 'row' }, element('span', { class: 'cut' })), element('td', { class: 'number' }), element('td', { class: 'number' })),
    (node, { name, counts }) => {
      const rest = difference(counts);
      cut(node.children[0].children[0], String(name));
      say(node.children[1], count(counts?.written));
      say(node.children[2], rest === null ? DASH : rest === 0 ? '0 ✓' : `${count(rest)} ✗`);
      put(node.children[2], 'class', `number ${rest === null ? '' : rest === 0 ? 'good' : 'bad'}`.trim());
    },
  );
}

// ----------------------------------------------------------------------------------------------------------------- lookups

export function showBars(parent, bars) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  list(
    parent,
    bars,
    () => element('li', {}, element('span', { class: 'cut', dir: 'auto' }), element('span', { class: 'track', 'aria-hidden': 'true' }, element('span', { class: 'bar' })), element('span', { class: 'number' })),
    (node, { text, value }) => {
      cut(node.children[0], text);
      node.children[1].firstElementChild.style.width = `${Math.max(1, (100 * value) / most)}%`;
      say(node.children[2], count(value));
    },
  );
}

export function showLookups(plan, status) {
  const inPlan = plan.nodes.some((node) => node.kind === 'lookup');
  const lookups = status.lookups ?? [];
  const keys = lookups.length > 2 ? 3 : 5;
  cut(byId('h-lookups'), lookups.length === 1 ? `Lookup ${lookups[0].name}` : 'Lookups');
  const place = byId('lookups');
  if (lookups.length === 0) return place.replaceChildren(element('p', { class: 'empty', text: inPlan ? 'Not loaded yet.' : 'This pipeline has none.' }));
  place.querySelector(':scope > p.empty')?.remove();
  list(
    place,
    lookups,
    () => element('div', { class: 'lookup' }, element('p', { class: 'cut' }), element('p', { class: 'muted cut' }), element('p', { class: 'muted', text: 'Most missed keys' }), element('ol', { class: 'bars' })),
    (node, lookup) => {
      const [found, loaded, title, bars] = node.children;
      const asked = lookup.hits + lookup.misses;
      const name = lookups.length === 1 ? '' : `${lookup.name}: `;
      cut(found, `${name}${percent(lookup.hits, asked)} of ${count(asked)} found`);
      const version = lookup.version === null || lookup.version === undefined || lookup.version === '' ? '' : ` · version ${/^\d{4}-\d\d-\d\dT/.test(lookup.version) ? clock(lookup.version) : lookup.version}`;
      cut(loaded, `${count(lookup.rows)} rows${version} · loaded ${clock(lookup.loaded_at)} in ${duration(lookup.load_seconds)}`);
      const missed = (lookup.most_missed ?? []).slice(0, keys);
      const column = commonColumn(missed);
      say(title, missed.length === 0 ? 'No key was missed.' : column ? `Most missed keys, by ${column}` : 'Most missed keys');
      const short = (key) => (column ? key.slice(column.length + 3).replace(/^'(.*)'$/s, '$1') : key);
      showBars(bars, missed.map(({ key, count: value }) => ({ text: short(String(key)), value })));
    },
  );
}

// Where all keys are of one and the same column, it need not stand before each: name = 'Sorry'.
function commonColumn(missed) {
  const columns = new Set(missed.map(({ key }) => /^(\w{1,40}) = (?!.* AND )/s.exec(String(key))?.[1]));
  const [column] = columns;
  return columns.size === 1 && column ? column : null;
}

// ------------------------------------------------------------------------------------------------------------------ tables

// A table is not changed under the eyes of someone who has the focus or a selection in it.
function isRead(place) {
  const active = document.activeElement;
  const selection = document.getSelection();
  const selects = selection !== null && !selection.isCollapsed && place.contains(selection.anchorNode);
  const read = selects || (place !== active && place.contains(active));
  put(place, 'data-held', read ? '' : null);
  return read;
}

function table(place, columns, caption) {
  const key = JSON.stringify(columns);
  if (place.dataset.columns === key) return place.querySelector('tbody');
  place.dataset.columns = key;
  const head = columns.map(({ text, number, whole }) => element('th', { scope: 'col', class: number ? 'number' : null }, whole ? cut(element('span', { class: 'cut' }), text) : text));
  const body = element('tbody');
  place.replaceChildren(element('table', { class: 'records' }, element('caption', { class: 'unseen', text: caption }), element('thead', {}, element('tr', {}, ...head)), body));
  return body;
}

const LETTER_COLUMNS = [{ text: 'time' }, { text: 'why' }, { text: 'record, and why in words' }, { text: 'partition · offset', number: true }];

export function showLetters(status) {
  const letters = status.dead_letters ?? {};
  const reasons = Object.entries(letters.by_reason ?? {}).sort((a, b) => b[1] - a[1]);
  const figure = byId('letters-figure');
  const words = reasons.slice(0, 3).map(([reason, n]) => `${count(n)} ${reason}`).join(' · ');
  if (figure.dataset.said !== `${letters.total}${words}`) {
    figure.dataset.said = `${letters.total}${words}`;
    const all = ` in all${words ? ` · ${words}` : ''}`;
    figure.replaceChildren(element('b', { text: count(letters.total) }), all);
    put(figure, 'data-whole', count(letters.total) + all);
  }
  const place = byId('letters');
  if (isRead(place)) return;
  const last = letters.last ?? [];
  if (last.length === 0) return nothing(place, 'None.');
  list(
    table(place, LETTER_COLUMNS, 'The last dead letters, newest first'),
    last,
    () => element('tr', {}, element('td', { class: 'muted' }), element('td', {}, element('span', { class: 'badge' })), element('td', {}, element('code', { class: 'cut', dir: 'auto' }), element('span', { class: 'cut muted', dir: 'auto' })), element('td', { class: 'number' })),
    (node, { time, reason, detail, partition, offset, text }) => {
      const [when, why, record, where] = node.children;
      say(when, clock(time));
      say(why.firstElementChild, String(reason ?? DASH));
      put(why.firstElementChild, 'class', `badge ${reason === 'unmatched' ? 'warn' : 'bad'}`);
      cut(record.firstElementChild, String(text ?? DASH));
      cut(record.lastElementChild, String(detail ?? DASH));
      say(where, `${count(partition)} · ${count(offset)}`);
    },
  );
}

function nothing(place, text) {
  if (place.dataset.columns === 'none' && place.textContent === text) return;
  place.dataset.columns = 'none';
  place.replaceChildren(element('p', { class: 'empty', text }));
}

const NUMBERS = /^(tinyint|smallint|int|integer|bigint|varint|counter|real|float|double|numeric|decimal)/i;

let chosen = null; // The table whose rows are shown, where there are several.

export function showRows(plan, status) {
  const tables = plan.nodes.filter((node) => node.kind === 'table');
  const rows = status.last_rows ?? [];
  if (!tables.some((node) => node.name === chosen)) chosen = tables[0]?.name ?? null;
  const choice = byId('rows-choice');
  choice.hidden = tables.length < 2;
  list(
    choice,
    tables.length < 2 ? [] : tables,
    () => {
      const button = element('button', { type: 'button', class: 'cut' });
      button.addEventListener('click', () => {
        chosen = button.textContent;
        showRows(plan, status);
      });
      return button;
    },
    (button, node) => {
      say(button, String(node.name));
      put(button, 'data-whole', String(node.name));
      put(button, 'aria-pressed', String(node.name === chosen));
    },
  );
  const place = byId('rows');
  if (place.dataset.table === String(chosen) && isRead(place)) return;
  place.dataset.table = String(chosen);
  const node = tables.find((each) => each.name === chosen);
  const own = rows.filter((row) => row.table === chosen);
  if (!node || own.length === 0) return nothing(place, 'None seen yet.');
  const columns = node.columns ?? [];
  const heads = columns.map(({ name, type }) => ({ text: String(name), number: NUMBERS.test(type ?? ''), whole: true }));
  list(
    table(place, [{ text: 'written' }, ...heads], `The last rows written to ${chosen}, newest first`),
    own,
    () => element('tr', {}, element('td', { class: 'muted' }), ...columns.map((_, i) => element('td', { class: heads[i].number ? 'number' : null }, element('span', { class: 'cut', dir: 'auto' })))),
    (line, row) => {
      say(line.children[0], clock(row.time));
      columns.forEach((_, i) => {
        const value = row.values?.[i];
        const cell = line.children[i + 1].firstElementChild;
        cut(cell, value === null ? 'NULL' : String(value ?? DASH));
        put(cell, 'class', value === null ? 'cut null' : 'cut');
      });
    },
  );
}

// -------------------------------------------------------------------------------------------------------------- incidents

const INCIDENTS_FIRST = 2;
let allIncidents = false;

export function showIncidents(status) {
  const incidents = status.incidents ?? [];
  byId('incidents-card').hidden = incidents.length === 0;
  list(
    byId('incidents'),
    allIncidents ? incidents : incidents.slice(0, INCIDENTS_FIRST),
    () => element('li', {}, element('time'), element('b'), element('span', { class: 'cut' })),
    (node, { time, kind, text }) => {
      const [when, what, words] = node.children;
      say(when, clock(time));
      put(when, 'datetime', Number.isFinite(millisOf(time)) ? new Date(millisOf(time)).toISOString() : null);
      say(what, String(kind));
      put(what, 'class', `badge ${kind === 'failed' ? 'bad' : kind === 'waiting' ? 'warn' : kind === 'recovered' ? 'good' : 'none'}`);
      cut(words, String(text ?? DASH));
    },
  );
  const more = byId('incidents-more');
  more.hidden = incidents.length <= INCIDENTS_FIRST;
  put(more, 'aria-expanded', String(allIncidents));
  say(more, allIncidents ? 'Show fewer' : `Show all ${incidents.length}`);
  more.onclick = () => {
    allIncidents = !allIncidents;
    showIncidents(status);
  };
}
