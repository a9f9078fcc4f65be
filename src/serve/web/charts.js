// The three charts with one time axis, drawn by uPlot. Samples come from /api/history and go on with what is live. A time in
// which the engine stood still, or was away, is a gap. What happened is marked: a dashed line where something began, a band
// while it lasted.

import { clock, duration, element, known, list, millisOf, put, say } from './text.js';

const SPAN_SECONDS = 900;
const SPAN_LEAST_SECONDS = 60; // Of a run that began a moment ago, not a quarter of an hour of nothing.
const SAMPLES_LIMIT = 400; // Kept in the page; the span has 180.

// ---------------------------------------------------------------------------------------------------------------- samples

export class Samples {
  constructor() {
    this.interval = 5;
    this.kept = []; // {t, consumed, written, lag, p50_ms, p99_ms}: t in seconds; counters are totals.
    this.tail = null; // What is live, until it is old enough to be kept.
  }

  // What the engine knows replaces what the page saw itself; what is older than that stays.
  takeHistory({ interval_seconds: interval, fields, samples }) {
    if (known(interval) && interval > 0) this.interval = interval;
    const told = samples.map((values) => {
      const sample = Object.fromEntries(fields.map((name, i) => [name, values[i]]));
      return { ...sample, t: millisOf(sample.time) / 1000 };
    });
    const first = told.length > 0 ? told[0].t : Infinity;
    this.kept = [...this.kept.filter((sample) => sample.t < first), ...told].slice(-SAMPLES_LIMIT);
    this.tail = null;
  }

  takeStatus(status) {
    const t = millisOf(status.time) / 1000;
    const last = this.kept.at(-1);
    if (!Number.isFinite(t) || (last && t <= last.t)) return;
    const { consumed, written } = status.counts ?? {};
    const latency = status.latency_ms ?? {};
    const sample = { t, consumed, written, lag: status.lag, p50_ms: latency.p50 ?? null, p99_ms: latency.p99 ?? null };
    if (!last || t - last.t >= this.interval - 0.5) {
      this.kept.push(sample);
      this.kept = this.kept.slice(-SAMPLES_LIMIT);
      this.tail = null;
    } else this.tail = t - last.t >= 2 ? sample : null; // Over less, a rate is mostly noise.
  }

  // The rate of a counter over the last ten seconds or so; null where it is not known.
  rate(name) {
    const all = this.tail ? [...this.kept, this.tail] : this.kept;
    const last = all.at(-1);
    const before = all.findLast((sample) => last.t - sample.t >= 9) ?? all[0];
    if (!before || last === before || last.t - before.t > 5 * this.interval || !known(last[name]) || !known(before[name])) return null;
    return last[name] >= before[name] ? (last[name] - before[name]) / (last.t - before.t) : null;
  }

  // Columns for uPlot. A rate is that of the time since the sample before.
  columns() {
    const columns = { t: [], consumed: [], written: [], p50: [], p99: [], lag: [] };
    const add = (t, values) => {
      columns.t.push(t);
      for (const name of ['consumed', 'written', 'p50', 'p99', 'lag']) columns[name].push(values[name] ?? null);
    };
    let before = null;
    for (const sample of this.tail ? [...this.kept, this.tail] : this.kept) {
      const seconds = before ? sample.t - before.t : 0;
      const stalled = before !== null && seconds > 2.5 * this.interval;
      if (stalled) add(before.t + 0.001, {});
      const rate = (name) => {
        if (!before || stalled || seconds <= 0 || !known(sample[name]) || !known(before[name])) return null;
        return sample[name] >= before[name] ? (sample[name] - before[name]) / seconds : null;
      };
      add(sample.t, { consumed: rate('consumed'), written: rate('written'), p50: sample.p50_ms, p99: sample.p99_ms, lag: sample.lag });
      before = sample;
    }
    return columns;
  }
}

// --------------------------------------------------------------------------------------------------------------- incidents

// From newest first to spans of time: a wait lasts until the recovery after it.
export function spansOf(incidents) {
  const spans = [];
  let open = null;
  for (const incident of [...(incidents ?? [])].reverse()) {
    const t = millisOf(incident.time) / 1000;
    if (!Number.isFinite(t)) continue;
    if (incident.kind === 'recovered') {
      if (open) {
        open.until = t;
        open.label = `waited ${duration(t - open.t)}`;
      }
      open = null;
    } else if (incident.kind === 'waiting') {
      if (open) continue;
      open = { t, until: null, kind: 'waiting', label: 'waiting' };
      spans.push(open);
    } else spans.push({ t, until: t, kind: incident.kind, label: String(incident.kind).slice(0, 20) });
  }
  return spans;
}

// ------------------------------------------------------------------------------------------------------------------ charts

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function translucent(hex, share) {
  return hex + Math.round(share * 255).toString(16).padStart(2, '0');
}

export class TimeChart {
  // series: [{name, tone, area, dash}]; columns: their names in Samples.columns().
  constructor(place, { series, format, marks, least }) {
    Object.assign(this, { place, series, format, marks, least });
    this.at = place.parentElement.querySelector('.at');
    this.from = place.parentElement.querySelector('.axis span');
    this.spans = [];
    this.data = [[0], ...series.map(() => [null])];
    this.range = [0, SPAN_SECONDS];
    new ResizeObserver(() => {
      const width = Math.floor(place.clientWidth);
      if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: this.height() });
      else if (!this.plot && width > 0) this.build();
    }).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.build());
  }

  height() {
    return 140;
  }

  build() {
    const width = Math.floor(this.place.clientWidth);
    if (width <= 0) return;
    this.plot?.destroy();
    const muted = colour('--muted');
    const font = '11px system-ui, "DejaVu Sans", sans-serif';
    this.plot = new uPlot(
      {
        width,
        height: this.height(),
        padding: [18, 2, 4, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: 'time', setSeries: false } },
        scales: { x: { time: false, range: () => this.range }, y: { range: (_, __, most) => [0, Math.max(this.least, (most ?? 0) * 1.12)] } },
        axes: [
          { show: false },
          {
            size: 46, gap: 6, font, stroke: muted, ticks: { show: false },
            grid: { stroke: colour('--line'), width: 1 }, space: 36,
            values: (_, values) => values.map((value) => (value === null ? '' : this.format(value))),
          },
        ],
        series: [
          {},
          ...this.series.map(({ tone, area, dash }) => ({
            stroke: colour(tone), width: 1.75, dash, spanGaps: false, points: { show: false },
            fill: area ? translucent(colour(tone), 0.12) : undefined,
          })),
        ],
        hooks: { draw: [(plot) => this.mark(plot)], setCursor: [(plot) => this.read(plot)] },
      },
      this.data,
      this.place,
    );
  }

  show(columns, names, now, spans) {
    const minutes = Math.ceil(Math.max(SPAN_LEAST_SECONDS, now - (columns.t[0] ?? now)) / 60);
    const span = Math.min(SPAN_SECONDS, 60 * minutes);
    this.range = [now - span, now];
    this.span = `${span / 60} min`;
    if (this.from) say(this.from, `${this.span} ago`);
    this.spans = spans;
    this.data = [columns.t, ...names.map((name) => columns[name])];
    if (!this.plot) this.build();
    else this.plot.setData(this.data);
    this.tell();
  }

  // The same in words.
  tell() {
    const [times, ...rows] = this.data;
    const words = rows.map((row, i) => {
      const seen = row.filter((value, k) => value !== null && times[k] >= this.range[0]);
      if (seen.length === 0) return `${this.series[i].name}: not known`;
      const low = this.format(Math.min(...seen));
      const high = this.format(Math.max(...seen));
      return `${this.series[i].name}: between ${low} and ${high}, last ${this.format(seen.at(-1))}`;
    });
    const happened = this.spans.filter((span) => span.t >= this.range[0]).map((span) => `${clock(span.t * 1000)} ${span.label}`);
    const title = this.place.parentElement.querySelector('h2')?.textContent ?? '';
    put(this.place, 'aria-label', `Chart, ${title}, the last ${this.span}. ${words.join('; ')}.${happened.length ? ` Marked: ${happened.join(', ')}.` : ''}`);
  }

  // Under the pointer: the values of that time, below the chart.
  read(plot) {
    const i = plot.cursor.idx;
    if (!this.at) return;
    if (i === null || i === undefined || plot.cursor.left < 0 || this.data[0][i] === undefined) return say(this.at, '');
    const values = this.series.map(({ name }, k) => `${this.data[k + 1][i] === null ? '–' : this.format(this.data[k + 1][i])} ${name}`);
    say(this.at, `${clock(this.data[0][i] * 1000)}: ${values.join(', ')}`);
  }

  mark(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const place = (t) => plot.valToPos(Math.min(Math.max(t, this.range[0]), this.range[1]), 'x', true);
    const seen = this.spans.filter((span) => (span.until ?? Infinity) >= this.range[0] && span.t <= this.range[1]);
    ctx.save();
    ctx.font = `600 ${10.5 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
    ctx.textBaseline = 'bottom';
    ctx.textAlign = 'left';
    let free = Infinity; // Labels are set from the newest on, where there is room.
    for (const span of seen.reverse()) {
      const tone = colour(span.kind === 'failed' ? '--bad' : span.kind === 'waiting' ? '--warn' : '--muted');
      const left = place(span.t);
      const right = place(span.until ?? this.range[1]);
      ctx.fillStyle = translucent(tone, 0.12);
      if (right - left > ratio) ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.strokeStyle = tone;
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      if (!this.marks) continue;
      const wide = ctx.measureText(span.label).width;
      const x = Math.min(left, bbox.left + bbox.width - wide);
      if (x + wide + 8 * ratio > free) continue;
      free = x;
      ctx.fillStyle = tone;
      ctx.fillText(span.label, x, bbox.top - 3 * ratio);
    }
    ctx.restore();
  }
}

// Three lines over the hours of a day; a lone hour is a point.
export class HourChart {
  constructor(place, series) {
    this.place = place;
    this.series = series;
    this.data = [[...Array(24).keys()], ...series.map(() => Array(24).fill(null))];
    new ResizeObserver(() => {
      const width = Math.floor(place.clientWidth);
      if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: 150 });
      else if (!this.plot && width > 0) this.build();
    }).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.build());
  }

  build() {
    const width = Math.floor(this.place.clientWidth);
    if (width <= 0) return;
    this.plot?.destroy();
    const axis = { font: '11px system-ui, "DejaVu Sans", sans-serif', stroke: colour('--muted'), ticks: { show: false } };
    this.plot = new uPlot(
      {
        width,
        height: 150,
        padding: [10, 20, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [0, 23] }, y: { range: [0, 1] } },
        axes: [
          { ...axis, grid: { show: false }, size: 24, splits: () => [0, 6, 12, 18, 23], values: (_, hours) => hours.map((hour) => `${hour}:00`) },
          { ...axis, grid: { stroke: colour('--line'), width: 1 }, size: 40, gap: 6, splits: () => [0, 0.25, 0.5, 0.75, 1] },
        ],
        series: [{}, ...this.series.map(({ tone, dash }) => ({ stroke: colour(tone), width: 1.75, dash, points: { show: true, size: 5, fill: colour(tone) } }))],
      },
      this.data,
      this.place,
    );
  }

  show(rows) {
    const text = JSON.stringify(rows);
    if (text === this.shown) return;
    this.shown = text;
    this.data = [[...Array(24).keys()], ...rows];
    if (!this.plot) this.build();
    else this.plot.setData(this.data);
    const words = this.series.map(({ name }, i) => {
      const hours = rows[i].map((value, hour) => (value === null ? null : `${hour}:00 ${value.toFixed(2)}`)).filter(Boolean);
      return `${name} ${hours.length > 0 ? hours.join(', ') : 'not known'}`;
    });
    put(this.place, 'aria-label', `Chart, mood by hour of the plays seen, from 0 to 1. ${words.join('; ')}.`);
  }
}

// What stands at the right of a chart's title: figures with their words, {key, value, text}; the first is the one that counts.
export function showFigure(place, parts) {
  list(
    place,
    parts,
    () => element('span', { class: 'part-of' }, element('b'), element('span')),
    (node, { key, value, text }) => {
      put(node, 'class', key ? `part-of key ${key}` : 'part-of');
      say(node.children[0], value);
      say(node.children[1], ` ${text}`);
    },
  );
}

