/**
 * FAST streams in memory, and the work that is measured on them: every message decoded and a
 * checksum over what a book reads, so that nothing can be left out.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bindField, bindSequence, type FieldWord } from "../../src/decode/fast/binding.ts";
import { FastDecoder } from "../../src/decode/fast/decoder.ts";
import type { TemplatePlan } from "../../src/decode/fast/plan.ts";
import { readTemplates } from "../../src/decode/fast/read-templates.ts";

/** A stream of messages back to back. */
export interface Stream {
  readonly name: string;
  readonly templatesFile: string;
  readonly bytes: Uint8Array;
}

/** What one pass gave. */
export interface Pass {
  /** Messages with a sequence number; dictionary resets are part of the message that follows. */
  messages: number;
  entries: number;
  checksum: number;
}

const LENGTH_BYTES = 4;

/** The streams of the shared samples' folder. */
export function readStreams(folder: string): Stream[] {
  const forts = join(folder, "forts-slice");
  const templatesFile = join(forts, "templates.xml");
  const file = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
  return [
    { name: "FORTS increments", templatesFile, bytes: file(join(forts, "increment_a.dat")) },
    { name: "FORTS snapshots", templatesFile, bytes: file(join(forts, "snapshot.dat")) },
    {
      name: "mFAST 30,001",
      templatesFile: join(folder, "mfast_complex30000_templates.xml"),
      bytes: withoutLengths(file(join(folder, "mfast_complex30000.dat"))),
    },
  ];
}

/** Takes the length away that stands before each message. */
function withoutLengths(file: Uint8Array): Uint8Array {
  const data = new DataView(file.buffer, file.byteOffset, file.length);
  const out = new Uint8Array(file.length);
  let to = 0;
  for (let at = 0; at < file.length; ) {
    const length = data.getUint32(at, true);
    out.set(file.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length), to);
    to += length;
    at += LENGTH_BYTES + length;
  }
  return out.subarray(0, to);
}

/** Where the fields of the checksum lie in a template's records. */
interface SumFields {
  readonly seq: FieldWord;
  readonly sequence: FieldWord;
  readonly words: number;
  readonly price: FieldWord;
  readonly size: FieldWord;
}

function sumFields({ record }: TemplatePlan): SumFields | null {
  if (!record.places.some(({ name }) => name === "MDEntries")) return null;
  const { words, element } = bindSequence(record, "MDEntries");
  return {
    seq: bindField(record, "MsgSeqNum", ["uInt32"]),
    sequence: words,
    words: element.words,
    price: bindField(element, "MDEntryPx", ["decimal"]),
    size: bindField(element, "MDEntrySize", ["int32", "int64"]),
  };
}

/** Our decoder over a stream. */
export class OurSide {
  readonly #bytes: Uint8Array;
  readonly #decoder: FastDecoder;
  readonly #fields: readonly (SumFields | null)[];
  readonly #isReset: readonly boolean[];

  constructor({ templatesFile, bytes }: Stream) {
    this.#bytes = bytes;
    this.#decoder = new FastDecoder(readTemplates(readFileSync(templatesFile, "utf8")));
    this.#fields = this.#decoder.plans.map(sumFields);
    this.#isReset = this.#decoder.plans.map(({ record }) => record.places.length === 0);
  }

  /** Decodes the whole stream once. */
  pass(): Pass {
    const pass = { messages: 0, entries: 0, checksum: 0 };
    const bytes = this.#bytes;
    const decoder = this.#decoder;
    decoder.reset();
    for (let at = 0; at < bytes.length; ) {
      at = decoder.decode(bytes, at, bytes.length);
      if (at < 0) throw new Error(`not decoded: ${decoder.site}`);
      if (this.#isReset[decoder.template] === true) continue;
      pass.messages++;
      const fields = this.#fields[decoder.template];
      if (fields != null) this.#sum(pass, fields);
    }
    return pass;
  }

  #sum(pass: Pass, fields: SumFields): void {
    const { out, record } = this.#decoder;
    let sum = pass.checksum + (out[record + fields.seq.offset] as number);
    const count = out[record + fields.sequence.offset + 1] as number;
    let at = out[record + fields.sequence.offset] as number;
    for (let i = 0; i < count; i++) {
      if (isPresent(out, at, fields.price)) sum += out[at + fields.price.offset + 1] as number;
      if (isPresent(out, at, fields.size)) sum += out[at + fields.size.offset] as number;
      at += fields.words;
    }
    pass.entries += count;
    pass.checksum = sum | 0;
  }
}

function isPresent(out: Int32Array, record: number, field: FieldWord): boolean {
  return ((out[record + field.presenceWord] as number) & field.mask) !== 0;
}
