/** The real slice of FORTS as datagrams, and books of it by a model that shares no code. */
import type { ExecutionContext } from "ava";
import { FastDecoder } from "../../../src/decode/fast/decoder.ts";
import type { Template } from "../../../src/decode/fast/model.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import type { DecodedRecord } from "../../../src/decode/records.ts";
import { Collected } from "./collect.ts";
import { sample, sampleText } from "./data.ts";

const FOLDER = "forts-slice";
const DECIMALS = 5;

/** The slice. */
export interface Slice {
  readonly xml: string;
  readonly templates: readonly Template[];
  readonly a: readonly Uint8Array[];
  readonly b: readonly Uint8Array[];
  readonly snapshots: readonly Uint8Array[];
}

/** The slice as datagrams, a reset message and the one that follows it; null where it is absent. */
export function fortsSlice(t: ExecutionContext): Slice | null {
  const xml = sampleText(t, `${FOLDER}/templates.xml`);
  const files = ["increment_a.dat", "increment_b.dat", "snapshot.dat"];
  if (xml === null) return null;
  const templates = readTemplates(xml);
  const [a, b, snapshots] = files.map((name) => {
    const file = sample(t, `${FOLDER}/${name}`) ?? new Uint8Array(0);
    const decoder = new FastDecoder(templates);
    const found: Uint8Array[] = [];
    for (let at = 0; at < file.length; ) {
      const message = decoder.decode(file, at, file.length);
      const end = decoder.decode(file, message, file.length);
      found.push(file.subarray(at, end));
      at = end;
    }
    return found;
  }) as [Uint8Array[], Uint8Array[], Uint8Array[]];
  return { xml, templates, a, b, snapshots };
}

interface Entry {
  readonly MDUpdateAction?: number;
  readonly MDEntryType: string;
  readonly SecurityID?: bigint;
  readonly RptSeq?: number;
  readonly MDPriceLevel: number;
  readonly MDEntryPx: { readonly exponent: number; readonly mantissa: bigint };
  readonly MDEntrySize: bigint;
}

interface Book {
  rpt: number;
  /** By side: price and quantity, best first. */
  readonly sides: [[bigint, bigint][], [bigint, bigint][]];
}

/** Books by rank, as plainly as can be: a snapshot replaces one, an entry splices it. */
export class FortsModel {
  readonly books = new Map<bigint, Book>();
  readonly #collected: Collected;

  constructor(xml: string) {
    this.#collected = new Collected(xml);
  }

  /** Takes a datagram of either stream. @returns the message's record */
  take(datagram: Uint8Array): DecodedRecord | undefined {
    const record = this.#collected.feed(datagram)[1];
    const entries = (record?.fields["MDEntries"] ?? []) as unknown as Entry[];
    if (record?.message === "DefaultSnapshotMessage") this.#snapshot(record, entries);
    else for (const entry of entries) this.#entry(entry);
    return record;
  }

  #snapshot({ fields }: DecodedRecord, entries: readonly Entry[]): void {
    const id = fields["SecurityID"] as bigint;
    const rpt = fields["RptSeq"] as number;
    if ((this.books.get(id)?.rpt ?? -1) >= rpt) return;
    const book: Book = { rpt, sides: [[], []] };
    for (const entry of entries) {
      if (entry.MDEntryType === "0" || entry.MDEntryType === "1") {
        book.sides[Number(entry.MDEntryType) as 0 | 1].push(rowOf(entry));
      }
    }
    this.books.set(id, book);
  }

  #entry(entry: Entry): void {
    const book = this.books.get(entry.SecurityID as bigint);
    if (book === undefined || entry.RptSeq !== book.rpt + 1) return;
    book.rpt++;
    const side = book.sides[Number(entry.MDEntryType) as 0 | 1];
    const at = entry.MDPriceLevel - 1;
    if (entry.MDUpdateAction === 0) side.splice(at, 0, rowOf(entry));
    else if (entry.MDUpdateAction === 1) side[at] = rowOf(entry);
    else side.splice(at, 1);
    side.splice(5);
  }

  /** Rows as `nyq replay --dump-book` writes them. */
  dump(): string[] {
    const ids = [...this.books.keys()].sort((x, y) => (x < y ? -1 : 1));
    return ids.flatMap((id) =>
      ([0, 1] as const).flatMap((side) =>
        (this.books.get(id) as Book).sides[side].map(([px, qty]) => {
          const order = side === 0 ? px : px + (1n << 63n);
          return `${id},${side},${px},${order},${qty}`;
        }),
      ),
    );
  }
}

function rowOf({ MDEntryPx: { exponent, mantissa }, MDEntrySize }: Entry): [bigint, bigint] {
  return [mantissa * 10n ** BigInt(exponent + DECIMALS), MDEntrySize];
}
