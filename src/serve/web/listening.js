// What a listening history shows of people and music: who listens now, the songs that are played most, the mood by hour. It is
// made of the rows that this page has seen arrive, which are at most twenty a second; the page says so. Drawn only where a
// table has columns for it.

import { byId, cut, duration, element, list, millisOf, put, say } from './text.js';
import { HourChart } from './charts.js';
import { showBars } from './panels.js';

const PEOPLE_SHOWN = 6;
const SONGS_SHOWN = 6;
const PEOPLE_LIMIT = 1000;
const SONGS_LIMIT = 5000;
const SEEN_LIMIT = 500; // Rows that are remembered, so that none counts twice.
const MOODS = ['danceability', 'energy', 'valence'];
const COLUMNS = { person: ['name', 'person', 'person_name', 'listener', 'user', 'user_name'], song: ['song', 'song_name', 'track', 'title'] };

export class Listening {
  constructor() {
    this.reset();
    this.chart = null;
  }

  reset() {
    this.columns = null;
    this.seen = new Set();
    this.plays = 0;
    this.people = new Map(); // name → {song, time}
    this.songs = new Map(); // song → plays
    this.hours = Array.from({ length: 24 }, () => ({ plays: 0, sums: MOODS.map(() => 0) }));
  }

  show(plan) {
    this.reset();
    for (const node of plan.nodes.filter((each) => each.kind === 'table')) {
      const names = (node.columns ?? []).map(({ name }) => String(name).toLowerCase());
      const place = (choices) => choices.map((choice) => names.indexOf(choice)).find((i) => i >= 0) ?? -1;
      const columns = { table: node.name, person: place(COLUMNS.person), song: place(COLUMNS.song), hour: names.indexOf('hour'), time: names.indexOf('time') };
      columns.moods = MOODS.map((mood) => names.indexOf(mood));
      if (columns.person >= 0 && columns.song >= 0 && columns.moods.every((i) => i >= 0)) {
        this.columns = columns;
        break;
      }
    }
    byId('listening').hidden = true; // Until a row has come.
    if (this.columns && !this.chart) {
      this.chart = new HourChart(byId('mood-chart'), [
        { name: 'danceability', tone: '--blue' },
        { name: 'energy', tone: '--amber', dash: [6, 3] },
        { name: 'valence', tone: '--teal', dash: [2, 2] },
      ]);
    }
  }

  update(status) {
    if (!this.columns) return;
    const rows = (status.last_rows ?? []).filter((row) => row.table === this.columns.table);
    for (const row of [...rows].reverse()) this.take(row);
    this.write(millisOf(status.time));
  }

  take(row) {
    const key = JSON.stringify([row.time, row.values]);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    if (this.seen.size > SEEN_LIMIT) this.seen.delete(this.seen.values().next().value);
    const { person, song, moods } = this.columns;
    const values = row.values ?? [];
    ++this.plays;
    if (values[person] !== null && values[person] !== undefined) {
      const name = String(values[person]);
      this.people.delete(name); // So that a Map keeps them in the order of their last play.
      this.people.set(name, { song: String(values[song] ?? '–'), time: millisOf(row.time) });
      if (this.people.size > PEOPLE_LIMIT) this.people.delete(this.people.keys().next().value);
    }
    if (values[song] !== null && values[song] !== undefined) {
      const name = String(values[song]);
      if (this.songs.has(name) || this.songs.size < SONGS_LIMIT) this.songs.set(name, (this.songs.get(name) ?? 0) + 1);
    }
    const hour = this.hourOf(values);
    const mood = moods.map((i) => Number.parseFloat(values[i]));
    if (hour === null || mood.some((value) => !Number.isFinite(value))) return;
    ++this.hours[hour].plays;
    mood.forEach((value, i) => (this.hours[hour].sums[i] += value));
  }

  hourOf(values) {
    const { hour, time } = this.columns;
    const told = hour >= 0 ? Number.parseInt(values[hour], 10) : Number.parseInt(/[ T](\d\d):/.exec(String(values[time] ?? ''))?.[1], 10);
    return told >= 0 && told < 24 ? told : null;
  }

  write(now) {
    byId('listening').hidden = this.plays === 0;
    if (this.plays === 0) return;
    say(byId('listening-figure'), `made of the ${this.plays.toLocaleString('en-US')} ${this.plays === 1 ? 'row' : 'rows'} seen since this page was opened, at most 20 a second`);
    const people = [...this.people].slice(-PEOPLE_SHOWN).reverse();
    list(
      byId('people'),
      people,
      () => element('li', {}, element('span', { class: 'cut', dir: 'auto' }), element('span', { class: 'cut muted', dir: 'auto' }), element('span', { class: 'number muted' })),
      (node, [name, { song, time }]) => {
        const ago = (now - time) / 1000;
        cut(node.children[0], name);
        cut(node.children[1], song);
        say(node.children[2], Number.isFinite(ago) ? duration(Math.max(0, Math.round(ago))) : '–');
        put(node.children[2], 'title', 'since the row was written');
      },
    );
    const songs = [...this.songs].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, SONGS_SHOWN);
    showBars(byId('songs'), songs.map(([text, value]) => ({ text, value })));
    this.chart.show(MOODS.map((_, i) => this.hours.map(({ plays, sums }) => (plays > 0 ? sums[i] / plays : null))));
  }
}
