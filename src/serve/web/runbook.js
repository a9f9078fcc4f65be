// What to do about a fault: the section of the runbook that the engine names, shown on the page. The engine may serve the
// runbook as runbook.md; where it does not, the section's name says where to look.

import { byId, element, put, say } from './text.js';

let wanted = null;
let text = null;

export function showRunbook(anchor) {
  const valid = typeof anchor === 'string' && /^#[\w-]+$/.test(anchor) ? anchor.slice(1) : null;
  byId('runbook').hidden = valid === null;
  if (valid === wanted) return;
  wanted = valid;
  open(false);
  if (valid) say(byId('runbook-button'), valid.includes('-') ? `What to do: runbook, ${valid.replaceAll('-', ' ')}` : 'What to do: the runbook');
}

export function watchRunbook() {
  byId('runbook-button').addEventListener('click', async () => {
    const isOpen = byId('runbook-button').getAttribute('aria-expanded') === 'true';
    if (isOpen) return open(false);
    const anchor = wanted;
    const section = await sectionOf(anchor);
    if (anchor !== wanted) return;
    const place = byId('runbook-text');
    place.replaceChildren(...(section ?? [element('p', { text: `See the section “${anchor.replaceAll('-', ' ')}” of docs/RUNBOOK.md.` })]));
    open(true);
    place.focus();
  });
}

function open(is) {
  byId('runbook-text').hidden = !is;
  put(byId('runbook-button'), 'aria-expanded', String(is));
}

async function sectionOf(anchor) {
  if (text === null) {
    try {
      const answer = await fetch('runbook.md', { signal: AbortSignal.timeout(5000) });
      if (answer.ok) text = await answer.text();
    } catch {
      // Without it, the name of the section has to do.
    }
  }
  return text === null ? null : render(text, anchor);
}

const anchorOf = (heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');

// As much of Markdown as the runbook uses: headings, paragraphs, lists, code.
function render(markdown, anchor) {
  const nodes = [];
  let inside = 0; // The level of the section's heading.
  let code = null;
  let paragraph = [];
  let items = null;
  const flush = () => {
    if (paragraph.length > 0) (items ?? nodes).push(element(items ? 'li' : 'p', {}, ...inline(paragraph.join(' '))));
    paragraph = [];
  };
  const endList = () => {
    flush();
    if (items) nodes.push(element('ul', {}, ...items));
    items = null;
  };
  for (const line of markdown.split('\n')) {
    const heading = code === null ? /^(#+)\s+(.*)/.exec(line) : null;
    if (heading) {
      if (inside > 0 && heading[1].length <= inside) break;
      if (inside > 0) {
        endList();
        nodes.push(element('p', {}, element('b', { text: heading[2] })));
      } else if (anchorOf(heading[2]) === anchor) {
        inside = heading[1].length;
        nodes.push(element('h2', { text: heading[2].replaceAll('`', '') }));
      }
      continue;
    }
    if (inside === 0) continue;
    if (line.trimStart().startsWith('```')) {
      if (code === null) endList();
      else nodes.push(element('pre', { tabindex: '0', text: code.join('\n') }));
      code = code === null ? [] : null;
    } else if (code !== null) code.push(line);
    else if (/^ {4}\S/.test(line) && paragraph.length === 0 && items === null) nodes.push(element('pre', { tabindex: '0', text: line.slice(4) }));
    else if (/^\s*([-*]|\d+\.)\s+/.test(line)) {
      flush();
      items ??= (flush(), []);
      paragraph = [line.replace(/^\s*([-*]|\d+\.)\s+/, '')];
    } else if (line.trim() === '') endList();
    else paragraph.push(line.trim());
  }
  endList();
  return nodes.length > 0 ? nodes : null;
}

function inline(words) {
  const plain = words.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return plain.split(/(`[^`]*`|\*\*[^*]*\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith('`')) return element('code', { text: part.slice(1, -1) });
    if (part.startsWith('**')) return element('b', { text: part.slice(2, -2) });
    return part;
  });
}
