/**
 * What a pipeline takes of the machine's memory, by the keys of the configuration that ask for it,
 * and whether the machine has it. Cold path, before anything is taken.
 */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { bookBytes, bookBytesMost } from "../book/bytes.ts";
import { DIRECTORY_BYTES } from "../book/directory.ts";
import { INSTRUMENTS_MAX } from "../book/layout.ts";
import type { Config } from "../config/config.ts";
import { BUS_SLOT_BYTES } from "../core/bus.ts";
import { FeedError } from "../core/errors.ts";
import { ENDPOINT_LEVELS, endpointOrdersMax } from "../publish/endpoint-books.ts";
import type { Input } from "./plan.ts";
import { protocolOf } from "./protocols.ts";
import {
  FILE_FRAMES,
  FILE_LEVELS,
  FILE_ORDERS,
  IMAGE_RING_BYTES,
  keepsState,
  ringSizes,
} from "./sizes.ts";

/** One part of what is taken. */
export interface MemoryPart {
  readonly what: string;
  /** Keys of the configuration that say how much, as `path=value`; none where nothing does. */
  readonly keys: readonly string[];
  /** Taken and touched at start. */
  readonly bytes: number;
  /** Taken later at most, beside `bytes`: by an attack, by slow clients. */
  readonly laterBytes: number;
}

/** How much memory there is for the process. */
export interface MachineMemory {
  readonly bytes: number;
  /** Where the number comes from. */
  readonly source: string;
}

/** Node, V8 and our code: measured 62 MB for the main thread, 9 MB for each worker. */
const MAIN_BYTES = 64 * 2 ** 20;
const WORKER_BYTES = 10 * 2 ** 20;
/** Bytes of a packet in merge's window, window.ts. */
const WINDOW_PACKET_BYTES = 42;
/** Beside a kept packet's bytes, recovery.ts; a row of a snapshot, snapshot.ts. */
const KEPT_PACKET_BYTES = 20;
const SNAPSHOT_ROW_BYTES = 32;
/** Of an instrument: publish's sequence; the endpoint's image cursor and frame count. */
const PUBLISH_INSTRUMENT_BYTES = 8;
const ENDPOINT_INSTRUMENT_BYTES = 16;
const MIB = 2 ** 20;

/** What a configuration takes, greatest part first. */
export function memoryParts(config: Config, input: Input): MemoryPart[] {
  const parts = input.kind === "file" ? fileParts(config, input) : liveParts(config);
  const rings = ringSizes(config, input);
  const workers = config.pipeline.placement === "inline" ? 0 : config.pipeline.threads.length;
  parts.push(part("Node and code", [], MAIN_BYTES + workers * WORKER_BYTES));
  const ringBytes = rings.reduce((sum, { slots, words }) => sum + slots * words * 4, 0);
  if (ringBytes > 0) {
    const keys = [
      `pipeline.ring_slots=${config.pipeline.ringSlots}`,
      `rx.frames=${config.rx.frames}`,
    ];
    parts.push(part("rings between threads", keys, ringBytes));
  }
  return parts.sort((a, b) => b.bytes - a.bytes);
}

function part(what: string, keys: readonly string[], bytes: number, laterBytes = 0): MemoryPart {
  return { what, keys, bytes, laterBytes };
}

function fileParts(config: Config, input: Input & { readonly kind: "file" }): MemoryPart[] {
  const { frameBytes, frames } = FILE_FRAMES[input.format];
  const { instruments } = config.book;
  const hash = input.hash === "incremental";
  const sizes = { orders: FILE_ORDERS, levels: FILE_LEVELS, instruments, hash };
  return [
    part("packet frames", [], frameBytes * frames),
    part("books, where they start", [`book.instruments=${instruments}`], bookBytes(sizes)),
    windowPart(config),
    part("directory", [`book.instruments=${instruments}`], instruments * DIRECTORY_BYTES),
    ...(keepsState(input) ? statePart(config) : []),
  ];
}

function liveParts(config: Config): MemoryPart[] {
  const { rx, book, publish } = config;
  const { instruments } = book;
  const feeds = (rx.b === null ? 1 : 2) + (rx.snapshot === null ? 0 : 1);
  const frameKeys = [`rx.frames=${rx.frames}`, `rx.frame_bytes=${rx.frameBytes}`];
  const clientKeys = [
    `publish.max_clients=${publish.maxClients}`,
    `publish.client_buffer_bytes=${publish.clientBufferBytes}`,
  ];
  const clientBytes = publish.maxClients * publish.clientBufferBytes;
  const perInstrument = DIRECTORY_BYTES + PUBLISH_INSTRUMENT_BYTES + ENDPOINT_INSTRUMENT_BYTES;
  return [
    part("packet frames", frameKeys, feeds * rx.frames * rx.frameBytes),
    ...recoveryParts(config),
    windowPart(config),
    bookPart(config),
    endpointPart(config),
    part("directory", [`book.instruments=${instruments}`], instruments * perInstrument),
    part("bus", [`publish.bus_frames=${publish.busFrames}`], publish.busFrames * BUS_SLOT_BYTES),
    part("images", [], IMAGE_RING_BYTES),
    ...statePart(config),
    part("clients that are slow", clientKeys, 0, clientBytes),
  ];
}

function statePart(config: Config): MemoryPart[] {
  const { state } = protocolOf(config);
  const { instruments } = config.book;
  if (state === null) return [];
  return [part("instrument state", [`book.instruments=${instruments}`], state.bytes(instruments))];
}

/** Later: what is kept while the books wait for a snapshot. */
function recoveryParts(config: Config): MemoryPart[] {
  const { rx, recovery, book } = config;
  const { levelBytes } = protocolOf(config);
  if (levelBytes !== undefined) {
    const instruments = [`book.instruments=${book.instruments}`];
    return [part("levels by rank", instruments, 0, levelBytes(book.instruments))];
  }
  if (rx.snapshot === null) return [];
  const keys = [
    `recovery.packets=${recovery.packets}`,
    `rx.frame_bytes=${rx.frameBytes}`,
    `book.orders=${book.orders}`,
  ];
  const kept = recovery.packets * (rx.frameBytes + KEPT_PACKET_BYTES);
  const rows = (book.orders + book.instruments) * SNAPSHOT_ROW_BYTES;
  return [part("recovery from snapshots", keys, 0, kept + rows)];
}

/** Later: tables that orders move to when their ids crowd. */
function bookPart(config: Config): MemoryPart {
  const { orders, levels, instruments } = config.book;
  const sizes = { orders, levels, instruments, hash: false };
  const keys = [`book.orders=${orders}`, `book.levels=${levels}`];
  const bytes = bookBytes(sizes);
  keys.push(`book.instruments=${instruments}`);
  return part("books", keys, bytes, bookBytesMost(sizes) - bytes);
}

/** Later: they may grow, for their thread is no hot one. */
function endpointPart(config: Config): MemoryPart {
  const { orders, instruments } = config.book;
  const levels = Math.min(orders, ENDPOINT_LEVELS);
  const bytes = bookBytes({ orders, levels, instruments, hash: true });
  const most = endpointOrdersMax(orders);
  const grown = { orders: most, levels: most >> 1, instruments: INSTRUMENTS_MAX, hash: true };
  const keys = [`book.orders=${orders}`, `book.instruments=${instruments}`];
  return part("books of the endpoint", keys, bytes, bookBytesMost(grown) - bytes);
}

function windowPart(config: Config): MemoryPart {
  const { windowPackets } = config.merge;
  const keys = [`merge.window_packets=${windowPackets}`];
  return part("merge window", keys, windowPackets * WINDOW_PACKET_BYTES);
}

/** Bytes taken at start. */
export function memoryAtStart(parts: readonly MemoryPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Refuses what the machine does not have.
 *
 * @throws FEED_MEMORY with the greatest part's keys, the sum and the bound
 */
export function checkMemory(parts: readonly MemoryPart[], machine: MachineMemory): void {
  const sum = memoryAtStart(parts);
  if (sum <= machine.bytes) return;
  const [greatest] = parts;
  if (greatest === undefined) return;
  throw new FeedError(
    "FEED_MEMORY",
    `memory at start = ${mib(sum)} > ${mib(machine.bytes)} (${machine.source}); ` +
      `most is ${greatest.what}: ${greatest.keys.join(", ")} takes ${mib(greatest.bytes)}`,
  );
}

/** Bytes as text. */
export function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;
}

/** The parts as lines, greatest first. */
export function memoryLines(parts: readonly MemoryPart[], machine: MachineMemory): string[] {
  const lines = parts.map(({ what, keys, bytes, laterBytes }) => {
    const later = laterBytes === 0 ? "" : `, later at most ${mib(laterBytes)} more`;
    const why = keys.length === 0 ? "" : ` (${keys.join(", ")})`;
    return `${mib(bytes).padStart(11)}  ${what}${why}${later}`;
  });
  const sum = `${mib(memoryAtStart(parts)).padStart(11)}  at start, of ${mib(machine.bytes)}`;
  return [...lines, `${sum} (${machine.source})`];
}

/** The least of what the machine has, what is free of it, and what a cgroup allows. */
export function machineMemory(): MachineMemory {
  const found: MachineMemory[] = [
    { bytes: totalmem(), source: "of the machine" },
    { bytes: process.availableMemory(), source: "available" },
    { bytes: cgroupRoom("/sys/fs/cgroup", readText("/proc/self/cgroup")), source: "of the cgroup" },
  ];
  return found.reduce((least, one) => (one.bytes < least.bytes ? one : least));
}

/**
 * What a cgroup (version 2) and those above it leave free, bytes; Infinity without a limit.
 *
 * @param root where the hierarchy is mounted
 * @param membership what /proc/self/cgroup says
 */
export function cgroupRoom(root: string, membership: string): number {
  const path = /^0::(\/.*)$/m.exec(membership)?.[1];
  if (path === undefined) return Number.POSITIVE_INFINITY;
  let room = Number.POSITIVE_INFINITY;
  const names = path.split("/").filter((name) => name !== "" && name !== "..");
  for (let depth = names.length; depth >= 0; depth--) {
    const folder = join(root, ...names.slice(0, depth));
    // "max", or no file at the root, is no limit.
    const limit = Number.parseInt(readText(join(folder, "memory.max")), 10);
    if (Number.isNaN(limit)) continue;
    const used = Number.parseInt(readText(join(folder, "memory.current")), 10);
    room = Math.min(room, Math.max(0, limit - (Number.isNaN(used) ? 0 : used)));
  }
  return room;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Not every machine has it; then it limits nothing.
  }
}
