/**
 * What a running feed says of itself: /status, /ready, /metrics and the page's data, from shared
 * memory and from the endpoint's thread. Thread: main.
 */
import { Directory } from "../book/directory.ts";
import { MonotonicClock } from "../core/clock.ts";
import { Counters } from "../core/counters.ts";
import { Histogram } from "../core/histogram.ts";
import { bigFromHalves } from "../core/layout.ts";
import { ForeignPackets, UnknownTypes } from "../core/odd-input.ts";
import type { ReferenceRow } from "../core/reference.ts";
import { slotRingFill } from "../core/slot-ring.ts";
import { RecoveryState } from "../decode/eobi/recovery.ts";
import type { StateReader } from "../decode/state-rows.ts";
import { type MergeStatus, MergeStatusReader } from "../merge/status.ts";
import type { AdminProviders, ReadyReason } from "../metrics/admin-server.ts";
import { C } from "../metrics/counter-table.ts";
import { OddInputLog } from "../metrics/odd-input-log.ts";
import { Metrics, type Sample } from "../metrics/prometheus.ts";
import { THREAD_STATUS_DOUBLES, ThreadStatus } from "./loop.ts";
import type { Plan } from "./plan.ts";
import { protocolOf } from "./protocols.ts";
import type { EndpointQueries } from "./queries.ts";
import { VERSION } from "./version.ts";

const SAMPLE_MS = 1000;
const STALLED_NS = 3e9;
const WAITING = RecoveryState.WAITING;
/** Stale instruments that /status names. */
const STALE_SHOWN = 100;
/** Halted and paused instruments that /status names. */
const HALTED_SHOWN = 100;
const QUANTILES = [0.5, 0.9, 0.99, 0.999] as const;

/** Everything that the admin server asks for. */
export class FeedStatus implements AdminProviders {
  readonly #plan: Plan;
  readonly #queries: EndpointQueries;
  readonly #clock: MonotonicClock;
  readonly #counters: Counters;
  readonly #latency: Histogram;
  readonly #merge: MergeStatusReader;
  readonly #directory: Directory;
  /** DecodeParts.stale. */
  readonly #staleFlags: Uint8Array;
  readonly #metrics: Metrics;
  readonly #threads: Float64Array;
  readonly #reference: ReadonlyMap<string, ReferenceRow>;
  readonly #unknownTypes: UnknownTypes;
  readonly #state: StateReader | null;
  readonly #foreign: ForeignPackets;
  readonly #oddInputLog = new OddInputLog();
  /** Cycles and busy cycles of each thread at the last sample, and the share between the two. */
  readonly #seen: Float64Array;
  readonly #busy: Float64Array;
  readonly #timer: NodeJS.Timeout;
  #draining = false;
  #overrun = false;
  #sampling = false;
  /** Names of the threads that have not moved for STALLED_NS. */
  #stalled = "";
  readonly #log: (line: string) => void;

  /** @param log takes one line each, e.g. of a thread that has stalled */
  constructor(plan: Plan, queries: EndpointQueries, log: (line: string) => void) {
    this.#log = log;
    this.#plan = plan;
    this.#queries = queries;
    this.#clock = new MonotonicClock(plan.origin);
    this.#counters = new Counters(plan.counters);
    this.#latency = new Histogram(plan.latency);
    this.#merge = new MergeStatusReader(plan.mergeStatus);
    this.#directory = new Directory(plan.directory);
    this.#staleFlags = new Uint8Array(plan.stale);
    this.#threads = new Float64Array(plan.threadStatus);
    const { state } = protocolOf(plan.config);
    this.#state = state && plan.state && state.reader(plan.state);
    this.#reference = new Map(plan.reference?.map((row) => [row.key, row]));
    this.#unknownTypes = new UnknownTypes(plan.oddInput);
    this.#foreign = new ForeignPackets(plan.oddInput);
    this.#seen = new Float64Array(plan.threads.length * 2);
    this.#busy = new Float64Array(plan.threads.length);
    this.#metrics = new Metrics({
      counters: this.#counters.values,
      histograms: [
        {
          name: "nyq_packet_to_frame_seconds",
          help: "From rx's reading of the clock for a packet to its frames on the bus.",
          histogram: this.#latency,
        },
      ],
      samples: () => this.#samples(),
      version: VERSION,
    });
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS).unref();
  }

  /** /ready says `draining` from now on. */
  drain(): void {
    this.#draining = true;
    clearInterval(this.#timer);
  }

  /** Merge's picture, as in /status. */
  mergeStatus(): ReturnType<MergeStatusReader["read"]> {
    return this.#merge.read();
  }

  /** A counter's value; `slot` from the counter table. */
  counter(slot: number): number {
    return this.#counters.get(slot);
  }

  async status(): Promise<object> {
    const { channel } = this.#plan.config;
    const endpoint = await this.#queries.state();
    this.#overrun = endpoint.overrun;
    const merge = this.#merge.read();
    const stale = this.#staleness(merge);
    this.#clock.update();
    return {
      channels: [
        {
          name: channel.name,
          protocol: channel.protocol,
          session: this.#sessionOf(merge),
          next_seq: merge.nextSeq,
          in_sync: merge.inSync,
          gaps: merge.gaps,
          gaps_total: merge.gapsTotal,
          stale: await this.#stale(stale.lateJoin || stale.gap, endpoint.instruments),
          halted: this.#state?.halted(HALTED_SHOWN) ?? { count: 0, instruments: [] },
          market: this.#state?.market() ?? [],
          feeds: {
            a: this.#feed(merge.feeds.a, 0),
            ...(this.#plan.config.rx.b === null ? {} : { b: this.#feed(merge.feeds.b, 1) }),
          },
        },
      ],
      stages: this.#stages(),
      clients: endpoint.clients,
      global_sequence: endpoint.cursor,
      book_hash: endpoint.bookHash,
      instruments: endpoint.instruments,
      live_orders: endpoint.liveOrders,
      version: VERSION,
      uptime_ns: this.#clock.elapsedNs[0],
      messages: this.#counters.get(C.DECODE_MESSAGES),
      frames: this.#counters.get(C.PUBLISH_FRAMES),
      unknown_types: this.#unknownTypes.byId(),
      off_tick: this.#counters.get(C.BOOK_OFF_TICK),
      latency: this.#latencyFacts(),
      ready: this.ready(),
    };
  }

  ready(): { ok: boolean; reasons: ReadyReason[] } {
    const merge = this.#merge.read();
    const channel = this.#plan.config.channel.name;
    const reasons: ReadyReason[] = [];
    if (!merge.started) reasons.push({ channel, reason: "no-data" });
    const stale = this.#staleness(merge);
    if (stale.lateJoin) reasons.push({ channel, reason: "late-join" });
    if (stale.gap || this.#refused() > 0) reasons.push({ channel, reason: "gap" });
    if (this.#overrun) reasons.push({ channel, reason: "overrun" });
    if (this.#stalled !== "") reasons.push({ channel, reason: "stalled" });
    if (this.#draining) reasons.push({ channel, reason: "draining" });
    return { ok: reasons.length === 0, reasons };
  }

  metrics(): Promise<string> {
    return this.#metrics.render();
  }

  async ladder(instrument: number, depth: number): Promise<object | null> {
    if (instrument >= this.#plan.config.book.instruments) return null;
    const ladder = await this.#queries.ladder(instrument, depth);
    return { instrument, id: this.#idOf(instrument), symbol: this.#nameOf(instrument), ...ladder };
  }

  async instrument(instrument: number): Promise<object | null> {
    if (instrument >= this.#plan.config.book.instruments) return null;
    const said = this.#state?.instrument(instrument) ?? { messages: [], participants: [] };
    const id = this.#idOf(instrument);
    const known = { instrument, id, symbol: this.#nameOf(instrument), ...said };
    if (this.#plan.reference === null) return known;
    const symbol = this.#directory.symbolOf(instrument);
    const row = this.#reference.get(id) ?? this.#reference.get(symbol);
    return { ...known, reference: row ?? null };
  }

  async trades(limit: number): Promise<object> {
    const trades = await this.#queries.trades(limit);
    return trades.map((trade) => ({
      ...trade,
      id: this.#idOf(trade.instrument),
      symbol: this.#nameOf(trade.instrument),
    }));
  }

  async active(limit: number): Promise<object> {
    const active = await this.#queries.active(limit);
    return active.map((row) => ({
      ...row,
      id: this.#idOf(row.instrument),
      symbol: this.#nameOf(row.instrument),
    }));
  }

  async instruments(): Promise<object> {
    const list: { index: number; id: string; symbol: string }[] = [];
    for (let index = 0; index < this.#plan.config.book.instruments; index++) {
      const symbol = this.#nameOf(index);
      if (symbol !== "") list.push({ index, id: this.#idOf(index), symbol });
    }
    return list;
  }

  #feed<T extends object>(facts: T, feed: number): object {
    return {
      ...facts,
      kernel_drops: this.#counters.get(C.RX_KERNEL_DROPS_A + feed),
      foreign: this.#counters.get(C.MERGE_FOREIGN_A + feed),
    };
  }

  /** With a snapshot channel neither a late join nor a gap is for good. */
  #staleness(merge: MergeStatus): { readonly lateJoin: boolean; readonly gap: boolean } {
    const { lateJoin, gapStale } = merge;
    const state = this.#counters.get(C.RECOVERY_STATE);
    const recovers = this.#plan.config.rx.snapshot !== null || state !== RecoveryState.NEW;
    if (!recovers) return { lateJoin, gap: gapStale };
    const isWaiting = state === WAITING;
    const isGap = this.#counters.get(C.RECOVERY_GAPS) > 0;
    // Heartbeats alone so far: what there was before is missing all the same.
    const isNew = state === RecoveryState.NEW && lateJoin;
    return { lateJoin: isNew || (isWaiting && !isGap), gap: isWaiting && isGap };
  }

  /** As people say it: text of a transport's header, or what the protocol makes of its words. */
  #sessionOf({ session, sessionWords }: MergeStatus): string | null {
    const { sessionText } = protocolOf(this.#plan.config);
    return session === null || sessionText === null ? session : sessionText(sessionWords);
  }

  /** The symbol, else the id where ids are told, else nothing. */
  #nameOf(instrument: number): string {
    const symbol = this.#directory.symbolOf(instrument);
    return symbol === "" && instrument < this.#directory.idsTold()
      ? this.#idOf(instrument)
      : symbol;
  }

  /** instrument_id on the wire, as decimal text. */
  #idOf(instrument: number): string {
    const { lo, hi } = this.#directory;
    return bigFromHalves(lo[instrument] as number, hi[instrument] as number).toString();
  }

  /** Instruments whose books are stale by themselves. */
  #staleBooks(): number[] {
    const stale: number[] = [];
    for (let i = 0; i < this.#directory.idsTold(); i++)
      if (this.#staleFlags[i] !== 0) stale.push(i);
    return stale;
  }

  /**
   * More than 0 while books lack what was refused for want of room: orders until a new session,
   * instruments for good.
   */
  #refused(): number {
    const counters = this.#counters;
    return counters.get(C.BOOK_INCOMPLETE) + counters.get(C.DECODE_NO_INSTRUMENT);
  }

  /** A late joiner missed the directory, so instruments that only show by frames count too. */
  async #stale(
    all: boolean,
    live: number,
  ): Promise<{ all: boolean; count: number; instruments: number[] }> {
    const stale = this.#staleBooks();
    if (stale.length > 0 && this.#refused() === 0) {
      const isAll = stale.length === this.#directory.idsTold();
      return { all: isAll, count: stale.length, instruments: stale.slice(0, STALE_SHOWN) };
    }
    if (!all && this.#refused() === 0) return { all: false, count: 0, instruments: [] };
    const active = await this.#queries.active(STALE_SHOWN);
    const known = new Set(active.map((row) => row.instrument));
    for (let index = 0; index < this.#plan.config.book.instruments; index++) {
      if (this.#nameOf(index) !== "") known.add(index);
    }
    const instruments = [...known].sort((a, b) => a - b).slice(0, STALE_SHOWN);
    return { all: true, count: Math.max(known.size, live), instruments };
  }

  #stages(): object[] {
    const { threads, steps } = this.#plan;
    return threads.flatMap((thread, index) =>
      thread.stages.map((name) => {
        const rings = steps.filter((step) => step.to === name);
        const slots = rings.reduce((total, step) => total + step.ring.capacitySlots, 0);
        const fill = rings.reduce((total, step) => total + slotRingFill(step.ring), 0);
        return {
          name,
          thread: thread.name,
          cpu: thread.cpu,
          work: this.#threads[index * THREAD_STATUS_DOUBLES + ThreadStatus.WORK],
          ring_fill: slots === 0 ? 0 : fill / slots,
          busy: this.#busy[index],
        };
      }),
    );
  }

  #latencyFacts(): object {
    const facts: Record<string, number> = { count: this.#latency.count() };
    for (const q of QUANTILES) facts[`p${String(q * 100).replace(".", "_")}_ns`] = this.#at(q);
    facts["max_ns"] = this.#latency.max();
    return facts;
  }

  #at(q: number): number {
    return this.#latency.quantile(q);
  }

  #samples(): Sample[] {
    const { threads, steps } = this.#plan;
    const samples: Sample[] = threads.map((thread, index) => ({
      name: "nyq_thread_busy_ratio",
      help: "Share of a thread's duty cycles that found work, over the last second.",
      kind: "gauge",
      labels: { thread: thread.name },
      value: this.#busy[index] ?? 0,
    }));
    for (const { from, to, ring } of steps) {
      samples.push({
        name: "nyq_ring_fill_slots",
        help: "Slots of a ring between two threads that wait to be read.",
        kind: "gauge",
        labels: { from, to },
        value: slotRingFill(ring),
      });
    }
    const unknown = this.#unknownTypes;
    for (const { id, count } of unknown.list()) samples.push(unknownSample(String(id), count));
    samples.push(unknownSample("other", unknown.others()));
    return samples;
  }

  async #sample(): Promise<void> {
    for (let i = 0; i < this.#plan.threads.length; i++) {
      const at = i * THREAD_STATUS_DOUBLES;
      const cycles = this.#threads[at + ThreadStatus.CYCLES] ?? 0;
      const busy = this.#threads[at + ThreadStatus.BUSY] ?? 0;
      const passed = cycles - (this.#seen[2 * i] ?? 0);
      this.#busy[i] = passed === 0 ? 0 : (busy - (this.#seen[2 * i + 1] ?? 0)) / passed;
      this.#seen[2 * i] = cycles;
      this.#seen[2 * i + 1] = busy;
    }
    this.#watch();
    this.#tellOddInput();
    if (this.#sampling) return;
    this.#sampling = true;
    // An endpoint that has ended answers nothing more; the supervisor tells why.
    this.#overrun = await this.#queries.state().then(
      (state) => state.overrun,
      () => this.#overrun,
    );
    this.#sampling = false;
  }

  #tellOddInput(): void {
    this.#clock.update();
    const nowNs = this.#clock.elapsedNs[0] as number;
    const log = this.#oddInputLog;
    const lines = log.lines(nowNs, this.#unknownTypes, this.#foreign);
    const off = this.#counters.get(C.BOOK_OFF_TICK);
    const text = (fresh: number): string => `prices off their tick: ${fresh}, ${off} in all`;
    const offLine = log.line(nowNs, "off tick", off, text);
    for (const line of offLine === null ? lines : [...lines, offLine]) this.#log(line);
  }

  /** Notices threads whose loop does not come round any more. */
  #watch(): void {
    this.#clock.update();
    const since = (this.#clock.elapsedNs[0] as number) - STALLED_NS;
    const stalled = this.#plan.threads
      .filter((_, i) => {
        const seen = this.#threads[i * THREAD_STATUS_DOUBLES + ThreadStatus.SEEN_NS] as number;
        return seen > 0 && seen < since;
      })
      .map((thread) => thread.name)
      .join(", ");
    if (stalled === this.#stalled) return;
    this.#stalled = stalled;
    this.#log(stalled === "" ? "all threads move again" : `stalled threads: ${stalled}`);
  }
}

function unknownSample(id: string, value: number): Sample {
  return {
    name: "nyq_decode_unknown_messages_total",
    help: "Messages of a type that the protocol does not have, by its letter's code or template id.",
    kind: "counter",
    labels: { id },
    value,
  };
}
