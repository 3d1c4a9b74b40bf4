/**
 * The page: asks the admin address for its data and hands it to draw.js. No build step; text from
 * the wire reaches the document as text only.
 *
 * Books and trades are asked for five times a second, /status twice; after a failure it asks more
 * and more rarely, says that it is disconnected, and shows the last data greyed.
 */
import {
  drawActive,
  drawGaps,
  drawInstrument,
  drawLadder,
  drawOffline,
  drawRates,
  drawStatus,
  drawTrades,
  makeLadder,
} from "/draw.js";
import { makePicker } from "/picker.js";

const FAST_MS = 200;
const SLOW_MS = 500;
const BACKOFF_MAX_MS = 5000;
const ANSWER_MS = 4000;
const DEPTH = 10;
const HISTORY = 120;

const hash = new URLSearchParams(location.hash.slice(1));
const token = hash.get("token");

const state = {
  /** Index of the instrument shown, or null while none is chosen. */
  instrument: null,
  wanted: hash.get("symbol"),
  instruments: [],
  failures: 0,
  last: null,
  messages: [],
  frames: [],
  hiddenPolls: 0,
};

const ladder = makeLadder(DEPTH);
const picker = makePicker((row) => choose(row.index, row.symbol));

/** Asks for JSON. Refuses on anything but an answer in time; 503 is /ready's way to say no. */
async function ask(path) {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(path, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(`${path.split("?")[0]} answered ${response.status}`);
  return response.json();
}

function choose(index, symbol) {
  state.instrument = index;
  picker.show(symbol);
  const next = new URLSearchParams(token === null ? {} : { token });
  next.set("symbol", symbol);
  history.replaceState(null, "", `#${next}`);
}

/** Chooses the symbol of the link, else the busiest instrument. */
function chooseFirst(active) {
  if (state.instrument !== null) return;
  const linked = state.instruments.find((row) => row.symbol === state.wanted);
  if (linked !== undefined) choose(linked.index, linked.symbol);
  else if (active.length > 0) choose(active[0].instrument, active[0].symbol);
}

async function pollFast() {
  if (document.hidden) return;
  const trades = ask("/api/trades?limit=60");
  if (state.instrument !== null) {
    const asked = state.instrument;
    const rows = await ask(`/api/ladder?instrument=${asked}&depth=${DEPTH}`);
    if (asked === state.instrument) drawLadder(ladder, rows);
  }
  drawTrades(await trades, choose);
}

async function pollSlow() {
  const [status, active] = await Promise.all([
    ask("/status?gaps=200"),
    ask("/api/active?limit=40"),
  ]);
  if (status.instruments > 0 && state.instruments.length === 0) await loadInstruments();
  chooseFirst(active);
  if (state.instrument !== null) {
    const asked = state.instrument;
    const said = await ask(`/api/instrument?instrument=${asked}`);
    if (asked === state.instrument) drawInstrument(said);
  }
  noteRates(status);
  drawStatus(status, state.instrument);
  drawGaps(status.channels);
  drawRates(state.messages, state.frames);
  drawActive(active, state.instrument, choose);
}

async function loadInstruments() {
  state.instruments = await ask("/api/instruments");
  state.instruments.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  picker.fill(state.instruments);
}

/** Rates between two answers, by the feed's own clock. */
function noteRates(status) {
  const now = {
    ns: status.uptime_ns,
    messages: status.messages,
    frames: status.global_sequence,
  };
  const { last } = state;
  state.last = now;
  if (last === null || now.ns <= last.ns) return;
  const seconds = (now.ns - last.ns) / 1e9;
  push(state.messages, Math.max(0, now.messages - last.messages) / seconds);
  push(state.frames, Math.max(0, now.frames - last.frames) / seconds);
}

function push(history, value) {
  history.push(value);
  if (history.length > HISTORY) history.shift();
}

/** Repeats a poll for ever, more rarely the more often it failed. */
async function repeat(poll, everyMs) {
  let failures = 0;
  for (;;) {
    const before = performance.now();
    try {
      await poll();
      failures = 0;
      drawOffline(null);
    } catch (error) {
      failures++;
      drawOffline(error instanceof Error ? error.message : String(error));
      state.last = null;
    }
    const pause = Math.min(BACKOFF_MAX_MS, everyMs * 2 ** Math.min(failures, 6));
    const left = Math.max(20, pause - (performance.now() - before));
    await new Promise((resolve) => setTimeout(resolve, left));
  }
}

repeat(pollSlow, SLOW_MS);
repeat(pollFast, FAST_MS);
// Instruments are announced over time: look again now and then.
setInterval(() => loadInstruments().catch(() => undefined), 15_000);
