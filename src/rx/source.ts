/**
 * What every receive source is to its thread, whichever way the packets come: it fills frames of
 * its feed's region, hands their descriptors to the sink, and never waits.
 */
import type { Source } from "../core/sinks.ts";

/** How packets reach a source. */
export type RxPath = "recvmmsg" | "dgram" | "soupbintcp" | "file";

/** A source of packets of one feed. Thread: the one that calls doWork. */
export interface RxSource extends Source {
  readonly path: RxPath;
  /** The bound UDP port, 0 for a file. */
  readonly port: number;
  /** The receive buffer as the kernel reports it, bytes (Linux doubles what was asked); 0: file. */
  readonly rcvbufBytes: number;
  /** Stops receiving and gives idle frames back; what the sink holds stays the sink's. */
  close(): void;
}
