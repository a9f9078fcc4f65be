// Draws the pipeline from /api/plan, with live rates on its arrows, and marks where records wait. Lying where there is room,
// upright on a phone. It is drawn anew when the plan or the width changes; in between only texts and marks change.

import { amount, bytes, connector, count, drawn, duration, element, known, list, millisOf, percent, put, say } from './text.js';
import { inOrder, layOut } from './layout.js';

const BOX_HEIGHT = 58;
const ROW = 74;
const GAP_LEAST = 84;
const BOX_LEAST = 132;
const BOX_MOST = 270;
const UPRIGHT_GAP = 34;
const PADDING = 14;

export class Pipeline {
  constructor(place) {
    this.place = place;
    this.plan = null;
    this.status = null;
    this.width = 0;
    this.boxes = [];
    this.arrows = [];
    new ResizeObserver(() => {
      const width = Math.floor(this.place.clientWidth);
      if (width !== this.width && width > 0) {
        this.width = width;
        this.draw();
      }
    }).observe(place);
  }

  show(plan) {
    this.plan = plan;
    this.layout = layOut(plan);
    this.draw();
  }

  update(status) {
    this.status = status;
    this.write();
  }

  draw() {
    if (!this.plan || this.width === 0) return;
    const { columns } = this.layout;
    const box = Math.min(BOX_MOST, Math.floor((this.width - (columns - 1) * GAP_LEAST - 4) / columns));
    this.boxes = [];
    this.arrows = [];
    const svg = drawn('svg', { class: 'pipeline', role: 'group', 'aria-label': 'The pipeline, from its source to its tables' });
    if (box >= BOX_LEAST) this.drawLying(svg, box);
    else this.drawUpright(svg);
    this.place.replaceChildren(svg);
    this.write();
  }

  drawLying(svg, box) {
    const { columns, rows, places, arrows } = this.layout;
    const gap = columns > 1 ? (this.width - columns * box - 4) / (columns - 1) : 0;
    const x = (place) => 2 + place.column * (box + gap);
    const y = (place) => 2 + BOX_HEIGHT / 2 + place.row * ROW;
    const height = 4 + BOX_HEIGHT + (rows - 1) * ROW;
    size(svg, this.width, height);
    const labelled = new Set();
    for (const arrow of arrows) {
      const { from, to, bends } = arrow;
      let path = `M ${x(from) + box} ${y(from)}`;
      let before = { column: from.column, y: y(from) };
      for (const next of [...bends, to]) {
        const start = 2 + before.column * (box + gap) + box;
        path += step(start + Math.min(18, gap / 4), before.y, y(next));
        path += ` H ${next === to ? x(to) - 8 : x(next) + box}`;
        before = { column: next.column, y: y(next) };
      }
      const bent = y(from) !== y(to);
      const left = x(to) - gap + (bent ? Math.min(18, gap / 4) : 0);
      const label = labelled.has(to) ? null : { x: (left + x(to) - 8) / 2, y: y(to) - 8, anchor: 'middle', width: x(to) - left - 10 };
      labelled.add(to);
      this.addArrow(svg, arrow, path, [x(to) - 1, y(to), 'right'], label);
    }
    for (const place of places) this.addBox(svg, place, x(place), y(place) - BOX_HEIGHT / 2, box);
  }

  drawUpright(svg) {
    const order = inOrder(this.layout);
    const width = this.width - 4;
    let y = 2;
    order.forEach((place, i) => {
      if (place.from.length > 0) {
        const above = order[i - 1];
        const direct = place.from.length === 1 && place.from[0] === above;
        const label = { x: 40, y: y + UPRIGHT_GAP / 2 + 4, anchor: 'start', width: width - 44 };
        label.from = direct ? '' : ` from ${place.from.map((before) => titleOf(before.node)).join(' and ')}`;
        const start = direct ? y : y + 8;
        this.addArrow(svg, { from: place.from[0], to: place }, `M 24 ${start} V ${y + UPRIGHT_GAP - 8}`, [24, y + UPRIGHT_GAP - 1, 'down'], label);
        y += UPRIGHT_GAP;
      } else if (i > 0) y += 10;
      this.addBox(svg, place, 2, y, width);
      y += BOX_HEIGHT;
    });
    size(svg, this.width, y + 2);
  }

  addArrow(svg, arrow, path, [x, y, direction], label) {
    const head = direction === 'right' ? `M ${x} ${y} l -8 -4.5 v 9 z` : `M ${x} ${y} l -4.5 -8 h 9 z`;
    const group = drawn('g', { class: 'arrow', 'aria-hidden': 'true' }, drawn('path', { class: 'line', d: path }), drawn('path', { class: 'tip-of', d: head }));
    let text = null;
    if (label) {
      text = drawn('text', { x: label.x, y: label.y, 'text-anchor': label.anchor });
      group.append(text);
    }
    svg.append(group);
    this.arrows.push({ group, text, label, from: arrow.from, to: arrow.to });
  }

  addBox(svg, place, x, y, width) {
    const title = drawn('text', { class: 'title', x: x + PADDING, y: y + 25 });
    const line = drawn('text', { class: 'line2', x: x + PADDING, y: y + 44 });
    const box = drawn('rect', { x, y, width, height: BOX_HEIGHT, rx: 7 });
    const group = drawn('g', { class: 'box', role: 'img', tabindex: '0', 'data-kind': place.node.kind, 'data-node': place.id, 'data-always': '' });
    group.append(box, title, line);
    svg.append(group);
    this.boxes.push({ group, title, line, place, room: width - 2 * PADDING });
  }

  write() {
    if (!this.plan) return;
    const status = this.status;
    const waiting = status?.waiting_for ?? null;
    const standing = standingBoxes(this.layout, waiting);
    for (const { group, title, line, place, room } of this.boxes) {
      const isAwaited = waiting !== null && waiting.node === place.id;
      const first = titleOf(place.node);
      const second = isAwaited ? waitedText(status) : detailOf(place.node, status);
      fit(title, first, room);
      fitBest(line, isAwaited ? [second] : [second, second.replace(/^[^·]* · /, '')], room);
      put(group, 'data-mark', isAwaited ? (status.state === 'failed' ? 'failed' : 'waiting') : null);
      const whole = [first, place.node.detail, connectorOf(place.node), second];
      const text = [...new Set(whole.filter(Boolean))].join('\n');
      put(group, 'data-whole', text);
      const taken = place.from.length > 0 ? `; takes ${rateInto(place, status)} records a second` : '';
      put(group, 'aria-label', `${place.node.kind} ${text.replaceAll('\n', ', ')}${taken}`);
    }
    for (const { group, text, label, from, to } of this.arrows) {
      const idle = waiting !== null && status.state === 'waiting' && rateOf(to, status) === 0;
      const stands = idle || (standing.has(to) && standing.has(from));
      put(group, 'data-mark', stands ? 'waiting' : null);
      if (text) this.label(text, label, to, waiting, status);
    }
  }

  label(text, label, to, waiting, status) {
    const held = waiting && waiting.node === to.id && known(status?.counts?.in_flight) ? ` · ${count(status.counts.in_flight)} wait` : '';
    const rate = rateInto(to, status);
    const key = `${rate}/s${label.from ?? ''}${held}`;
    if (text.dataset.said === key) return;
    text.dataset.said = key;
    const strong = drawn('tspan', { class: 'strong', text: rate });
    const rest = drawn('tspan');
    text.replaceChildren(strong, rest);
    const from = label.from ?? '';
    fitBest(rest, [`/s${held}${from}`, `/s${held}`, `/s${from}`, '/s'], label.width - strong.getComputedTextLength());
  }
}

function size(svg, width, height) {
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('width', width);
  svg.setAttribute('height', height);
}

// From height to height at x, with round corners.
function step(x, from, to) {
  if (Math.abs(to - from) < 1) return '';
  const r = Math.min(7, Math.abs(to - from) / 2);
  const down = to > from ? 1 : -1;
  return ` H ${x - r} Q ${x} ${from} ${x} ${from + down * r} V ${to - down * r} Q ${x} ${to} ${x + r} ${to}`;
}

// SVG has no ellipsis of its own.
function fit(node, text, room) {
  if (node.dataset.fits === `${text}|${Math.round(room)}`) return;
  node.dataset.fits = `${text}|${Math.round(room)}`;
  const signs = [...text.slice(0, 400)];
  say(node, signs.join(''));
  if (text.length <= 400 && node.getComputedTextLength() <= room) return;
  let low = 0;
  let high = signs.length;
  while (low < high) {
    const half = Math.ceil((low + high) / 2);
    say(node, `${signs.slice(0, half).join('').trimEnd()}…`);
    if (node.getComputedTextLength() <= room) low = half;
    else high = half - 1;
  }
  say(node, `${signs.slice(0, low).join('').trimEnd()}…`);
}

// The first text that fits, else the last, cut.
function fitBest(node, texts, room) {
  const key = `${texts.join('|')}|${Math.round(room)}`;
  if (node.dataset.best === key) return;
  node.dataset.best = key;
  for (const text of texts.slice(0, -1)) {
    say(node, text);
    if (text.length < 200 && node.getComputedTextLength() <= room) return;
  }
  delete node.dataset.fits;
  fit(node, texts.at(-1), room);
}

function titleOf(node) {
  if (node.kind === 'lookup') return `${node.join === 'left' ? 'left join' : 'join'} ${node.name}`;
  return String(node.name);
}

const connectorOf = (node) => (node.connector ? connector(node.connector) : null);

function detailOf(node, status) {
  if (node.kind === 'filter') return node.detail ?? '';
  const parts = [connectorOf(node)];
  if (node.kind === 'source' && status) {
    const partitions = status.partitions?.length ?? 0;
    if (partitions > 0) parts.push(partitions === 1 ? '1 partition' : `${count(partitions)} partitions`);
    parts.push(`lag ${count(status.lag)}`);
  } else if (node.kind === 'lookup') {
    const lookup = status?.lookups?.find((each) => each.name === node.name);
    if (lookup) return `${count(lookup.rows)} rows · ${percent(lookup.hits, lookup.hits + lookup.misses)} found`;
  } else if (node.kind === 'table') {
    const table = status?.tables?.find((each) => each.name === node.name);
    if (table) parts.push(`${count(table.counts?.written)} written`);
  }
  return parts.filter(Boolean).join(' · ');
}

function waitedText(status) {
  const since = (millisOf(status.time) - millisOf(status.waiting_for.since)) / 1000;
  const word = status.state === 'failed' ? 'failed' : Number.isFinite(since) ? `waiting ${duration(since)}` : 'waiting';
  return `${word}: ${status.waiting_for.why ?? ''}`;
}

// Records a second that go into a box. What goes into a filter is known only where it stands right behind the source.
function rateOf(place, status) {
  const rates = status?.rates;
  const { kind, name } = place.node;
  const own = (of) => (of && Object.hasOwn(of, name) ? of[name] : null);
  if (kind === 'table') return own(rates?.tables);
  if (kind === 'lookup') return own(rates?.lookups);
  return place.from.every((before) => before.node.kind === 'source') ? rates?.consumed : null;
}

const rateInto = (place, status) => amount(rateOf(place, status));

// The box that is waited for, and all before it (behind a source: all after it).
function standingBoxes(layout, waiting) {
  const found = new Set();
  const start = waiting ? layout.places.find((place) => place.id === waiting.node) : null;
  if (!start) return found;
  const open = [start];
  while (open.length > 0) {
    const place = open.pop();
    if (found.has(place)) continue;
    found.add(place);
    open.push(...(start.node.kind === 'source' ? place.to : place.from));
  }
  return found;
}

// What leaves the pipeline, and what waits in it; below the picture.
export function showLeaving(parent, plan, status) {
  const counts = status.counts ?? {};
  const items = [];
  const share = (name, tone, always) => {
    if (!always && !(counts[name] > 0)) return;
    items.push({ tone: counts[name] > 0 ? tone : 'none', badge: counts.consumed > 0 ? percent(counts[name], counts.consumed) : null, text: `${count(counts[name])} ${name}` });
  };
  share('rejected', 'bad', true);
  share('unmatched', 'warn', true);
  share('filtered', 'none', false);
  share('tombstones', 'none', false);
  share('returned', 'none', false);
  if (counts.lost > 0) items.push({ tone: 'bad', badge: count(counts.lost), text: 'lost: deleted in Kafka before they were read' });
  const letters = plan?.dead_letters;
  const awaited = status.waiting_for?.node === 'dead_letters';
  if (letters) {
    const where = letters.connector === 'none' ? 'no dead letters are kept' : `dead letters: ${letters.detail ?? connector(letters.connector)}`;
    items.push({ tone: 'warn', badge: awaited ? 'waiting' : null, text: where });
  }
  const window = status.window ?? {};
  items.push({ badge: null, text: `${count(counts.in_flight)} in flight, ${bytes(status.held_bytes)} held` });
  if (known(window.allowed)) items.push({ badge: null, text: `window ${count(window.used)} of ${count(window.allowed)}` });
  const slowest = slowestStep(status.phases);
  if (slowest) items.push({ badge: null, text: slowest });
  list(
    parent,
    items,
    () => element('li', {}, element('b'), element('span', { class: 'cut' })),
    (node, { tone, badge, text }) => {
      const [mark, words] = node.children;
      mark.hidden = badge === null;
      put(mark, 'class', `badge ${tone}`);
      say(mark, badge ?? '');
      say(words, text);
      put(words, 'data-whole', text);
    },
  );
}

function slowestStep(phases) {
  if (!phases) return null;
  const steps = Object.entries(phases).filter(([name, seconds]) => name !== 'wait' && known(seconds));
  const all = steps.reduce((sum, [, seconds]) => sum + seconds, 0);
  if (all <= 0) return null;
  const [name, seconds] = steps.reduce((most, each) => (each[1] > most[1] ? each : most));
  return `most work: ${name}, ${percent(seconds, all)} of the time`;
}
