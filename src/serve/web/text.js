// How numbers, times and foreign texts are written, and how elements are made. Data only ever becomes textContent or an
// attribute that holds plain text: nothing in this page makes markup, code or an address of it.

export const DASH = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const known = (value) => typeof value === 'number' && Number.isFinite(value);

export const count = (value) => (known(value) ? grouped.format(value) : DASH);

// A rate or another quantity that may be small: 2,412, 36.4, 0.4, 0.02, 0.
export function amount(value) {
  if (!known(value)) return DASH;
  const size = Math.abs(value);
  if (size === 0 || size >= 100) return grouped.format(value);
  if (size >= 0.1) return oneDigit.format(value).replace(/\.0$/, '');
  return String(Number(value.toPrecision(1)));
}

export function duration(seconds) {
  if (!known(seconds)) return DASH;
  const s = Math.max(0, seconds);
  if (s < 10) return `${amount(s)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${grouped.format(Math.floor(s / 86400))} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function milliseconds(ms) {
  if (!known(ms)) return DASH;
  return ms < 1000 ? `${amount(ms >= 10 ? Math.round(ms) : ms)} ms` : duration(ms / 1000);
}

export function bytes(value) {
  if (!known(value)) return DASH;
  let size = value;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (size < 1024 || unit === 'GiB') return `${unit === 'B' ? grouped.format(size) : amount(size)} ${unit}`;
    size /= 1024;
  }
  return DASH;
}

// A part that is not nothing is never written as 0 %, nor one that is not all as 100 %.
export function percent(part, whole) {
  if (!known(part) || !known(whole) || whole <= 0) return `${DASH} %`;
  const share = (100 * part) / whole;
  if (part > 0 && share < 0.01) return '<0.01 %';
  if (part < whole && share > 99.99) return '>99.99 %';
  if (share === 0 || share === 100) return `${share} %`;
  return `${share < 1 || share > 99 ? share.toFixed(2) : share.toFixed(1)} %`;
}

export const millisOf = (iso) => (typeof iso === 'string' ? Date.parse(iso) : NaN);

// In the browser's time zone; with the day where that is another one.
export function clock(time) {
  const at = new Date(typeof time === 'string' ? Date.parse(time) : time);
  if (Number.isNaN(at.getTime())) return DASH;
  const two = (n) => String(n).padStart(2, '0');
  const hours = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === new Date().toDateString()) return hours;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${hours}`;
}

const CONNECTORS = { kafka: 'Kafka', cassandra: 'Cassandra', sqlite: 'SQLite', csv: 'CSV', none: 'nowhere' };
export const connector = (name) => (Object.hasOwn(CONNECTORS, name) ? CONNECTORS[name] : String(name ?? DASH));

export const byId = (id) => document.getElementById(id);

// element('td', {class: 'number', text: '12'}, child, …)
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function drawn(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') node.textContent = value;
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Leaves the node alone if it says that already, so that neither selection nor focus is lost.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function put(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// A foreign text that the layout may cut: the whole of it is shown on focus and under the pointer (whole.js).
export function cut(node, text) {
  say(node, text);
  put(node, 'data-whole', text);
  return node;
}

// Makes the children of a parent as many as there are items, and lets `update` bring each up to date.
export function list(parent, items, make, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  items.forEach((item, i) => {
    if (i === parent.children.length) parent.append(make(item));
    update(parent.children[i], item, i);
  });
}
