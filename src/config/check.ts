/** Checks across keys, after the schema: what each key may be alone is schema.ts's. */
import { isIPv4 } from "node:net";
import { isLoopback } from "./address.ts";
import type { Config, ListenAddress, ProtocolName, StageName, ThreadConfig } from "./config.ts";
import { SNAPSHOT_PROTOCOLS, STAGE_NAMES, TEMPLATE_PROTOCOLS } from "./config.ts";

/** What the checks need to know beside the configuration. */
export interface CheckContext {
  /** True when packets come from sockets, so that groups and endpoints are needed. */
  readonly requireRx: boolean;
  /** CPUs that the process may run on. */
  readonly cpuCount: number;
}

/** A finding; the first path is the key to blame, the others took part. */
export interface Finding {
  readonly paths: readonly string[];
  readonly text: string;
}

const LIVE_STAGES: readonly StageName[] = [
  "rx.a",
  "merge",
  "decode",
  "book",
  "publish",
  "endpoint",
];
const FILE_STAGES: readonly StageName[] = ["rx.a", "merge", "decode", "book"];

/** Finds everything that does not fit together. */
export function checkConfig(config: Config, context: CheckContext): Finding[] {
  const findings = [...checkChannel(config), ...checkRx(config, context), ...checkPublish(config)];
  if (config.pipeline.placement === "threads") {
    findings.push(...checkPlacement(config, context));
    findings.push(...checkThreads(config), ...checkCpus(config, context));
  }
  return findings;
}

function checkChannel({ channel, rx }: Config): Finding[] {
  const found: Finding[] = [];
  const needsTemplates = TEMPLATE_PROTOCOLS.includes(channel.protocol);
  if (needsTemplates !== (channel.templates !== null)) {
    const text = needsTemplates
      ? `is missing; protocol ${channel.protocol} needs it`
      : `is set, and protocol ${channel.protocol} takes no templates`;
    found.push({ paths: ["channel.templates", "channel.protocol"], text });
  }
  if (channel.marketSegment !== null && channel.protocol !== "eobi-14.1") {
    const text = `is set, and protocol ${channel.protocol} has no market segments`;
    found.push({ paths: ["channel.market_segment", "channel.protocol"], text });
  }
  if (rx.snapshot !== null) found.push(...checkSnapshot(channel.protocol, rx));
  for (const [path, address] of [
    ["rx.a", rx.a],
    ["rx.b", rx.b],
  ] as const) {
    if (address?.transport !== "soupbintcp" || channel.protocol === "itch-5.0") continue;
    const text = `is a SoupBinTCP server; protocol ${channel.protocol} comes by multicast`;
    found.push({ paths: [path, "channel.protocol"], text });
  }
  return found;
}

function checkSnapshot(protocol: ProtocolName, rx: Config["rx"]): Finding[] {
  const found: Finding[] = [];
  const { snapshot } = rx;
  if (!SNAPSHOT_PROTOCOLS.includes(protocol)) {
    const text = `is set, and protocol ${protocol} has no snapshot channel`;
    found.push({ paths: ["rx.snapshot", "channel.protocol"], text });
  }
  if (snapshot !== null && "transport" in snapshot) {
    found.push({ paths: ["rx.snapshot"], text: "is a server; snapshots come by multicast" });
  }
  for (const [path, address] of [
    ["rx.a", rx.a],
    ["rx.b", rx.b],
  ] as const) {
    if (address?.group !== snapshot?.group || address?.port !== snapshot?.port) continue;
    found.push({ paths: ["rx.snapshot", path], text: `is the same group and port as ${path}` });
  }
  return found;
}

function checkRx(config: Config, context: CheckContext): Finding[] {
  const { rx, merge } = config;
  const found: Finding[] = [];
  if (context.requireRx && rx.a === null) {
    found.push({ paths: ["rx.a"], text: "is missing; feed A needs GROUP:PORT" });
  }
  if (rx.a !== null && rx.b !== null && rx.iface === rx.ifaceB) {
    if (rx.a.group === rx.b.group && rx.a.port === rx.b.port) {
      found.push({ paths: ["rx.b", "rx.a"], text: "is the same group and port as rx.a" });
    }
  }
  for (const [path, address] of [
    ["rx.a", rx.a],
    ["rx.b", rx.b],
  ] as const) {
    if (context.requireRx || address?.transport === undefined || isIPv4(address.group)) continue;
    found.push({ paths: [path], text: "is a server by name; a capture has IPv4 addresses only" });
  }
  if (merge.windowPackets >= rx.frames) {
    const text = `= ${merge.windowPackets} is not below rx.frames = ${rx.frames}`;
    found.push({ paths: ["merge.window_packets", "rx.frames"], text });
  }
  if (rx.path === "dgram" && rx.timestamps !== "off") {
    const text = `= "${rx.timestamps}" needs rx.path recvmmsg; dgram delivers no stamps`;
    found.push({ paths: ["rx.timestamps", "rx.path"], text });
  }
  if (rx.path === "dgram" && rx.busyPollUs > 0) {
    const text = `= ${rx.busyPollUs} needs rx.path recvmmsg; dgram cannot busy-poll`;
    found.push({ paths: ["rx.busy_poll_us", "rx.path"], text });
  }
  return found;
}

function checkPublish(config: Config): Finding[] {
  const { publish, admin } = config;
  const found: Finding[] = [];
  const listeners: [string, ListenAddress | null][] = [
    ["publish.listen", publish.listen],
    ["publish.listen_b", publish.listenB],
    ["admin.listen", admin.listen],
  ];
  for (const [i, [path, address]] of listeners.entries()) {
    if (address === null) continue;
    if (!isLoopback(address.host) && publish.token === null && !publish.open) {
      const text = `= ${address.host} is beyond loopback; set publish.token or publish.open = true`;
      found.push({ paths: [path, "publish.token", "publish.open"], text });
    }
    for (const [other, taken] of listeners.slice(0, i)) {
      if (taken !== null && taken.port === address.port && taken.port !== 0) {
        if (taken.host !== address.host) continue;
        found.push({ paths: [path, other], text: `is the same address as ${other}` });
      }
    }
  }
  return found;
}

function checkPlacement(config: Config, context: CheckContext): Finding[] {
  const found: Finding[] = [];
  const paths = ["pipeline.thread"];
  const placed = config.pipeline.threads.flatMap((thread) => thread.stages);
  const needed = new Set(context.requireRx ? LIVE_STAGES : FILE_STAGES);
  if (context.requireRx && config.rx.b !== null) needed.add("rx.b");
  for (const stage of needed) {
    if (!placed.includes(stage)) found.push({ paths, text: `gives stage ${stage} to no thread` });
  }
  for (const stage of new Set(placed)) {
    const times = placed.filter((other) => other === stage).length;
    if (times > 1) found.push({ paths, text: `gives stage ${stage} to a thread ${times} times` });
  }
  if (comesBack(config)) {
    const text =
      "sends packets back to an earlier thread: two full rings could wait for each other";
    found.push({ paths, text });
  }
  return found;
}

/** True when a packet's way leaves a thread and returns to it, directly or over others. */
function comesBack(config: Config): boolean {
  const { threads } = config.pipeline;
  const at = (stage: StageName): number => threads.findIndex((t) => t.stages.includes(stage));
  for (const rx of ["rx.a", "rx.b"] as const) {
    const way = STAGE_NAMES.filter((stage) => stage === rx || !stage.startsWith("rx."))
      .map(at)
      .filter((thread) => thread >= 0);
    const left = way.filter((thread, i) => i === 0 || thread !== way[i - 1]);
    if (new Set(left).size < left.length) return true;
  }
  return false;
}

function checkThreads(config: Config): Finding[] {
  const found: Finding[] = [];
  const threads = config.pipeline.threads;
  for (const [i, thread] of threads.entries()) {
    const path = `pipeline.thread.${i}`;
    if (threads.slice(0, i).some((other) => other.name === thread.name)) {
      found.push({ paths: [`${path}.name`], text: `= "${thread.name}" is another thread's too` });
    }
    const loop = `${path}.loop`;
    if (thread.loop === "event") continue;
    if (thread.stages.includes("endpoint")) {
      found.push({ paths: [loop], text: `= "spin" runs stage endpoint, which needs "event"` });
    }
    for (const stage of ["rx.a", "rx.b"] as const) {
      const address = stage === "rx.a" ? config.rx.a : config.rx.b;
      if (address?.transport === undefined || !thread.stages.includes(stage)) continue;
      const text = `= "spin" runs ${stage} over TCP, which needs "event"`;
      found.push({ paths: [loop, stage], text });
    }
    if (config.rx.path === "dgram" && thread.stages.some((stage) => stage.startsWith("rx."))) {
      const text = `= "spin" runs rx by rx.path dgram, which needs "event"`;
      found.push({ paths: [loop, "rx.path"], text });
    }
    if (
      config.rx.path === "dgram" &&
      config.rx.snapshot !== null &&
      thread.stages.includes("decode")
    ) {
      const text = `= "spin" runs decode, which receives rx.snapshot by dgram and needs "event"`;
      found.push({ paths: [loop, "rx.snapshot", "rx.path"], text });
    }
  }
  return found;
}

function checkCpus(config: Config, context: CheckContext): Finding[] {
  const found: Finding[] = [];
  const { threads, force } = config.pipeline;
  // A yielding thread takes all that nobody else wants: it counts as spinning.
  const spinning = threads.filter((thread) => ["spin", "yield"].includes(thread.idle));
  const pinned = new Set(spinning.filter(isPinned).map((thread) => thread.cpu));
  const taken = pinned.size + spinning.filter((thread) => !isPinned(thread)).length;
  if (taken > context.cpuCount - 1 && !force) {
    const text =
      `has spinning threads on ${taken} of ${context.cpuCount} cpus; ` +
      "one must stay free (pipeline.force = true allows it)";
    found.push({ paths: ["pipeline.thread", "pipeline.force"], text });
  }
  for (const [i, thread] of threads.entries()) {
    const sharing = threads.filter((other) => isPinned(other) && other.cpu === thread.cpu);
    if (thread.fifo === 0) continue;
    const paths = [`pipeline.thread.${i}.fifo`, `pipeline.thread.${i}.cpu`];
    if (!isPinned(thread)) {
      found.push({ paths, text: `= ${thread.fifo} needs a cpu of its own` });
    } else if (sharing.length > 1) {
      const names = sharing.map((other) => other.name).join(", ");
      found.push({
        paths,
        text: `= ${thread.fifo} needs cpu ${thread.cpu} alone; it has ${names}`,
      });
    }
  }
  return found;
}

function isPinned(thread: ThreadConfig): boolean {
  return thread.cpu !== null;
}
