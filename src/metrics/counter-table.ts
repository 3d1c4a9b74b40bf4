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
/** The snapshot channel: behind A and B wherever rx counts by feed. */
const S = `feed="snapshot"`;

/** The table, by stage in the order of a packet's way. */
export const COUNTER_TABLE = [
  // rx
  { key: "RX_PACKETS_A", stage: "rx", name: "nyq_rx_packets_total", labels: A, kind: "counter", unit: "packets", help: "Packets received from the socket." },
  { key: "RX_PACKETS_B", stage: "rx", name: "nyq_rx_packets_total", labels: B, kind: "counter", unit: "packets", help: "Packets received from the socket." },
  { key: "RX_PACKETS_S", stage: "rx", name: "nyq_rx_packets_total", labels: S, kind: "counter", unit: "packets", help: "Packets received from the socket." },
  { key: "RX_BYTES_A", stage: "rx", name: "nyq_rx_bytes_total", labels: A, kind: "counter", unit: "bytes", help: "Payload bytes received from the socket." },
  { key: "RX_BYTES_B", stage: "rx", name: "nyq_rx_bytes_total", labels: B, kind: "counter", unit: "bytes", help: "Payload bytes received from the socket." },
  { key: "RX_BYTES_S", stage: "rx", name: "nyq_rx_bytes_total", labels: S, kind: "counter", unit: "bytes", help: "Payload bytes received from the socket." },
  { key: "RX_TRUNCATED_A", stage: "rx", name: "nyq_rx_truncated_total", labels: A, kind: "counter", unit: "packets", help: "Packets longer than a frame, dropped." },
  { key: "RX_TRUNCATED_B", stage: "rx", name: "nyq_rx_truncated_total", labels: B, kind: "counter", unit: "packets", help: "Packets longer than a frame, dropped." },
  { key: "RX_TRUNCATED_S", stage: "rx", name: "nyq_rx_truncated_total", labels: S, kind: "counter", unit: "packets", help: "Packets longer than a frame, dropped." },
  { key: "RX_KERNEL_DROPS_A", stage: "rx", name: "nyq_rx_kernel_drops_total", labels: A, kind: "counter", unit: "packets", help: "Packets that the kernel dropped because the receive buffer was full." },
  { key: "RX_KERNEL_DROPS_B", stage: "rx", name: "nyq_rx_kernel_drops_total", labels: B, kind: "counter", unit: "packets", help: "Packets that the kernel dropped because the receive buffer was full." },
  { key: "RX_KERNEL_DROPS_S", stage: "rx", name: "nyq_rx_kernel_drops_total", labels: S, kind: "counter", unit: "packets", help: "Packets that the kernel dropped because the receive buffer was full." },
  { key: "RX_ERRORS_A", stage: "rx", name: "nyq_rx_errors_total", labels: A, kind: "counter", unit: "errors", help: "Receive calls that failed." },
  { key: "RX_ERRORS_B", stage: "rx", name: "nyq_rx_errors_total", labels: B, kind: "counter", unit: "errors", help: "Receive calls that failed." },
  { key: "RX_ERRORS_S", stage: "rx", name: "nyq_rx_errors_total", labels: S, kind: "counter", unit: "errors", help: "Receive calls that failed." },
  { key: "RX_NO_FRAME_A", stage: "rx", name: "nyq_rx_no_frame_total", labels: A, kind: "counter", unit: "cycles", help: "Duty cycles in which no frame was free, so nothing was read." },
  { key: "RX_NO_FRAME_B", stage: "rx", name: "nyq_rx_no_frame_total", labels: B, kind: "counter", unit: "cycles", help: "Duty cycles in which no frame was free, so nothing was read." },
  { key: "RX_NO_FRAME_S", stage: "rx", name: "nyq_rx_no_frame_total", labels: S, kind: "counter", unit: "cycles", help: "Duty cycles in which no frame was free, so nothing was read." },
  { key: "RX_NO_FRAME_DROPS_A", stage: "rx", name: "nyq_rx_no_frame_dropped_total", labels: A, kind: "counter", unit: "packets", help: "Packets of the dgram path that found no free frame and were dropped." },
  { key: "RX_NO_FRAME_DROPS_B", stage: "rx", name: "nyq_rx_no_frame_dropped_total", labels: B, kind: "counter", unit: "packets", help: "Packets of the dgram path that found no free frame and were dropped." },
  { key: "RX_NO_FRAME_DROPS_S", stage: "rx", name: "nyq_rx_no_frame_dropped_total", labels: S, kind: "counter", unit: "packets", help: "Packets of the dgram path that found no free frame and were dropped." },
  { key: "FILE_PACKETS", stage: "rx", name: "nyq_file_packets_total", labels: "", kind: "counter", unit: "packets", help: "UDP payloads, or chunks of a BinaryFILE, read from a file." },
  { key: "FILE_SKIPPED", stage: "rx", name: "nyq_file_skipped_total", labels: "", kind: "counter", unit: "packets", help: "Captured packets that are no UDP, or no UDP of the chosen groups." },
  { key: "FILE_FRAGMENTS", stage: "rx", name: "nyq_file_fragments_total", labels: "", kind: "counter", unit: "packets", help: "Captured IP fragments, skipped." },
  { key: "FILE_TRUNCATED", stage: "rx", name: "nyq_file_truncated_total", labels: "", kind: "counter", unit: "packets", help: "Captured packets that the capture cut short, or longer than a frame, skipped." },
  { key: "FILE_MALFORMED", stage: "rx", name: "nyq_file_malformed_total", labels: "", kind: "counter", unit: "packets", help: "Captured packets whose headers contradict each other, skipped." },
  { key: "FILE_TCP_SEGMENTS", stage: "rx", name: "nyq_file_tcp_segments_total", labels: "", kind: "counter", unit: "segments", help: "Captured TCP segments with a payload, of the chosen servers." },
  { key: "FILE_TCP_DUPLICATES", stage: "rx", name: "nyq_file_tcp_duplicates_total", labels: "", kind: "counter", unit: "segments", help: "Segments that brought only bytes that had come: retransmissions." },
  { key: "FILE_TCP_EARLY", stage: "rx", name: "nyq_file_tcp_early_total", labels: "", kind: "counter", unit: "segments", help: "Segments that came before the ones before them, and were held." },
  { key: "FILE_TCP_LOST", stage: "rx", name: "nyq_file_tcp_lost_total", labels: "", kind: "counter", unit: "segments", help: "Segments left out: behind a hole that was given up, or of a stream too many." },
  { key: "FILE_TCP_HOLES", stage: "rx", name: "nyq_file_tcp_holes_total", labels: "", kind: "counter", unit: "streams", help: "TCP streams whose bytes have a hole that nothing filled; what is behind it is left out." },
  { key: "FILE_TCP_FOREIGN", stage: "rx", name: "nyq_file_tcp_foreign_total", labels: "", kind: "counter", unit: "streams", help: "TCP streams that are no SoupBinTCP, from where it shows on left out." },
  // merge
  { key: "MERGE_DELIVERED_MESSAGES", stage: "merge", name: "nyq_merge_delivered_messages_total", labels: "", kind: "counter", unit: "messages", help: "Messages passed on, each once and in order." },
  { key: "MERGE_DELIVERED_PACKETS", stage: "merge", name: "nyq_merge_delivered_packets_total", labels: "", kind: "counter", unit: "packets", help: "Packets passed on, whole or in part." },
  { key: "MERGE_PACKETS_A", stage: "merge", name: "nyq_merge_packets_total", labels: A, kind: "counter", unit: "packets", help: "Packets that reached merge, valid or not." },
  { key: "MERGE_PACKETS_B", stage: "merge", name: "nyq_merge_packets_total", labels: B, kind: "counter", unit: "packets", help: "Packets that reached merge, valid or not." },
  { key: "MERGE_BYTES_A", stage: "merge", name: "nyq_merge_bytes_total", labels: A, kind: "counter", unit: "bytes", help: "Payload bytes that reached merge, valid or not." },
  { key: "MERGE_BYTES_B", stage: "merge", name: "nyq_merge_bytes_total", labels: B, kind: "counter", unit: "bytes", help: "Payload bytes that reached merge, valid or not." },
  { key: "MERGE_SUPPRESSED_A", stage: "merge", name: "nyq_merge_suppressed_total", labels: A, kind: "counter", unit: "packets", help: "Packets whose messages had all come already, on either feed." },
  { key: "MERGE_SUPPRESSED_B", stage: "merge", name: "nyq_merge_suppressed_total", labels: B, kind: "counter", unit: "packets", help: "Packets whose messages had all come already, on either feed." },
  { key: "MERGE_DUPLICATES_A", stage: "merge", name: "nyq_merge_duplicates_total", labels: A, kind: "counter", unit: "packets", help: "Packets that brought nothing that the same feed had not brought before." },
  { key: "MERGE_DUPLICATES_B", stage: "merge", name: "nyq_merge_duplicates_total", labels: B, kind: "counter", unit: "packets", help: "Packets that brought nothing that the same feed had not brought before." },
  { key: "MERGE_LATE_A", stage: "merge", name: "nyq_merge_late_total", labels: A, kind: "counter", unit: "packets", help: "Packets that came after one with a higher sequence of the same feed." },
  { key: "MERGE_LATE_B", stage: "merge", name: "nyq_merge_late_total", labels: B, kind: "counter", unit: "packets", help: "Packets that came after one with a higher sequence of the same feed." },
  { key: "MERGE_LOST_A", stage: "merge", name: "nyq_merge_lost_total", labels: A, kind: "counter", unit: "messages", help: "Messages that the feed did not bring within merge.gap_timeout_ms, whether the other did or not." },
  { key: "MERGE_LOST_B", stage: "merge", name: "nyq_merge_lost_total", labels: B, kind: "counter", unit: "messages", help: "Messages that the feed did not bring within merge.gap_timeout_ms, whether the other did or not." },
  { key: "MERGE_MALFORMED_A", stage: "merge", name: "nyq_merge_malformed_total", labels: A, kind: "counter", unit: "packets", help: "Packets that are too short, whose blocks do not fit, or whose sequence is impossible." },
  { key: "MERGE_MALFORMED_B", stage: "merge", name: "nyq_merge_malformed_total", labels: B, kind: "counter", unit: "packets", help: "Packets that are too short, whose blocks do not fit, or whose sequence is impossible." },
  { key: "MERGE_FOREIGN_A", stage: "merge", name: "nyq_merge_foreign_total", labels: A, kind: "counter", unit: "packets", help: "Malformed packets that are of another protocol, or of another release of it." },
  { key: "MERGE_FOREIGN_B", stage: "merge", name: "nyq_merge_foreign_total", labels: B, kind: "counter", unit: "packets", help: "Malformed packets that are of another protocol, or of another release of it." },
  { key: "MERGE_OTHER_STREAM_A", stage: "merge", name: "nyq_merge_other_stream_total", labels: A, kind: "counter", unit: "packets", help: "Packets of market segments on the same group that the channel does not follow (EOBI)." },
  { key: "MERGE_OTHER_STREAM_B", stage: "merge", name: "nyq_merge_other_stream_total", labels: B, kind: "counter", unit: "packets", help: "Packets of market segments on the same group that the channel does not follow (EOBI)." },
  { key: "MERGE_HOLES", stage: "merge", name: "nyq_merge_holes_total", labels: "", kind: "counter", unit: "ranges", help: "Ranges of messages that were noticed missing, however soon they came." },
  { key: "MERGE_GAPS_FILLED", stage: "merge", name: "nyq_merge_gaps_filled_total", labels: "", kind: "counter", unit: "gaps", help: "Gaps in the log that were filled late." },
  { key: "MERGE_GAPS_UNRECOVERABLE", stage: "merge", name: "nyq_merge_gaps_unrecoverable_total", labels: "", kind: "counter", unit: "gaps", help: "Gaps in the log that nothing filled." },
  { key: "MERGE_FILLED_MESSAGES", stage: "merge", name: "nyq_merge_filled_messages_total", labels: "", kind: "counter", unit: "messages", help: "Messages in gaps that were filled late." },
  { key: "MERGE_MISSING_MESSAGES", stage: "merge", name: "nyq_merge_missing_messages_total", labels: "", kind: "counter", unit: "messages", help: "Messages in gaps that nothing filled." },
  { key: "MERGE_WINDOW_FULL", stage: "merge", name: "nyq_merge_window_full_total", labels: "", kind: "counter", unit: "gaps", help: "Gaps given up because the window, or half of a source's frames, was full." },
  { key: "MERGE_HELD", stage: "merge", name: "nyq_merge_held_packets", labels: "", kind: "gauge", unit: "packets", help: "Packets that wait for earlier ones or for belief." },
  { key: "MERGE_OPEN_MESSAGES", stage: "merge", name: "nyq_merge_open_messages", labels: "", kind: "gauge", unit: "messages", help: "Messages that are being waited for." },
  { key: "MERGE_SESSIONS", stage: "merge", name: "nyq_merge_sessions_total", labels: "", kind: "counter", unit: "sessions", help: "Sessions taken, the first included." },
  { key: "MERGE_OLD_SESSION", stage: "merge", name: "nyq_merge_old_session_total", labels: "", kind: "counter", unit: "packets", help: "Packets of a session that is over, dropped." },
  { key: "MERGE_UNBELIEVED", stage: "merge", name: "nyq_merge_unbelieved_total", labels: "", kind: "counter", unit: "packets", help: "Packets of another session or far beyond the next sequence that nothing confirmed, dropped." },
  { key: "MERGE_JUMPS", stage: "merge", name: "nyq_merge_jumps_total", labels: "", kind: "counter", unit: "jumps", help: "Jumps beyond merge.max_jump that were believed." },
  { key: "MERGE_UNSEQUENCED", stage: "merge", name: "nyq_merge_unsequenced_total", labels: "", kind: "counter", unit: "packets", help: "Packets without sequence, passed on as they came (replay only)." },
  { key: "MERGE_ASIDE", stage: "merge", name: "nyq_merge_aside_total", labels: "", kind: "counter", unit: "packets", help: "Packets beside the numbered stream, such as snapshots in a capture of all, passed on as they came." },
  { key: "MERGE_HEALTH_A", stage: "merge", name: "nyq_merge_feed_health", labels: A, kind: "gauge", unit: "state", help: "Health of the feed: 0 good, 1 lossy, 2 lagging, 3 silent." },
  { key: "MERGE_HEALTH_B", stage: "merge", name: "nyq_merge_feed_health", labels: B, kind: "gauge", unit: "state", help: "Health of the feed: 0 good, 1 lossy, 2 lagging, 3 silent." },
  // decode
  { key: "DECODE_PACKETS", stage: "decode", name: "nyq_decode_packets_total", labels: "", kind: "counter", unit: "packets", help: "Packets decoded." },
  { key: "DECODE_MESSAGES", stage: "decode", name: "nyq_decode_messages_total", labels: "", kind: "counter", unit: "messages", help: "Valid messages decoded, of all types." },
  { key: "DECODE_MALFORMED", stage: "decode", name: "nyq_decode_malformed_total", labels: "", kind: "counter", unit: "messages", help: "Messages stepped over: unknown type, wrong length for the type, a side that is none, or cut off by the packet's end." },
  { key: "DECODE_UNKNOWN_TYPE", stage: "decode", name: "nyq_decode_unknown_type_total", labels: "", kind: "counter", unit: "messages", help: "Malformed messages whose type letter or template is none of the protocol's, stepped over by their length." },
  { key: "DECODE_EMPTY", stage: "decode", name: "nyq_decode_empty_total", labels: "", kind: "counter", unit: "messages", help: "Message blocks of length 0, which the transport allows and which carry nothing." },
  { key: "DECODE_NO_INSTRUMENT", stage: "decode", name: "nyq_decode_no_instrument_total", labels: "", kind: "counter", unit: "messages", help: "Messages of instruments that found no room in the index." },
  { key: "DECODE_STATE_REFUSED", stage: "decode", name: "nyq_decode_state_refused_total", labels: "", kind: "counter", unit: "messages", help: "Messages of instrument state that were not kept: beyond book.instruments, of a market that is none, or no room for a participant." },
  { key: "FAST_CUT", stage: "decode", name: "nyq_fast_errors_total", labels: `code="cut"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_LIMIT", stage: "decode", name: "nyq_fast_errors_total", labels: `code="limit"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_COUNT", stage: "decode", name: "nyq_fast_errors_total", labels: `code="count"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D2", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D2"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D4", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D4"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D5", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D5"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D6", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D6"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D7", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D7"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D8", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D8"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_D9", stage: "decode", name: "nyq_fast_errors_total", labels: `code="D9"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R1", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R1"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R2", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R2"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R4", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R4"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R6", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R6"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R7", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R7"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R8", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R8"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_R9", stage: "decode", name: "nyq_fast_errors_total", labels: `code="R9"`, kind: "counter", unit: "errors", help: "FAST errors by the specification's code, or cut, limit, count (docs/protocols/fast.md); D1 to D9 and those three fail a message, R1 to R9 do not." },
  { key: "FAST_UNREADABLE", stage: "decode", name: "nyq_fast_unreadable_total", labels: "", kind: "counter", unit: "messages", help: "FAST messages of the numbered stream that could not be decoded: what they said is missing until snapshots show it." },
  { key: "FAST_ENTRIES", stage: "decode", name: "nyq_fast_entries_total", labels: "", kind: "counter", unit: "entries", help: "Entries of increments applied to books that are exact." },
  { key: "FAST_DUPLICATES", stage: "decode", name: "nyq_fast_duplicates_total", labels: "", kind: "counter", unit: "messages", help: "Increments whose number was seen before, where merge cannot tell (streams in order of arrival)." },
  { key: "FAST_GAPS", stage: "decode", name: "nyq_fast_gaps_total", labels: "", kind: "counter", unit: "gaps", help: "Holes in MsgSeqNum that decode saw." },
  { key: "FAST_RPT_GAPS", stage: "decode", name: "nyq_fast_rpt_gaps_total", labels: "", kind: "counter", unit: "gaps", help: "Holes in an instrument's RptSeq; its book waits for a snapshot." },
  { key: "FAST_MISFITS", stage: "decode", name: "nyq_fast_misfits_total", labels: "", kind: "counter", unit: "entries", help: "Entries whose rank, price or quantity does not fit the book; it waits for a snapshot." },
  { key: "FAST_SNAPSHOTS_SET", stage: "decode", name: "nyq_fast_snapshots_set_total", labels: "", kind: "counter", unit: "snapshots", help: "Snapshots that set a book." },
  { key: "FAST_SNAPSHOTS_COMPARED", stage: "decode", name: "nyq_fast_snapshots_compared_total", labels: "", kind: "counter", unit: "snapshots", help: "Snapshots of the very moment of a live book, compared with it." },
  { key: "FAST_SNAPSHOTS_DIFFERENT", stage: "decode", name: "nyq_fast_snapshots_different_total", labels: "", kind: "counter", unit: "snapshots", help: "Compared snapshots that differed; they set the book." },
  { key: "FAST_FORGOTTEN", stage: "decode", name: "nyq_fast_forgotten_total", labels: "", kind: "counter", unit: "entries", help: "Entries that fell out of the ring of those that wait for a snapshot." },
  { key: "FAST_STALE_INSTRUMENTS", stage: "decode", name: "nyq_fast_stale_instruments", labels: "", kind: "gauge", unit: "instruments", help: "Instruments seen whose books are not known to be exact." },
  { key: "SNAPSHOT_PACKETS", stage: "decode", name: "nyq_snapshot_packets_total", labels: "", kind: "counter", unit: "packets", help: "Packets of the snapshot channel that were looked at, valid or not." },
  { key: "SNAPSHOT_UNNEEDED", stage: "decode", name: "nyq_snapshot_unneeded_packets_total", labels: "", kind: "counter", unit: "packets", help: "Packets of the snapshot channel that came while nothing waited for one." },
  { key: "SNAPSHOT_MALFORMED", stage: "decode", name: "nyq_snapshot_malformed_packets_total", labels: "", kind: "counter", unit: "packets", help: "Packets of the snapshot channel that are of another release or do not end where they should." },
  { key: "SNAPSHOT_BROKEN", stage: "decode", name: "nyq_snapshot_broken_total", labels: "", kind: "counter", unit: "cycles", help: "Snapshot cycles of the product thrown away: a message was missing, or orders were fewer than said." },
  { key: "SNAPSHOT_TOO_LARGE", stage: "decode", name: "nyq_snapshot_too_large_total", labels: "", kind: "counter", unit: "cycles", help: "Snapshot cycles with more orders than book.orders; no other will be smaller." },
  { key: "SNAPSHOT_TOO_OLD", stage: "decode", name: "nyq_snapshot_too_old_total", labels: "", kind: "counter", unit: "cycles", help: "Whole snapshot cycles that end before the first live packet kept." },
  { key: "SNAPSHOT_APPLIED", stage: "decode", name: "nyq_snapshot_applied_total", labels: "", kind: "counter", unit: "cycles", help: "Snapshot cycles that the books were filled from." },
  { key: "RECOVERY_STATE", stage: "decode", name: "nyq_recovery_state", labels: "", kind: "gauge", unit: "state", help: "Books by the snapshot channel: 0 nothing came yet, 1 waiting for a snapshot (FAST: some instruments), 2 live." },
  { key: "RECOVERY_GAPS", stage: "decode", name: "nyq_recovery_gaps_total", labels: "", kind: "counter", unit: "gaps", help: "Times that live books had to wait for a snapshot because messages were missing or could not be read." },
  { key: "RECOVERY_KEPT", stage: "decode", name: "nyq_recovery_kept_packets_total", labels: "", kind: "counter", unit: "packets", help: "Live packets kept while waiting for a snapshot." },
  { key: "RECOVERY_KEEP_FULL", stage: "decode", name: "nyq_recovery_keep_full_total", labels: "", kind: "counter", unit: "packets", help: "Kept packets that had to go because there were recovery.packets of them." },
  // book
  { key: "BOOK_EVENTS", stage: "book", name: "nyq_book_events_total", labels: "", kind: "counter", unit: "events", help: "Venue messages that the book stage took." },
  { key: "BOOK_CHANGES", stage: "book", name: "nyq_book_changes_total", labels: "", kind: "counter", unit: "changes", help: "Changes handed to the book sink." },
  { key: "BOOK_UNKNOWN_ORDERS", stage: "book", name: "nyq_book_unknown_orders_total", labels: "", kind: "counter", unit: "events", help: "Events about an order that is not resting; the books were left alone." },
  { key: "BOOK_DUPLICATE_ORDERS", stage: "book", name: "nyq_book_duplicate_orders_total", labels: "", kind: "counter", unit: "events", help: "Resting orders cancelled because a new one took their id." },
  { key: "BOOK_OVER_EXECUTIONS", stage: "book", name: "nyq_book_over_executions_total", labels: "", kind: "counter", unit: "events", help: "Executions of more than rested, clipped to the rest." },
  { key: "BOOK_SHORT_EXECUTIONS", stage: "book", name: "nyq_book_short_executions_total", labels: "", kind: "counter", unit: "events", help: "Whole executions (EOBI) of less than rested; the rest was cancelled." },
  { key: "BOOK_OVER_CANCELS", stage: "book", name: "nyq_book_over_cancels_total", labels: "", kind: "counter", unit: "events", help: "Cancels of more than rested; the order was removed." },
  { key: "BOOK_ZERO_QUANTITY", stage: "book", name: "nyq_book_zero_quantity_total", labels: "", kind: "counter", unit: "events", help: "Events with quantity 0, which add, execute or reduce nothing." },
  { key: "BOOK_REFUSED", stage: "book", name: "nyq_book_refused_total", labels: "", kind: "counter", unit: "events", help: "New orders refused because a pool was full; the books are not true any more." },
  { key: "BOOK_INCOMPLETE", stage: "book", name: "nyq_book_incomplete", labels: "", kind: "gauge", unit: "flag", help: "1 once a new order was refused, until a new session." },
  { key: "BOOK_OFF_TICK", stage: "book", name: "nyq_book_off_tick_total", labels: "", kind: "counter", unit: "events", help: "New and moved orders whose price is no whole tick of their instrument; kept as they came." },
  { key: "BOOK_TICK_UNCHECKED", stage: "book", name: "nyq_book_tick_unchecked_total", labels: "", kind: "counter", unit: "events", help: "Prices beyond 2^53 raw, which were not held against the tick." },
  { key: "BOOK_LIVE_ORDERS", stage: "book", name: "nyq_book_live_orders", labels: "", kind: "gauge", unit: "orders", help: "Orders resting in the books." },
  { key: "BOOK_LEVELS", stage: "book", name: "nyq_book_levels", labels: "", kind: "gauge", unit: "levels", help: "Price levels in the books." },
  { key: "BOOK_INSTRUMENTS", stage: "book", name: "nyq_book_instruments", labels: "", kind: "gauge", unit: "instruments", help: "Instruments with live orders." },
  // publish
  { key: "PUBLISH_FRAMES", stage: "publish", name: "nyq_publish_frames_total", labels: "", kind: "counter", unit: "frames", help: "Book-event frames written to the bus." },
  { key: "PUBLISH_BYTES", stage: "publish", name: "nyq_publish_bytes_total", labels: "", kind: "counter", unit: "bytes", help: "Bytes of the raw-v1 frames written to the bus." },
  { key: "PUBLISH_COMMITS", stage: "publish", name: "nyq_publish_commits_total", labels: "", kind: "counter", unit: "batches", help: "Batches shown to the bus readers with one store." },
  { key: "PUBLISH_NOT_COMPARABLE", stage: "publish", name: "nyq_publish_latency_not_comparable_total", labels: "", kind: "counter", unit: "packets", help: "Packets whose receive stamp is of another clock, so that no latency was computed." },
  // endpoint
  { key: "ENDPOINT_FRAMES", stage: "endpoint", name: "nyq_endpoint_frames_total", labels: "", kind: "counter", unit: "frames", help: "Frames that the endpoint read from the bus." },
  { key: "ENDPOINT_BYTES", stage: "endpoint", name: "nyq_endpoint_bytes_total", labels: "", kind: "counter", unit: "bytes", help: "Bytes handed to client sockets, all clients together." },
  { key: "ENDPOINT_CLIENTS", stage: "endpoint", name: "nyq_endpoint_clients", labels: "", kind: "gauge", unit: "clients", help: "WebSocket clients connected now." },
  { key: "ENDPOINT_ACCEPTED", stage: "endpoint", name: "nyq_endpoint_accepted_total", labels: "", kind: "counter", unit: "clients", help: "WebSocket clients accepted." },
  { key: "ENDPOINT_REFUSED_QUERY", stage: "endpoint", name: "nyq_endpoint_refused_total", labels: `reason="query"`, kind: "counter", unit: "handshakes", help: "Handshakes refused before the upgrade." },
  { key: "ENDPOINT_REFUSED_TOKEN", stage: "endpoint", name: "nyq_endpoint_refused_total", labels: `reason="token"`, kind: "counter", unit: "handshakes", help: "Handshakes refused before the upgrade." },
  { key: "ENDPOINT_REFUSED_ORIGIN", stage: "endpoint", name: "nyq_endpoint_refused_total", labels: `reason="origin"`, kind: "counter", unit: "handshakes", help: "Handshakes refused before the upgrade." },
  { key: "ENDPOINT_REFUSED_FULL", stage: "endpoint", name: "nyq_endpoint_refused_total", labels: `reason="full"`, kind: "counter", unit: "handshakes", help: "Handshakes refused before the upgrade." },
  { key: "ENDPOINT_REFUSED_SNAPSHOT", stage: "endpoint", name: "nyq_endpoint_refused_total", labels: `reason="snapshot"`, kind: "counter", unit: "handshakes", help: "Handshakes refused before the upgrade." },
  { key: "ENDPOINT_REFUSED_STOPPING", stage: "endpoint", name: "nyq_endpoint_refused_total", labels: `reason="stopping"`, kind: "counter", unit: "handshakes", help: "Handshakes refused before the upgrade." },
  { key: "ENDPOINT_HANDSHAKE_TIMEOUTS", stage: "endpoint", name: "nyq_endpoint_handshake_timeouts_total", labels: "", kind: "counter", unit: "connections", help: "Connections cut off because their handshake was not done in time." },
  { key: "ENDPOINT_SNAPSHOTS", stage: "endpoint", name: "nyq_endpoint_snapshots_total", labels: "", kind: "counter", unit: "snapshots", help: "Snapshots begun for clients." },
  { key: "ENDPOINT_SNAPSHOTS_OPEN", stage: "endpoint", name: "nyq_endpoint_snapshots_open", labels: "", kind: "gauge", unit: "snapshots", help: "Snapshots that clients are taking now." },
  { key: "ENDPOINT_SNAPSHOT_TIMEOUTS", stage: "endpoint", name: "nyq_endpoint_snapshot_timeouts_total", labels: "", kind: "counter", unit: "snapshots", help: "Snapshots not taken by their client in time." },
  { key: "ENDPOINT_RESUMES", stage: "endpoint", name: "nyq_endpoint_resumes_total", labels: "", kind: "counter", unit: "clients", help: "Clients that resumed from a cursor." },
  { key: "ENDPOINT_GAPS", stage: "endpoint", name: "nyq_endpoint_gap_frames_total", labels: "", kind: "counter", unit: "frames", help: "GAP frames sent to clients whose cursor was no longer retained." },
  { key: "ENDPOINT_HEARTBEATS", stage: "endpoint", name: "nyq_endpoint_heartbeats_total", labels: "", kind: "counter", unit: "frames", help: "Heartbeats sent, all clients together." },
  { key: "ENDPOINT_CLOSED_SLOW", stage: "endpoint", name: "nyq_endpoint_closed_total", labels: `reason="slow"`, kind: "counter", unit: "clients", help: "Clients closed by the server." },
  { key: "ENDPOINT_CLOSED_OVERRUN", stage: "endpoint", name: "nyq_endpoint_closed_total", labels: `reason="overrun"`, kind: "counter", unit: "clients", help: "Clients closed by the server." },
  { key: "ENDPOINT_CLOSED_POLICY", stage: "endpoint", name: "nyq_endpoint_closed_total", labels: `reason="policy"`, kind: "counter", unit: "clients", help: "Clients closed by the server." },
  { key: "ENDPOINT_CLOSED_STOPPING", stage: "endpoint", name: "nyq_endpoint_closed_total", labels: `reason="stopping"`, kind: "counter", unit: "clients", help: "Clients closed by the server." },
  { key: "ENDPOINT_OVERRUNS", stage: "endpoint", name: "nyq_endpoint_overruns_total", labels: "", kind: "counter", unit: "overruns", help: "Times that the bus overtook the endpoint, so that its books had to be rebuilt." },
  { key: "ENDPOINT_OVERRUN_FRAMES", stage: "endpoint", name: "nyq_endpoint_overrun_frames_total", labels: "", kind: "counter", unit: "frames", help: "Frames that the endpoint missed in overruns." },
  { key: "ENDPOINT_REBUILDS", stage: "endpoint", name: "nyq_endpoint_rebuilds_total", labels: "", kind: "counter", unit: "rebuilds", help: "Times that the endpoint's books were rebuilt from images of the book stage." },
  { key: "ENDPOINT_UNAPPLIED", stage: "endpoint", name: "nyq_endpoint_unapplied_frames_total", labels: "", kind: "counter", unit: "frames", help: "Frames that did not fit the endpoint's books (unknown order, full table); must stay 0." },
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
