// The page: asks the engine for its plan and its history, listens to its events, and says when it has lost it. An event is a
// whole status; the latest counts. While the page is hidden it holds no connection.

import { amount, byId, clock, count, duration, milliseconds, millisOf, put, say } from './text.js';
import { Pipeline, showLeaving } from './pipeline.js';
import { Samples, TimeChart, showFigure, spansOf } from './charts.js';
import { showIncidents, showLetters, showLookups, showOutcomes, showRows } from './panels.js';
import { Listening } from './listening.js';
import { showRunbook, watchRunbook } from './runbook.js';
import { markCutTexts, watchWholeTexts } from './whole.js';

const SILENCE_LIMIT_MS = 4000; // An event comes every second; without one for so long, the engine is taken as lost.
const RETRY_MS = 1000;

const WORDS = {
  starting: ['◌', 'Starting'],
  running: ['●', 'Running'],
  waiting: ['▲', 'Waiting'],
  failed: ['■', 'Failed'],
  stopping: ['◌', 'Stopping'],
  finished: ['✓', 'Finished'],
  lost: ['■', 'No answer'],
};

const samples = new Samples();
const pipeline = new Pipeline(byId('pipeline'));
const listening = new Listening();
const charts = {
  rate: new TimeChart(byId('rate-chart'), { series: [{ name: 'in', tone: '--blue', area: true }, { name: 'written', tone: '--teal' }], format: amount, marks: true, least: 1 }),
  latency: new TimeChart(byId('latency-chart'), { series: [{ name: 'p50', tone: '--blue', area: true }, { name: 'p99', tone: '--amber' }], format: milliseconds, marks: false, least: 1 }),
  lag: new TimeChart(byId('lag-chart'), { series: [{ name: 'records', tone: '--blue', area: true }], format: count, marks: false, least: 4 }),
};

let plan = null;
let planText = '';
let status = null;
let receivedAt = 0; // performance.now() of the last status.
let lostSince = null; // Milliseconds since 1970, while the engine does not answer.
let refused = false;
let stream = null;
let retry = 0;
let visit = 0; // Answers to an earlier visit are not used.

// -------------------------------------------------------------------------------------------------------------- connection

async function connect() {
  disconnect();
  const own = ++visit;
  try {
    const [newPlan, history] = await Promise.all([ask('api/plan'), ask('api/history')]);
    if (own !== visit) return;
    takePlan(newPlan);
    samples.takeHistory(history);
  } catch (fault) {
    if (own === visit) lost(fault);
    return;
  }
  stream = new EventSource('api/live');
  stream.addEventListener('status', (event) => {
    if (own === visit) take(JSON.parse(event.data));
  });
  stream.addEventListener('error', () => own === visit && lost());
  receivedAt = performance.now();
}

async function ask(path) {
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(SILENCE_LIMIT_MS) });
  if (!answer.ok) throw Object.assign(new Error(`${path}: ${answer.status}`), { refused: answer.status === 401 || answer.status === 403 });
  return answer.json();
}

function disconnect() {
  ++visit;
  clearTimeout(retry);
  stream?.close();
  stream = null;
}

function lost(fault) {
  disconnect();
  refused = fault?.refused ?? false;
  lostSince ??= Date.now() - (status ? performance.now() - receivedAt : 0);
  showState();
  if (!document.hidden) retry = setTimeout(connect, RETRY_MS);
}

function take(newStatus) {
  // The plan is known once the pipeline has been read, which may be after the page was opened.
  if (plan.nodes.length === 0 || (status && status.ready !== newStatus.ready)) askForPlan();
  status = newStatus;
  receivedAt = performance.now();
  lostSince = null;
  samples.takeStatus(status);
  show();
}

async function askForPlan() {
  const own = visit;
  try {
    const newPlan = await ask('api/plan');
    if (own !== visit) return;
    takePlan(newPlan);
    if (status) show();
  } catch {
    // The next status asks again, or says that the engine is away.
  }
}

function takePlan(newPlan) {
  const text = JSON.stringify(newPlan);
  if (text === planText) return;
  plan = newPlan;
  planText = text;
  say(byId('name'), String(plan.pipeline));
  put(byId('name'), 'data-whole', String(plan.pipeline));
  pipeline.show(plan);
  listening.show(plan);
}

// ----------------------------------------------------------------------------------------------------------------- showing

function show() {
  showState();
  pipeline.update(status);
  showLeaving(byId('leaving'), plan, status);
  showCharts();
  showIncidents(status);
  showOutcomes(status);
  showLookups(plan, status);
  showLetters(status);
  showRows(plan, status);
  listening.update(status);
  markCutTexts();
}

function showState() {
  const state = lostSince !== null ? 'lost' : (status?.state ?? 'starting');
  const [sign, word] = Object.hasOwn(WORDS, state) ? WORDS[state] : ['●', String(state)];
  const awaited = state === 'waiting' && status.waiting_for ? ` for ${status.waiting_for.name}` : '';
  const pill = byId('pill');
  put(pill, 'data-state', state);
  pill.replaceChildren(`${sign} ${word}${awaited}`);
  put(pill, 'data-whole', `${word}${awaited}`);
  put(document.body, 'data-stale', lostSince !== null && status !== null ? '' : null);
  document.title = `${sign} ${word}${awaited}${plan ? ` · ${plan.pipeline}` : ''} · Turntable`;

  const [first, rest] = sentences(state);
  const sentence = byId('sentence');
  if (sentence.dataset.said !== `${first}|${rest}`) {
    sentence.dataset.said = `${first}|${rest}`;
    const strong = document.createElement('b');
    strong.textContent = first;
    sentence.replaceChildren(strong, rest ? ` ${rest}` : '');
    put(sentence, 'data-whole', `${first} ${rest}`);
  }
  // Told aloud when it changes in kind, not with each new figure.
  const said = byId('said');
  const kind = `${state}|${status?.waiting_for?.node ?? ''}|${status?.waiting_for?.since ?? ''}`;
  if (said.dataset.kind !== kind) {
    said.dataset.kind = kind;
    say(said, `${word}${awaited}. ${first} ${rest}`);
  }
  showRunbook(lostSince === null ? status?.runbook : null);
  showMeta();
}

// The first sentence is what counts.
function sentences(state) {
  if (state === 'lost') {
    if (refused) return ['The engine does not let this page in.', 'Open the address that it printed at its start again, with its token.'];
    const ago = duration(Math.floor((Date.now() - lostSince) / 1000));
    const begun = `The engine has not answered since ${clock(lostSince)}, for ${ago}.`;
    return status ? [begun, `What stands below is from then. This page asks again every second.`] : [begun, 'This page asks again every second.'];
  }
  const text = String(status?.sentence ?? 'This page asks the engine how it is.');
  const end = text.search(/[.:!?]\s/);
  return end > 0 && end < 160 ? [text.slice(0, end + 1), text.slice(end + 2)] : [text, ''];
}

function showMeta() {
  const parts = [];
  if (status) {
    const lanes = new Set((status.partitions ?? []).map(({ lane }) => lane)).size;
    if (lanes > 0) parts.push(lanes === 1 ? '1 lane' : `${lanes} lanes`);
    const up = (millisOf(status.time) - millisOf(status.started_at)) / 1000;
    if (Number.isFinite(up)) parts.push(`up ${duration(Math.floor(up))}`);
    if (status.last_write_at) parts.push(`last write ${clock(status.last_write_at)}`);
  }
  if (plan) parts.push(`Turntable ${plan.version}`);
  say(byId('meta'), parts.join(' · '));
}

function showCharts() {
  const { rates = {}, latency_ms: latency } = status;
  const columns = samples.columns();
  // With several tables, of the records: each counts once.
  const tables = Object.values(rates.tables ?? {});
  const written = tables.length === 1 ? tables[0] : samples.rate('written');
  showFigure(byId('rate-figure'), [{ key: 'blue', value: amount(rates.consumed), text: 'in' }, { key: 'teal', value: amount(written), text: 'written' }]);
  showFigure(byId('latency-figure'), [{ key: 'blue', value: milliseconds(latency?.p50), text: 'p50' }, { key: 'amber', value: milliseconds(latency?.p99), text: 'p99' }]);
  showFigure(byId('lag-figure'), [{ value: duration(status.lag_seconds), text: '' }, { value: count(status.lag), text: status.lag === 1 ? 'record' : 'records' }]);
  moveCharts(columns);
}

// The time axis goes on while the engine is silent: what is not known is seen as a gap at its end.
function moveCharts(columns = samples.columns()) {
  if (!status) return;
  const now = (millisOf(status.time) + performance.now() - receivedAt) / 1000;
  const spans = spansOf(status.incidents);
  charts.rate.show(columns, ['consumed', 'written'], now, spans);
  charts.latency.show(columns, ['p50', 'p99'], now, spans);
  charts.lag.show(columns, ['lag'], now, spans);
}

// ------------------------------------------------------------------------------------------------------------------- begin

watchWholeTexts();
watchRunbook();
addEventListener('resize', markCutTexts);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) disconnect();
  else connect();
});
setInterval(() => {
  if (document.hidden) return;
  if (lostSince !== null) {
    showState();
    moveCharts();
  } else if (stream && performance.now() - receivedAt > SILENCE_LIMIT_MS) lost();
}, 1000);
if (!document.hidden) connect();
