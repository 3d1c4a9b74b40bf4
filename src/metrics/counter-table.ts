// biome-ignore-all format: one row of the table is one line
/**
 * Every counter of every stage: name, unit, sentence. docs/metrics.md, /metrics and the slots in
 * shared memory come from this table. Each slot is written by the thread of its stage only.
 *
 * A counter of each feed has two rows, …_A and …_B, one after the other: slot = C.X_A + feed.
 */

/** One counter or gauge. */
export interface CounterRow {
  readonly key: string;
  readonly stage: string;
  /** Prometheus name; the two rows of a per-feed counter share it. */
  readonly name: string;
  /** Prometheus labels without braces, or nothing. */
  readonly labels: string;
  readonly kind: "counter" | "gauge";
  readonly unit: string;
  readonly help: string;
}

const A = `feed="a"`;
const B = `feed="b"`;

/** The table, by stage in the order of a packet's way. */
export const COUNTER_TABLE = [
  // rx
  { key: "RX_PACKETS_A", stage: "rx", name: "nyq_rx_packets_total", labels: A, kind: "counter", unit: "packets", help: "Packets received from the socket." },
  { key: "RX_PACKETS_B", stage: "rx", name: "nyq_rx_packets_total", labels: B, kind: "counter", unit: "packets", help: "Packets received from the socket." },
  { key: "RX_BYTES_A", stage: "rx", name: "nyq_rx_bytes_total", labels: A, kind: "counter", unit: "bytes", help: "Payload bytes received from the socket." },
  { key: "RX_BYTES_B", stage: "rx", name: "nyq_rx_bytes_total", labels: B, kind: "counter", unit: "bytes", help: "Payload bytes received from the socket." },
  { key: "RX_TRUNCATED_A", stage: "rx", name: "nyq_rx_truncated_total", labels: A, kind: "counter", unit: "packets", help: "Packets longer than a frame, dropped." },
  { key: "RX_TRUNCATED_B", stage: "rx", name: "nyq_rx_truncated_total", labels: B, kind: "counter", unit: "packets", help: "Packets longer than a frame, dropped." },
  { key: "RX_KERNEL_DROPS_A", stage: "rx", name: "nyq_rx_kernel_drops_total", labels: A, kind: "counter", unit: "packets", help: "Packets that the kernel dropped because the receive buffer was full." },
  { key: "RX_KERNEL_DROPS_B", stage: "rx", name: "nyq_rx_kernel_drops_total", labels: B, kind: "counter", unit: "packets", help: "Packets that the kernel dropped because the receive buffer was full." },
  { key: "RX_ERRORS_A", stage: "rx", name: "nyq_rx_errors_total", labels: A, kind: "counter", unit: "errors", help: "Receive calls that failed." },
  { key: "RX_ERRORS_B", stage: "rx", name: "nyq_rx_errors_total", labels: B, kind: "counter", unit: "errors", help: "Receive calls that failed." },
  { key: "RX_NO_FRAME_A", stage: "rx", name: "nyq_rx_no_frame_total", labels: A, kind: "counter", unit: "cycles", help: "Duty cycles in which no frame was free, so nothing was read." },
  { key: "RX_NO_FRAME_B", stage: "rx", name: "nyq_rx_no_frame_total", labels: B, kind: "counter", unit: "cycles", help: "Duty cycles in which no frame was free, so nothing was read." },
  // merge
  // decode
  // book
  // publish
  // endpoint
  // pipeline
] as const satisfies readonly CounterRow[];

/** A key of the table. */
export type CounterKey = (typeof COUNTER_TABLE)[number]["key"];

/** The slot of each counter. */
export const C = slots();

/** How many slots there are. */
export const COUNTER_COUNT = COUNTER_TABLE.length;

function slots(): Readonly<Record<CounterKey, number>> {
  const out = {} as Record<CounterKey, number>;
  for (const [i, row] of COUNTER_TABLE.entries()) out[row.key] = i;
  return Object.freeze(out);
}
