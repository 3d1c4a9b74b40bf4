/**
 * The native addon as TypeScript sees it (native/src/*.rs), and its loader. The addon has no
 * threads of its own. Nothing that a running pipeline calls takes longer than 1 ms; taking a region
 * and locking memory, at start, touch every page.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { PACKAGE_ROOT } from "./root.ts";

/** What a receiver is opened with. */
export interface ReceiverOptions {
  /** Multicast group and local interface address, dotted. */
  readonly group: string;
  readonly port: number;
  readonly iface: string;
  /** Region of the frames, frame size and count. */
  readonly regionId: number;
  readonly frameBytes: number;
  readonly frameCount: number;
  /** Packets a call, 1 to 256. */
  readonly batch: number;
  /** Wanted receive buffer, bytes; 0 leaves the kernel's default. */
  readonly rcvbufBytes: number;
  /** 0 off, 1 software, 2 hardware (StampKind). */
  readonly timestamps: number;
  /** SO_BUSY_POLL, µs; 0 off. */
  readonly busyPollUs: number;
}

/** A multicast receiver; see native/src/receiver.rs. */
export interface NativeReceiver {
  /** The receive buffer that the kernel reports, bytes (its bookkeeping double included). */
  readonly rcvbufBytes: number;
  /** The bound port. */
  readonly port: number;
  /**
   * Receives up to `count` packets into the frames named in the first `count` words of `frames`.
   * For packet i, `out` gets six words from 6 * i: frame, length, tsLo, tsHi, tsKind, flags (bit 0:
   * truncated). Packet i lies in frame `frames[i]`; frames from the returned count on stay unused.
   * Words 0 and 1 of `drops` become the kernel's drop count of this socket (lo, hi), as far as it
   * is known: with each packet, and asked for when the line has gone quiet.
   *
   * @param count 0 to the batch it was opened with
   * @returns packets received, 0 when none waits, or -errno
   * @throws when an array is too short or a frame is outside the region; nothing is then received
   */
  poll(frames: Int32Array, count: number, out: Int32Array, drops: Int32Array): number;
  close(): void;
}

/** What a sender is opened with. */
export interface SenderOptions {
  readonly group: string;
  readonly port: number;
  readonly iface: string;
  readonly ttl: number;
}

/** A multicast sender. */
export interface NativeSender {
  /**
   * Sends packets `from` to `count` with one sendmmsg, at most 64 of them; packet i is
   * `bytes[offsets[2i] … + offsets[2i+1]]`.
   *
   * @param from the first packet to send, 0 when left out
   * @returns packets handed to the kernel, or -errno when the first failed
   * @throws when one of the packets lies outside `bytes`; nothing is then sent
   */
  send(bytes: Uint8Array, offsets: Int32Array, count: number, from?: number): number;
  close(): void;
}

/** A reading of CLOCK_MONOTONIC that makes no object: it goes straight into a region. */
export interface NativeClock {
  /** Writes ns since the origin (a double, at least 0), then the clock [lo, hi]; returns 0. */
  update(): number;
}

/** The addon. */
export interface Native {
  /** Version of the addon's package, equal to package.json's. */
  version(): string;
  /** Takes page-touched memory; returns its id, from 1. */
  regionCreate(bytes: number): number;
  /** Maps it as an external ArrayBuffer of the calling thread. */
  regionMap(id: number): ArrayBuffer;
  /** Forgets the id; the memory goes when its last map and receiver are gone. */
  regionRelease(id: number): void;
  /** How many regions have an id, and how many bytes still stand, released ones included. */
  regionStats(): number[];
  /** Pins the calling thread to one cpu; throws with the reason. */
  pinThread(cpu: number): void;
  /** CPUs that the calling thread may run on. */
  allowedCpus(): number[];
  /** sched_yield: lets another runnable thread have the cpu. */
  yieldThread(): void;
  /** SCHED_FIFO for the calling thread, 1 to 99; throws with the reason. */
  setFifo(priority: number): void;
  /**
   * Locks all that the process has mapped now but V8's heap and code (mlockall would make V8 abort:
   * native/src/memory.rs), and regions taken later. Call it again once all threads have started, to
   * lock what they mapped. A refused RLIMIT_MEMLOCK is no failure when locking succeeds.
   */
  lockMemory(): void;
  /**
   * Asks for huge pages behind an array's whole pages, for those not yet touched.
   *
   * @returns 0, or -errno where the kernel has none to give
   */
  adviseHuge(words: Int32Array): number;
  /** Puts the thread's name (15 bytes) where ps and perf show it. */
  setThreadName(name: string): void;
  /** Writes CLOCK_MONOTONIC [lo, hi] and CLOCK_REALTIME [lo, hi], ns, into four words. */
  readClocks(out: Int32Array): void;
  /**
   * Opens a clock that writes the first 16 bytes of a region, as the region's only writer.
   *
   * @param originLo lower half of the origin, ns, 0 to 2^32 - 1
   * @param originHi its upper half
   */
  openClock(regionId: number, originLo: number, originHi: number): NativeClock;
  /** Opens a receiver; throws with the failing call, its value and the kernel's reason. */
  openReceiver(options: ReceiverOptions): NativeReceiver;
  openSender(options: SenderOptions): NativeSender;
}

let loaded: Native | null | undefined;
let reason = "";

/** Loads the addon once a thread. @returns null when it is not built; nativeMissing() says why */
export function loadNative(): Native | null {
  if (loaded !== undefined) return loaded;
  if (process.env["NYQ_NO_NATIVE"] === "1") {
    reason = "NYQ_NO_NATIVE=1";
    loaded = null;
    return loaded;
  }
  const file = join(PACKAGE_ROOT, "native", "nyquestro.node");
  try {
    loaded = createRequire(import.meta.url)(file) as Native;
  } catch (error) {
    reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    loaded = null;
  }
  return loaded;
}

/**
 * Asks for huge pages behind a large array, before it is touched; without the addon, or where the
 * kernel gives none (transparent_hugepage "never"), nothing changes but the speed.
 */
export function adviseHuge(words: Int32Array): void {
  loadNative()?.adviseHuge(words);
}

/** Why loadNative returned null. */
export function nativeMissing(): string {
  return reason;
}
