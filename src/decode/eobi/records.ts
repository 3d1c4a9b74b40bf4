/**
 * EOBI datagrams as records, every field of every template of one release.
 *
 *   ├ PacketHeader ────────────┼ BodyLen u16 ┼ TemplateID u16 ┼ MsgSeqNum u32 ┼ body … ┼ BodyLen …
 *
 * A datagram is of another release when its header is not this release's, or when its messages
 * follow each other to its very end but one that is known has another length: template ids repeat
 * over the years. Where they do not follow each other it is damaged: what stands before is good.
 *
 * Thread: main's, cold. Source: T7 EOBI manual, chapter 5, and the layout table's own source.
 */
import { FeedError } from "../../core/errors.ts";
import { describeValue } from "../layouts/describe.ts";
import { type MessageReader, messageReaders } from "../layouts/field-reader.ts";
import { loadTable } from "../layouts/table.ts";
import type { DecodedRecord, FieldValue, RecordDecoder, RecordSink } from "../records.ts";

/** Releases with a table. */
export const EOBI_RELEASES = ["14.1", "6.0", "3.0"] as const;

const HEADER_BYTES = 8;
const BODY_LEN = 0;
const TEMPLATE_ID = 2;
const MSG_SEQ_NUM = 4;
const NO_SEQ = 0xffff_ffff;

/** @param release one of {@link EOBI_RELEASES} @throws FEED_FORMAT when its table is broken */
export function eobiRecords(release: string): RecordDecoder {
  return new EobiRecords(release);
}

class EobiRecords implements RecordDecoder {
  readonly #readers: ReadonlyMap<number | string, MessageReader>;
  readonly #header: MessageReader;
  readonly #byName: ReadonlyMap<string, MessageReader>;

  constructor(release: string) {
    this.#readers = messageReaders(loadTable(`eobi-${release}`));
    this.#byName = new Map([...this.#readers.values()].map((reader) => [reader.name, reader]));
    const header = this.#byName.get("PacketHeader");
    if (header === undefined)
      throw new FeedError("FEED_FORMAT", `eobi-${release}: no PacketHeader`);
    this.#header = header;
  }

  decode(packet: Uint8Array, sink: RecordSink): void {
    const header = this.#header;
    const data = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    if (packet.length < header.bytes) {
      sink.problem("short packet", `${packet.length} bytes`);
      return;
    }
    const bodyLen = data.getUint16(BODY_LEN, true);
    const template = data.getUint16(TEMPLATE_ID, true);
    if (template !== header.id || bodyLen !== header.bytes) {
      sink.problem("another release's packet", `header template ${template}, length ${bodyLen}`);
      return;
    }
    const fields = header.read(data, 0, bodyLen);
    if (fields === null) return;
    sink.record({ seq: null, message: header.name, templateId: header.id, fields });
    const other = this.#foreign(data);
    if (other !== null) sink.problem("another release's packet", other);
    else this.#messages(data, sink);
  }

  describe(record: DecodedRecord, path: readonly string[], value: FieldValue): string | null {
    const type = this.#byName.get(record.message)?.typeOf(path);
    return type === undefined ? null : describeValue(type, value);
  }

  /** What tells that the messages are another release's, or null. */
  #foreign(data: DataView): string | null {
    let found: string | null = null;
    let at = this.#header.bytes;
    while (at + HEADER_BYTES <= data.byteLength) {
      const bodyLen = data.getUint16(at + BODY_LEN, true);
      if (bodyLen < HEADER_BYTES) return null;
      const reader = this.#readers.get(data.getUint16(at + TEMPLATE_ID, true));
      if (reader !== undefined && reader.bytes !== bodyLen) {
        found ??= `${reader.name} of ${bodyLen} bytes, not ${reader.bytes}`;
      }
      at += bodyLen;
    }
    return at === data.byteLength ? found : null;
  }

  #messages(data: DataView, sink: RecordSink): void {
    let at = this.#header.bytes;
    while (at < data.byteLength) {
      const left = data.byteLength - at;
      if (left < HEADER_BYTES) {
        sink.problem("cut packet", `${left} bytes of a header`);
        return;
      }
      const bodyLen = data.getUint16(at + BODY_LEN, true);
      const template = data.getUint16(at + TEMPLATE_ID, true);
      if (bodyLen < HEADER_BYTES) {
        sink.problem("bad length", `template ${template}: BodyLen ${bodyLen}`);
        return;
      }
      if (bodyLen > left) {
        sink.problem("cut packet", `template ${template}: ${left} bytes of ${bodyLen}`);
        return;
      }
      const reader = this.#readers.get(template);
      if (reader === undefined || reader === this.#header) {
        sink.problem(`unknown template ${template}`, `${bodyLen} bytes`);
      } else if (reader.bytes !== bodyLen) {
        sink.problem("bad length", `${reader.name} of ${bodyLen} bytes`);
        return;
      } else if (!this.#message(reader, data, at, sink)) return;
      at += bodyLen;
    }
  }

  /** @returns false when the rest of the packet is not to be believed */
  #message(reader: MessageReader, data: DataView, at: number, sink: RecordSink): boolean {
    const fields = reader.read(data, at, reader.bytes);
    if (fields === null) {
      sink.problem("count without room", reader.name);
      return false;
    }
    const seq = data.getUint32(at + MSG_SEQ_NUM, true);
    const { name, id } = reader;
    sink.record({ seq: seq === NO_SEQ ? null : seq, message: name, templateId: id, fields });
    return true;
  }
}
