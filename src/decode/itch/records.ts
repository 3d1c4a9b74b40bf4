/**
 * ITCH 5.0 messages as records, every field of all 23 types: from MoldUDP64 packets, as the blocks
 * of a BinaryFILE or from captured SoupBinTCP connections.
 *
 * Thread: main's, cold. Source: as in layout.ts.
 */
import { describeValue } from "../layouts/describe.ts";
import { type MessageReader, messageReaders } from "../layouts/field-reader.ts";
import { loadTable } from "../layouts/table.ts";
import * as M from "../moldudp64/layout.ts";
import type { DecodedRecord, FieldValue, RecordDecoder, RecordSink } from "../records.ts";
import { SoupStreams } from "../soupbintcp/streams.ts";

/** What a packet given to decode() is: a MoldUDP64 packet, or one message, a BinaryFILE's block. */
export type ItchFraming = "moldudp64" | "message";

/** @throws FEED_FORMAT when the table is broken */
export function itchRecords(framing: ItchFraming): RecordDecoder {
  return new ItchRecords(framing);
}

class ItchRecords implements RecordDecoder {
  readonly #readers: ReadonlyMap<number | string, MessageReader>;
  readonly #byType: readonly (MessageReader | undefined)[];
  readonly #framing: ItchFraming;
  readonly #soup = new SoupStreams((data, from, to, seq, sink) => {
    this.#message(data, from, to - from, seq, sink);
  });

  constructor(framing: ItchFraming) {
    this.#readers = messageReaders(loadTable("itch-5.0"));
    this.#byType = Array.from({ length: 256 }, (_, type) => {
      return this.#readers.get(String.fromCharCode(type));
    });
    this.#framing = framing;
  }

  decode(packet: Uint8Array, sink: RecordSink): void {
    const data = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    if (this.#framing === "moldudp64") this.#moldUdp64(packet, data, sink);
    else this.#message(data, 0, packet.length, null, sink);
  }

  decodeStream(stream: number, bytes: Uint8Array, sink: RecordSink): void {
    this.#soup.push(stream, bytes, sink);
  }

  endStream(stream: number): void {
    this.#soup.end(stream);
  }

  describe(record: DecodedRecord, path: readonly string[], value: FieldValue): string | null {
    const type = this.#readers.get(record.templateId)?.typeOf(path);
    return type === undefined ? null : describeValue(type, value);
  }

  #moldUdp64(packet: Uint8Array, data: DataView, sink: RecordSink): void {
    if (packet.length < M.HEADER_BYTES) {
      sink.problem("short packet", `${packet.length} bytes`);
      return;
    }
    const seq = data.getBigUint64(M.SEQUENCE);
    const counted = data.getUint16(M.COUNT);
    const count = counted === M.COUNT_END_OF_SESSION ? 0 : counted;
    let at = M.HEADER_BYTES;
    for (let i = 0; i < count; i++) {
      const left = packet.length - at - M.BLOCK_HEADER_BYTES;
      if (left < 0) {
        sink.problem("cut packet", `${i} of ${count} messages`);
        return;
      }
      const length = data.getUint16(at);
      if (length > left) {
        sink.problem("cut packet", `${left} bytes of ${length}`);
        return;
      }
      at += M.BLOCK_HEADER_BYTES;
      this.#message(data, at, length, seq + BigInt(i), sink);
      at += length;
    }
    if (at < packet.length) sink.problem("bytes after the last message", `${packet.length - at}`);
  }

  #message(
    data: DataView,
    at: number,
    length: number,
    seq: number | bigint | null,
    sink: RecordSink,
  ): void {
    // An empty block is legal: it takes a sequence number and says nothing.
    if (length === 0) return;
    const type = data.getUint8(at);
    const reader = this.#byType[type];
    if (reader === undefined) {
      sink.problem(`unknown type 0x${type.toString(16).padStart(2, "0")}`, `${length} bytes`);
      return;
    }
    if (reader.bytes !== length) {
      sink.problem("bad length", `${reader.name} (${reader.id}) of ${length} bytes`);
      return;
    }
    const fields = reader.read(data, at, length);
    if (fields === null) return;
    sink.record({ seq, message: reader.name, templateId: reader.id, fields });
  }
}
