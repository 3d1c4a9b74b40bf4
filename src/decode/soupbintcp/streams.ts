/**
 * Sequenced messages of captured SoupBinTCP connections. A stream is one direction of a connection;
 * its messages are numbered once its Login Accepted packet was seen.
 *
 * Thread: main's, cold. Source: Nasdaq SoupBinTCP specification 3.00, sections 2 and 3.
 */
import type { RecordSink } from "../records.ts";
import {
  HEADER_BYTES,
  isPacketType,
  LOGIN_ACCEPTED_BYTES,
  LOGIN_ACCEPTED_SEQUENCE_NUMBER,
  NUMBER_BYTES,
  TYPE_LOGIN_ACCEPTED,
  TYPE_SEQUENCED_DATA,
} from "./layout.ts";
import { parseNumber } from "./number.ts";
import { SoupReader } from "./reader.ts";

/** Takes a sequenced message: `data` from `from` to `to`; `seq` is null while it is not known. */
export type OnSoupMessage = (
  data: DataView,
  from: number,
  to: number,
  seq: bigint | null,
  sink: RecordSink,
) => void;

interface Stream {
  readonly reader: SoupReader;
  next: bigint | null;
  told: boolean;
}

/** All streams of a capture. */
export class SoupStreams {
  readonly #onMessage: OnSoupMessage;
  readonly #streams = new Map<number, Stream>();
  /** The sink of the push that is going on. */
  #sink: RecordSink | null = null;

  constructor(onMessage: OnSoupMessage) {
    this.#onMessage = onMessage;
  }

  /** Takes a stream's next bytes. */
  push(number: number, bytes: Uint8Array, sink: RecordSink): void {
    let stream = this.#streams.get(number);
    if (stream === undefined) {
      const reader = new SoupReader({
        onSoupPacket: (type, data, from, to) => {
          this.#packet(opened, type, data, from, to, this.#sink ?? sink);
        },
      });
      const opened: Stream = { reader, next: null, told: false };
      stream = opened;
      this.#streams.set(number, stream);
    }
    this.#sink = sink;
    stream.reader.push(bytes);
    if (!stream.reader.broken || stream.told) return;
    stream.told = true;
    sink.problem("not SoupBinTCP", `TCP stream ${number}`);
  }

  /** Forgets a stream. */
  end(number: number): void {
    this.#streams.delete(number);
  }

  #packet(
    stream: Stream,
    type: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    sink: RecordSink,
  ): void {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (type === TYPE_SEQUENCED_DATA) {
      const seq = stream.next;
      if (seq !== null) stream.next = seq + 1n;
      this.#onMessage(data, from, to, seq, sink);
    } else if (type === TYPE_LOGIN_ACCEPTED) {
      const at = from - HEADER_BYTES + LOGIN_ACCEPTED_SEQUENCE_NUMBER;
      const isWhole = to - from + HEADER_BYTES === LOGIN_ACCEPTED_BYTES;
      const seq = isWhole ? parseNumber(bytes, at, NUMBER_BYTES) : null;
      if (seq === null) sink.problem("bad login accepted packet", `${to - from} bytes`);
      else stream.next = seq;
    } else if (!isPacketType(type)) {
      // The others carry no market data: unsequenced data are a client's orders, for instance.
      stream.reader.broken = true;
    }
  }
}
