/**
 * The schema of the configuration: every key with its type, bound, default and sentence, once.
 * docs/configuration.md is made from it. Cold path only: zod costs 120 ms to import, so nothing
 * that a worker loads may import this file.
 */
import { z } from "zod";
import { IDLE_NAMES } from "../core/idle.ts";
import { isPowerOfTwo } from "../core/layout.ts";
import { type Parsed, parseFeed, parseListen } from "./address.ts";
import { PROTOCOL_NAMES, STAGE_NAMES } from "./config.ts";

/** A whole number from `min` to `max`. */
function whole(min: number, max: number, fallback: number, help: string) {
  return z.int().min(min).max(max).default(fallback).describe(help);
}

/** A power of two from `min` to `max`. */
function power(min: number, max: number, fallback: number, help: string) {
  return z
    .int()
    .min(min)
    .max(max)
    .refine(isPowerOfTwo, "is not a power of two")
    .default(fallback)
    .describe(`${help} A power of two.`);
}

/** One of some words. */
function oneOf<const T extends readonly [string, ...string[]]>(
  names: T,
  fallback: T[number],
  help: string,
) {
  return z.enum(names).default(fallback).describe(help);
}

function flag(help: string) {
  return z.boolean().default(false).describe(help);
}

/** An address that must be there. */
function address<T>(parse: (text: string) => Parsed<T>, fallback: string, help: string) {
  return z
    .string()
    .transform((text, context) => taken(parse(text), text, context))
    .prefault(fallback)
    .describe(help);
}

/** An address that may be left out, or be the empty string. */
function maybeAddress<T>(parse: (text: string) => Parsed<T>, help: string) {
  return z
    .string()
    .transform((text, context) => (text === "" ? null : taken(parse(text), text, context)))
    .prefault("")
    .describe(`${help} Empty: none.`);
}

function taken<T>(parsed: Parsed<T>, text: string, context: z.RefinementCtx): T {
  if ("value" in parsed) return parsed.value;
  context.issues.push({ code: "custom", message: parsed.reason, input: text });
  return z.NEVER;
}

/** A text of a SoupBinTCP login. */
function soupText(max: number, help: string) {
  return z
    .string()
    .regex(new RegExp(`^[\\x21-\\x7e]{0,${max}}$`), `is not 0 to ${max} printable ASCII characters`)
    .default("")
    .describe(help);
}

const ipv4 = z.ipv4("is not an IPv4 address");

const channel = z.strictObject({
  name: z
    .string()
    .regex(/^[\x21-\x7e]{1,32}$/, "is not 1 to 32 printable ASCII characters")
    .default("itch")
    .describe("Name of the channel in /status and /ready."),
  protocol: oneOf(
    PROTOCOL_NAMES,
    "itch-5.0",
    "Protocol of the packets: ITCH 5.0 in MoldUDP64 (or SoupBinTCP), EOBI 14.1, or FAST.",
  ),
  market_segment: z
    .union([z.literal("first"), z.int32()], 'is neither "first" nor a market segment (i32)')
    .transform((segment) => (segment === "first" ? null : segment))
    .prefault("first")
    .describe(
      "EOBI: market segment (product) to follow, of those that share the group; `first` is the " +
        "first one seen. Packets of others are dropped and counted.",
    ),
  templates: z
    .string()
    .transform((path) => (path === "" ? null : path))
    .prefault("")
    .describe("File of FAST templates (XML); for protocols of that family only. Empty: none."),
  start: z
    .union([z.literal("first"), z.int().min(1)], 'is neither "first" nor a sequence number from 1')
    .transform((start) => (start === "first" ? null : start))
    .prefault("first")
    .describe("First sequence to apply; `first` is the lowest seen in the first 50 ms."),
});

const rx = z.strictObject({
  path: oneOf(
    ["auto", "recvmmsg", "dgram"],
    "auto",
    "Receive path; `auto` is recvmmsg where the addon is built, else dgram; the others never fall back.",
  ),
  a: maybeAddress(
    parseFeed,
    "Group and port of feed A, or `soup://HOST:PORT` of a SoupBinTCP server.",
  ),
  b: maybeAddress(parseFeed, "The same of feed B."),
  snapshot: maybeAddress(
    parseFeed,
    "Group and port of the venue's snapshots (EOBI, FAST), received by the thread of decode: a late " +
      "joiner, and everybody after a gap, gets true books from them.",
  ),
  iface: ipv4.default("127.0.0.1").describe("Address of the interface that joins the groups."),
  iface_b: ipv4.optional().describe("The same for feed B, when it differs."),
  frame_bytes: z
    .int()
    .min(256)
    .max(65_536)
    .multipleOf(64)
    .default(2048)
    .describe("Bytes of a packet frame, a multiple of 64; longer packets are dropped and counted."),
  frames: whole(64, 1_048_576, 8192, "Packet frames of each feed."),
  batch: whole(1, 256, 64, "Packets a receive call."),
  rcvbuf_bytes: whole(
    0,
    1_073_741_823,
    0,
    "Receive buffer of each socket; a size that the kernel refuses is fatal. 0 takes what it gives, up to 8 MiB.",
  ),
  busy_poll_us: whole(0, 1_000_000, 0, "SO_BUSY_POLL, µs; 0 off. recvmmsg only."),
  timestamps: oneOf(
    ["off", "software", "hardware"],
    "off",
    "Receive stamps by the kernel or the card. recvmmsg only.",
  ),
});

const soup = z.strictObject({
  username: soupText(6, "User name for SoupBinTCP servers."),
  password: z
    .string()
    .regex(/^[\x21-\x7e]{1,10}$/, "is not 1 to 10 printable ASCII characters")
    .optional()
    .describe("Password. In the file or NYQ_SOUP__PASSWORD, never a flag."),
  session: soupText(10, "Session to ask for; empty: the current one."),
  heartbeat_ms: whole(10, 60_000, 1000, "A heartbeat goes out when nothing went out for so long."),
  silence_ms: whole(100, 600_000, 15_000, "A server that is silent for so long is lost."),
});

const merge = z.strictObject({
  window_packets: whole(16, 524_288, 2048, "Early packets held at most, both feeds together."),
  gap_messages: whole(
    1,
    1_000_000_000,
    50_000,
    "A gap is given up when so many messages beyond it wait.",
  ),
  gap_timeout_ms: whole(1, 60_000, 100, "A gap is given up when it has been open this long."),
  max_jump: whole(
    1,
    1_000_000_000_000,
    1_000_000,
    "A sequence further ahead is believed only when confirmed.",
  ),
  session_switch_ms: whole(
    1,
    600_000,
    3000,
    "A new session is taken when the old one was silent this long; above two heartbeats.",
  ),
  silent_ms: whole(1, 600_000, 2000, "A feed without a packet for this long is `silent`."),
});

const recovery = z.strictObject({
  packets: whole(
    64,
    1_048_576,
    16_384,
    "Live packets kept while the books wait for a snapshot (rx.snapshot), of rx.frame_bytes each; " +
      "when there are more the oldest goes.",
  ),
});

const book = z.strictObject({
  orders: whole(1024, 16_777_216, 2_097_152, "Resting orders at most, all instruments together."),
  levels: whole(1024, 8_388_608, 524_288, "Price levels at most, all instruments together."),
  instruments: whole(1, 65_536, 65_536, "Instruments at most."),
});

const publish = z.strictObject({
  listen: address(parseListen, "127.0.0.1:9001", "Address of the WebSocket endpoint."),
  listen_b: maybeAddress(parseListen, "Address of the B endpoint."),
  server: oneOf(["ws", "uws"], "ws", "WebSocket server; `uws` needs uWebSockets.js installed."),
  token: z
    .string()
    .regex(/^[\x21-\x7e]{8,256}$/, "is not 8 to 256 printable ASCII characters")
    .optional()
    .describe("Bearer token that clients show. In the file or NYQ_PUBLISH__TOKEN, never a flag."),
  open: flag("Allows listening beyond loopback without a token."),
  origins: z
    .array(z.string().regex(/^https?:\/\/[^/\s]+$/, "is not an origin such as https://host"))
    .max(64)
    .default([])
    .describe("Origins whose pages may connect; others that send an Origin are refused."),
  bus_frames: power(1024, 16_777_216, 262_144, "Frames that the bus retains, 96 bytes each."),
  max_clients: whole(1, 65_536, 256, "Clients at most, both endpoints together."),
  client_buffer_bytes: whole(
    65_536,
    1_073_741_824,
    8_388_608,
    "Unsent bytes at which a client is closed as too slow.",
  ),
  max_snapshots: whole(1, 64, 4, "Snapshots under way at the same time."),
  snapshot_timeout_ms: whole(
    100,
    600_000,
    30_000,
    "Time in which a client must take its snapshot.",
  ),
});

const admin = z.strictObject({
  listen: address(
    parseListen,
    "127.0.0.1:9100",
    "Address of /metrics, /live, /ready, /status and the page.",
  ),
});

const thread = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9.-]{0,14}$/, "is not 1 to 15 of a-z 0-9 . - with a letter first")
    .describe("Name, also shown by ps and perf."),
  cpu: z
    .int()
    .min(0)
    .max(4095)
    .optional()
    .transform((cpu) => cpu ?? null)
    .describe("CPU that the thread is pinned to; left out: any."),
  idle: oneOf(IDLE_NAMES, "sleep", "What the thread does when there is no work."),
  loop: oneOf(
    ["spin", "event"],
    "spin",
    "`event` runs slices on Node's event loop; sockets of Node need it.",
  ),
  fifo: whole(0, 99, 0, "SCHED_FIFO priority; 0 off. Needs a cpu of its own."),
  stages: z
    .array(z.enum(STAGE_NAMES))
    .min(1)
    .max(STAGE_NAMES.length)
    .describe("Stages that the thread runs."),
});

const pipeline = z.strictObject({
  placement: oneOf(
    ["inline", "threads"],
    "inline",
    "`inline` runs every stage on the main thread's event loop; `threads` as listed.",
  ),
  thread: z.array(thread).max(16).default([]).describe("Threads, for placement `threads`."),
  mlock: flag("Locks all memory; a failure is fatal."),
  force: flag("Allows spinning threads on every cpu."),
  ring_slots: power(64, 1_048_576, 4096, "Slots of a ring between two threads."),
  stop_timeout_ms: whole(100, 60_000, 4000, "Time for draining after a stop signal."),
  warm_up_messages: whole(
    0,
    20_000_000,
    600_000,
    "Generated ITCH messages that the stages are driven with before the feed is ready; 0: none. " +
      "Other protocols have no warm-up, which is said at start.",
  ),
});

const reference = z.strictObject({
  file: z
    .string()
    .transform((path) => (path === "" ? null : path))
    .prefault("")
    .describe(
      "CSV with a header: instrument (instrument_id, security_id, secid: an id or a symbol), tick " +
        "(tick_size, price_tick, minimum_price_increment, min_price_increment) and, for ticks that " +
        "change with the price, from (from_price, start_price). Empty: none.",
    ),
  ticks: z
    .array(z.string())
    .max(65_536)
    .default([])
    .describe('Ticks that win over the file, `"INSTRUMENT=TICK"` each, e.g. `"AAPL=0.01"`.'),
});

const log = z.strictObject({
  level: oneOf(["debug", "info", "warn", "error"], "info", "Least level that is logged."),
});

/** The schema of the whole file; its output is still in snake_case (see load.ts). */
export const CONFIG_SCHEMA = z.strictObject({
  channel: channel.prefault({}).describe("The multicast channel."),
  rx: rx.prefault({}).describe("Receiving packets."),
  soup: soup.prefault({}).describe("Logging in to SoupBinTCP servers, for feeds over TCP."),
  merge: merge.prefault({}).describe("Arbitration of feeds A and B."),
  recovery: recovery.prefault({}).describe("Waiting for a snapshot, where `rx.snapshot` is given."),
  book: book.prefault({}).describe("Sizes of the books. All memory is taken at start."),
  publish: publish.prefault({}).describe("Serving raw-v1 over WebSocket."),
  admin: admin.prefault({}).describe("Metrics, health, status and the page over HTTP."),
  pipeline: pipeline.prefault({}).describe("Which stage runs on which thread."),
  reference: reference
    .prefault({})
    .describe(
      "Ticks and reference data of instruments; prices off their tick are kept and counted.",
    ),
  log: log.prefault({}).describe("Logging, to stderr."),
});

/** What a configuration is before its keys are mapped to camelCase. */
export type SnakeConfig = z.output<typeof CONFIG_SCHEMA>;
