/** Draws what app.js was told. Only textContent, attributes and style properties are set. */

const PRICE_UNITS = 10_000;
const WHOLE = new Intl.NumberFormat("en-US");
const OFFLINE = document.getElementById("offline");

const byId = (id) => document.getElementById(id);

/** Sets a text only when it changed, so that a still page costs nothing. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function whole(value) {
  return value === null || value === undefined ? "–" : WHOLE.format(value);
}

function price(raw) {
  return (Number(raw) / PRICE_UNITS).toFixed(Number(raw) % 100 === 0 ? 2 : 4);
}

function duration(ns) {
  if (!(ns >= 0)) return "–";
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  if (ns < 60e9) return `${(ns / 1e9).toFixed(2)} s`;
  return clock(ns, false);
}

function clock(ns, millis) {
  const seconds = ns / 1e9;
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) =>
    String(Math.floor(part)).padStart(2, "0"),
  );
  const rest = millis ? `.${String(Math.floor((ns / 1e6) % 1000)).padStart(3, "0")}` : "";
  return parts.join(":") + rest;
}

/** A cell: its text, and a class. */
function cell(text, className = "") {
  return { text, className };
}

/** Fills a table's body, reusing rows and cells; `rows` is a list of lists of cells. */
function fillRows(body, rows, columns, emptyText) {
  if (rows.length === 0) {
    if (body.dataset.empty === emptyText) return;
    const row = document.createElement("tr");
    const td = document.createElement("td");
    td.className = "empty";
    td.colSpan = columns;
    td.textContent = emptyText;
    row.append(td);
    body.replaceChildren(row);
    body.dataset.empty = emptyText;
    return;
  }
  if (body.dataset.empty !== undefined) {
    delete body.dataset.empty;
    body.replaceChildren();
  }
  while (body.children.length > rows.length) body.lastElementChild.remove();
  while (body.children.length < rows.length) {
    const row = document.createElement("tr");
    for (let i = 0; i < columns; i++) row.append(document.createElement("td"));
    body.append(row);
  }
  for (const [r, cells] of rows.entries()) {
    for (const [c, value] of cells.entries()) fillCell(body.children[r].children[c], value);
  }
}

function fillCell(td, value) {
  if (value.bar !== undefined) fillBar(td, value.bar, value.text);
  else if (value.onClick !== undefined) fillButton(td, value);
  else setText(td, value.text);
  if (td.className !== value.className) td.className = value.className;
}

function fillBar(td, share, text) {
  let bar = td.querySelector(".bar");
  if (bar === null) {
    bar = document.createElement("span");
    bar.className = "bar";
    bar.append(document.createElement("b"));
    td.replaceChildren(bar);
  }
  bar.style.setProperty("--w", `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`);
  setText(bar.firstElementChild, text);
}

function fillButton(td, value) {
  let button = td.querySelector("button");
  if (button === null) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    td.replaceChildren(button);
  }
  setText(button, value.text);
  button.onclick = value.onClick;
}

function symbolCell(row, choose) {
  return {
    text: row.symbol === "" ? `#${row.instrument}` : row.symbol,
    className: "left",
    onClick: () => choose(row.instrument, row.symbol),
  };
}

/** Makes the ladder's rows once: asks from the worst down, the spread, bids from the best down. */
export function makeLadder(depth) {
  const body = byId("ladder");
  const row = (className) => {
    const tr = document.createElement("tr");
    tr.className = className;
    const classes = ["orders", "bidsize", "mid", "asksize", "orders"];
    for (const name of classes) {
      const td = document.createElement("td");
      td.className = name;
      tr.append(td);
    }
    body.append(tr);
    return tr;
  };
  const asks = Array.from({ length: depth }, () => row("ask")).reverse();
  const spread = document.createElement("tr");
  spread.className = "spread";
  const td = document.createElement("td");
  td.colSpan = 5;
  spread.append(td);
  body.append(spread);
  const bids = Array.from({ length: depth }, () => row("bid"));
  asks[0].classList.add("best");
  bids[0].classList.add("best");
  return { asks, bids, spread: td, instrument: null, sizes: { asks: new Map(), bids: new Map() } };
}

/** Draws the levels, `[px, qty, orders]` each, best first. */
export function drawLadder(ladder, { instrument, bids, asks }) {
  const most = Math.max(1, ...bids.concat(asks).map((level) => Number(level[1])));
  if (ladder.instrument !== instrument) {
    ladder.instrument = instrument;
    ladder.sizes = { asks: new Map(), bids: new Map() };
  }
  ladder.sizes.asks = drawSide(ladder.asks, asks, most, [4, 3], ladder.sizes.asks);
  ladder.sizes.bids = drawSide(ladder.bids, bids, most, [0, 1], ladder.sizes.bids);
  const [bid] = bids;
  const [ask] = asks;
  if (bid === undefined || ask === undefined) {
    setText(ladder.spread, bid === ask ? "no displayed orders" : "one side only");
    return;
  }
  const width = Number(ask[0]) - Number(bid[0]);
  const middle = (Number(ask[0]) + Number(bid[0])) / 2;
  const points = middle > 0 ? (width / middle) * 10_000 : 0;
  const state = width > 0 ? "" : width === 0 ? "  locked" : "  crossed";
  const text = `spread ${price(width)}   ${points.toFixed(1)} bp   mid ${price(middle)}${state}`;
  setText(ladder.spread, text);
}

/** Draws one side. @returns size by price, for the next time: a level whose size changed flashes */
function drawSide(rows, levels, most, [ordersAt, sizeAt], before) {
  const sizes = new Map(levels.map(([px, qty]) => [px, qty]));
  for (const [i, row] of rows.entries()) {
    const [px = "", qty = "", orders = ""] = levels[i] ?? [];
    const cells = row.children;
    setText(cells[2], px === "" ? "" : price(px));
    setText(cells[sizeAt], qty === "" ? "" : whole(Number(qty)));
    setText(cells[ordersAt], String(orders));
    const width = `${((Number(qty) / most) * 100).toFixed(1)}%`;
    if (cells[sizeAt].style.getPropertyValue("--w") !== width) {
      cells[sizeAt].style.setProperty("--w", width);
    }
    flash(row, before.has(px) && before.get(px) !== qty);
  }
  return sizes;
}

function flash(row, on) {
  row.classList.remove("flash");
  if (!on) return;
  void row.offsetWidth; // Restarts the animation.
  row.classList.add("flash");
}

const AGGRESSOR_CLASS = { buy: "up", sell: "down", unknown: "" };

export function drawTrades(trades, choose) {
  const rows = trades.map((trade) => [
    symbolCell(trade, choose),
    cell(price(trade.px), AGGRESSOR_CLASS[trade.aggressor] ?? ""),
    cell(whole(Number(trade.qty))),
    cell(clock(Number(trade.time_ns), true), "dim"),
  ]);
  fillRows(byId("trades"), rows, 4, "no trades yet");
}

export function drawActive(active, chosen, choose) {
  const most = Math.max(1, ...active.map((row) => row.frames));
  const rows = active.map((row) => [
    symbolCell(row, choose),
    cell(whole(row.frames), row.instrument === chosen ? "up" : ""),
    { text: "", className: "bar-col", bar: row.frames / most },
  ]);
  fillRows(byId("active"), rows, 3, "no instrument has moved yet");
}

export function drawGaps(channels) {
  const gaps = channels.flatMap((channel) => channel.gaps).slice(-100);
  const rows = gaps
    .toReversed()
    .map((gap) => [
      cell(whole(gap.from), "left"),
      cell(whole(gap.to), "left"),
      cell(whole(gap.to - gap.from + 1)),
      cell(gap.cause, "left dim"),
      cell(gap.outcome, `left ${OUTCOME_CLASS[gap.outcome] ?? ""}`),
      cell(gap.closed_ns === null ? "…" : duration(gap.closed_ns - gap.detected_ns)),
    ]);
  fillRows(byId("gaps"), rows, 6, "no gaps");
  const total = channels.reduce((sum, channel) => sum + channel.gaps_total, 0);
  setText(byId("gaps-total"), whole(total));
  byId("gaps-total").className = total > 0 ? "tag warn" : "tag";
}

const OUTCOME_CLASS = { filled: "up", unrecoverable: "down", open: "amber" };
const HEALTH_CLASS = { good: "up", lossy: "amber", lagging: "amber", silent: "down" };
const FEED_ROWS = [
  ["health", (feed) => cell(feed.health, HEALTH_CLASS[feed.health] ?? "")],
  ["packets", (feed) => cell(whole(feed.packets))],
  ["bytes", (feed) => cell(whole(feed.bytes))],
  ["duplicates", (feed) => cell(whole(feed.duplicates))],
  ["late", (feed) => cell(whole(feed.late))],
  ["lost messages", (feed) => cell(whole(feed.lost), feed.lost > 0 ? "amber" : "")],
  ["malformed", (feed) => cell(whole(feed.malformed), feed.malformed > 0 ? "down" : "")],
  ["kernel drops", (feed) => cell(whole(feed.kernel_drops), feed.kernel_drops > 0 ? "down" : "")],
];

/** Fields that every message has, or that the page shows elsewhere. */
const STATE_COMMON = new Set(["Stock Locate", "Tracking Number", "Timestamp", "Stock"]);
const PARTICIPANTS_SHOWN = 40;
/** SecurityTradingStatus TradingHalt. */
const EOBI_TRADING_HALT = 2;

/** A raw value; groups of fields as JSON. */
function plain(raw) {
  return typeof raw === "object" ? JSON.stringify(raw) : raw;
}

/** What the venue said last of the instrument: trading state as a tag, the rest as a list. */
export function drawInstrument({ messages, participants }) {
  // ITCH's Stock Trading Action; EOBI's InstrumentStateChange.
  const trading = messages.find(({ template_id: id }) => id === "H" || id === "13301");
  const tag = byId("trading");
  tag.hidden = trading === undefined;
  if (trading !== undefined) {
    const isItch = trading.template_id === "H";
    const name = isItch ? "Trading State" : "SecurityTradingStatus";
    const raw = trading.fields[name];
    setText(tag, trading.text[name] ?? String(raw ?? "no state"));
    tag.classList.toggle("warn", isItch ? raw !== "T" : raw === EOBI_TRADING_HALT);
  }
  const rows = messages.map(({ message, fields, text }) => {
    const said = Object.entries(fields).filter(
      ([name, raw]) => raw !== null && !STATE_COMMON.has(name),
    );
    return [message, said.map(([name, raw]) => `${name} ${text[name] ?? plain(raw)}`).join(" · ")];
  });
  if (participants.length > 0) {
    const shown = participants.slice(0, PARTICIPANTS_SHOWN);
    const list = shown.map(({ mpid, mode, state }) => `${mpid} ${mode}${state}`).join(" · ");
    const more = participants.length - shown.length;
    rows.push(["Market Participants", more > 0 ? `${list} and ${more} more` : list]);
  }
  const key = JSON.stringify(rows);
  const target = byId("state");
  if (target.dataset.key === key) return;
  target.dataset.key = key;
  target.replaceChildren(
    ...rows.flatMap(([name, said]) => {
      const [term, value] = [document.createElement("dt"), document.createElement("dd")];
      setText(term, name);
      setText(value, said);
      return [term, value];
    }),
  );
}

/** Draws everything of /status but the gaps. */
export function drawStatus(status, chosen) {
  const channel = status.channels[0];
  setText(byId("global-seq"), whole(status.global_sequence));
  setText(byId("book-hash"), status.book_hash ?? "rebuilding");
  setText(byId("uptime"), clock(status.uptime_ns, false));
  setText(byId("live-orders"), whole(status.live_orders));
  setText(byId("instruments"), whole(status.instruments));
  setText(byId("version"), `nyquestro ${status.version}`);
  if (channel !== undefined) drawChannel(channel, chosen);
  drawReady(status.ready, channel);
  drawStages(status.stages);
  drawClients(status.clients);
  drawLatency(status.latency);
}

function drawChannel(channel, chosen) {
  setText(byId("channel"), `${channel.name} · ${channel.protocol}`);
  setText(byId("session"), channel.session === "" ? "–" : (channel.session ?? "–"));
  setText(byId("next-seq"), whole(channel.next_seq));
  const rows = FEED_ROWS.map(([name, show]) => [
    cell(name, "left dim"),
    ...["a", "b"].map((feed) => {
      const facts = channel.feeds[feed];
      return facts === undefined || facts === null ? cell("–", "dim") : show(facts);
    }),
  ]);
  fillRows(byId("feeds"), rows, 3, "no feeds");
  const { all, count, instruments } = channel.stale;
  byId("stale").hidden = !(all || instruments.includes(chosen));
  byId("stale-all").hidden = count === 0;
  setText(byId("stale-all"), `${whole(count)} instruments stale`);
}

function drawReady(ready, channel) {
  const pill = byId("ready");
  const reasons = ready?.reasons.map((reason) => reason.reason) ?? [];
  const isReady = ready === undefined ? channel?.in_sync === true : ready.ok;
  setText(pill, isReady ? "ready" : `not ready: ${reasons.join(", ") || "not in sync"}`);
  pill.className = `pill ${isReady ? "good" : "warn"}`;
}

function drawStages(stages) {
  const rows = stages.map((stage) => [
    cell(stage.name, "left"),
    cell(stage.thread, "left dim"),
    cell(stage.cpu === null ? "any" : String(stage.cpu), "dim"),
    cell(whole(stage.work)),
    share(stage.ring_fill),
    share(stage.busy),
  ]);
  fillRows(byId("stages"), rows, 6, "no stages");
}

function share(value) {
  return { text: `${((value ?? 0) * 100).toFixed(0)} %`, className: "bar-col", bar: value ?? 0 };
}

function drawClients(clients) {
  const rows = clients.map((client) => [
    cell(String(client.id), "left"),
    cell(client.endpoint, "left dim"),
    cell(whole(client.cursor)),
    cell(whole(client.lag), client.lag > 10_000 ? "amber" : ""),
    cell(`${whole(client.bytes)} B`, "dim"),
  ]);
  fillRows(byId("clients"), rows, 5, "nobody is connected");
  setText(byId("clients-total"), whole(clients.length));
}

const LATENCY = [
  ["p50", "p50_ns"],
  ["p90", "p90_ns"],
  ["p99", "p99_ns"],
  ["p99.9", "p99_9_ns"],
  ["max", "max_ns"],
];

function drawLatency(latency) {
  const list = byId("latency");
  if (list.children.length === 0) {
    for (const [name] of LATENCY) {
      const group = document.createElement("div");
      const term = document.createElement("dt");
      term.textContent = name;
      group.append(term, document.createElement("dd"));
      list.append(group);
    }
  }
  for (const [i, [, key]] of LATENCY.entries()) {
    const value = latency?.count > 0 ? duration(latency[key]) : "–";
    setText(list.children[i].lastElementChild, value);
  }
}

export function drawRates(messages, frames) {
  drawRate("messages", messages, "#4cc2ff");
  drawRate("frames", frames, "#35d08f");
}

function drawRate(name, history, colour) {
  const last = history.at(-1);
  setText(byId(`rate-${name}`), last === undefined ? "–" : whole(Math.round(last)));
  const canvas = byId(`spark-${name}`);
  const scale = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  if (history.length < 2) return;
  const most = Math.max(1, ...history);
  const shown = Math.max(24, history.length) - 1; // The first minute fills the canvas sooner.
  const x = (i) => width - ((history.length - 1 - i) / shown) * width;
  const y = (value) => height - 2 * scale - (value / most) * (height * 0.8);
  context.beginPath();
  for (const [i, value] of history.entries()) context.lineTo(x(i), y(value));
  context.strokeStyle = colour;
  context.lineWidth = 1.5 * scale;
  context.stroke();
  context.lineTo(x(history.length - 1), height);
  context.lineTo(x(0), height);
  context.globalAlpha = 0.16;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}

/** Says that nothing answers, or takes that back. @param reason null when all is well */
export function drawOffline(reason) {
  const live = byId("live");
  OFFLINE.hidden = reason === null;
  document.body.classList.toggle("stalled", reason !== null);
  live.className = `pill ${reason === null ? "good" : "bad"}`;
  setText(live, reason === null ? "live" : "disconnected");
  if (reason === null) return;
  setText(OFFLINE, `Disconnected: ${reason}. What you see is old; trying again.`);
  const ready = byId("ready");
  ready.className = "pill";
  setText(ready, "ready unknown");
}
