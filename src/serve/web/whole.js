// Shows the whole of a text that is cut (data-whole) when it has the focus or the pointer: one tooltip for the page. Texts that
// are cut at the moment can be reached with the Tab key, others need not be.

import { byId } from './text.js';

let shownFor = null;

function show(node) {
  const tip = byId('tip');
  const text = node.getAttribute('data-whole');
  if (!text) return;
  shownFor = node;
  tip.textContent = text;
  tip.hidden = false;
  node.setAttribute('aria-describedby', 'tip');
  place(node, tip);
}

function place(node, tip) {
  const box = node.getBoundingClientRect();
  const width = tip.offsetWidth;
  const height = tip.offsetHeight;
  const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - width - 8));
  const below = box.bottom + 6;
  const fits = below + height < document.documentElement.clientHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${fits ? below : Math.max(8, box.top - height - 6)}px`;
}

function hide() {
  if (shownFor) shownFor.removeAttribute('aria-describedby');
  shownFor = null;
  byId('tip').hidden = true;
}

const target = (event) => (event.target instanceof Element ? event.target.closest('[data-whole]') : null);
const isCut = (node) => node.hasAttribute('data-always') || node.scrollWidth > node.clientWidth + 1 || (node.id === 'sentence' && node.scrollHeight > node.clientHeight + 1);

export function watchWholeTexts() {
  document.addEventListener('focusin', (event) => {
    hide();
    const node = target(event);
    if (node && node === event.target) show(node);
  });
  document.addEventListener('focusout', hide);
  document.addEventListener('pointerover', (event) => {
    if (event.target instanceof Element && event.target.closest('#tip')) return;
    const node = target(event);
    if (node && isCut(node)) show(node);
    else if (shownFor && shownFor !== document.activeElement) hide();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
  });
  document.addEventListener('scroll', () => shownFor && place(shownFor, byId('tip')), { capture: true, passive: true });
}

// After texts or widths have changed.
export function markCutTexts() {
  const nodes = [...document.querySelectorAll('[data-whole]:not([data-always])')];
  const cuts = nodes.map(isCut); // All measured before anything changes: the layout is computed once.
  nodes.forEach((node, i) => {
    if (cuts[i]) node.setAttribute('tabindex', '0');
    else if (node !== document.activeElement) node.removeAttribute('tabindex');
  });
  if (shownFor && !shownFor.isConnected) hide();
}
