/**
 * FAST as fuzz targets: the compiled decoder over templates of every kind, over Moscow Exchange's
 * own with the books behind it, and the framing. Presence maps, template identifiers, lengths and
 * counts are ordinary bytes of the stream, so the mutations meet them.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../src/core/assert.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { FEED_A, FEED_SNAPSHOT } from "../../src/core/sinks.ts";
import { FastDecoder } from "../../src/decode/fast/decoder.ts";
import { FAST_ERROR_TEXT } from "../../src/decode/fast/errors.ts";
import { FORTS_OPTIONS, FortsBooks, type FortsSink } from "../../src/decode/fast/forts.ts";
import { FORTS_RULES } from "../../src/decode/fast/forts-fields.ts";
import { FastFraming } from "../../src/decode/fast/framing.ts";
import type { Template } from "../../src/decode/fast/model.ts";
import type { Place } from "../../src/decode/fast/plan.ts";
import { readTemplates } from "../../src/decode/fast/read-templates.ts";
import { fastRecords } from "../../src/decode/fast/records.ts";
import { readXml } from "../../src/decode/fast/xml.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import type { DecodedRecord } from "../../src/decode/records.ts";
import { FastEncoder } from "../decode/fast/encoder.ts";
import { fortsXml, someForts } from "../decode/fast/some-forts.ts";
import { MessageMaker, TemplateWriter } from "../decode/fast/some-templates.ts";
import { EncodeError } from "../decode/fast/wire-writer.ts";
import { kept } from "./corpus.ts";
import { fastStageTarget } from "./fast-stage.ts";
import { fastPlaces } from "./places.ts";
import { Random } from "./random.ts";
import { fastDayTarget, type Scripted } from "./stages.ts";
import type { FuzzTarget, Target } from "./targets.ts";

const OUT_WORDS = 1 << 16;
const ARENA_BYTES = 1 << 16;
const SETS = 6;
const REGION_BYTES = 1 << 17;
const SLICE = join("data", "fast", "forts-slice");

/** Bytes at the very end of a region whose every earlier byte is noise that may not be read. */
class LastBytes {
  readonly bytes = new Uint8Array(REGION_BYTES);
  readonly data = new DataView(this.bytes.buffer);
  offset = REGION_BYTES;

  place(given: Uint8Array): number {
    const length = Math.min(given.length, REGION_BYTES);
    this.offset = REGION_BYTES - length;
    this.bytes.set(given.subarray(0, length), this.offset);
    return length;
  }
}

/** Checks that what a message left behind lies inside the decoder's memory. */
function checkRecord(decoder: FastDecoder, places: readonly Place[], record: number): void {
  const { out, bytes } = decoder;
  for (const place of places) {
    const isPresent = ((out[record + (place.bit >>> 5)] as number) >>> (place.bit & 31)) & 1;
    if (isPresent === 0) continue;
    const first = out[record + place.offset] as number;
    const second = out[record + place.offset + 1] as number;
    if (place.kind === "group") checkRecord(decoder, place.children, record);
    else if (place.kind === "dynamic") {
      const plan = decoder.plans[first];
      assert(plan !== undefined, "FUZZ_FAST_TEMPLATE");
      checkRecord(decoder, plan.record.places, second);
    } else if (place.element !== null) {
      const { words, places: inner } = place.element;
      assert(first >= 0 && first + second * words <= out.length, "FUZZ_FAST_SEQUENCE");
      for (let i = 0; i < second; i++) checkRecord(decoder, inner, first + i * words);
    } else if (place.field.kind === "scalar" && isText(place.field.type)) {
      assert(first >= 0 && second >= 0 && first + second <= bytes.length, "FUZZ_FAST_TEXT");
    }
  }
}

function isText(type: string): boolean {
  return type === "ascii" || type === "unicode" || type === "byteVector";
}

/** Decodes message after message; gives how many there were. */
function decodeAll(
  decoder: FastDecoder,
  input: LastBytes,
  length: number,
  each: () => void,
): number {
  let at = input.offset;
  const end = at + length;
  let messages = 0;
  while (at < end) {
    const next = decoder.decode(input.bytes, at, end);
    if (next < 0) {
      assert(FAST_ERROR_TEXT[decoder.error] !== undefined, "FUZZ_FAST_ERROR");
      return messages;
    }
    assert(next > at && next <= end, "FUZZ_FAST_PROGRESS");
    const plan = decoder.plans[decoder.template];
    assert(plan !== undefined, "FUZZ_FAST_TEMPLATE");
    checkRecord(decoder, plan.record.places, decoder.record);
    each();
    at = next;
    messages++;
  }
  return messages;
}

/** What `nyq decode` would print has to be as many messages as the decoder counts, or fewer. */
function recordsOf(xml: string): Target {
  const decoder = fastRecords(xml);
  return (bytes) => {
    let records = 0;
    let taken = 0;
    const record = ({ fields }: DecodedRecord): void => {
      assert(
        Object.keys(fields).every((name) => name !== ""),
        "FUZZ_FAST_NAME",
      );
      records++;
    };
    decoder.decode(bytes, { record, problem: () => undefined });
    assert(records <= bytes.length, "FUZZ_FAST_RECORDS");
    while (taken < bytes.length) {
      const sink = { record, problem: () => undefined };
      const step = decoder.decodeNext?.(bytes, taken, bytes.length, sink) ?? 0;
      if (step === 0) return;
      assert(step > 0 && taken + step <= bytes.length, "FUZZ_FAST_STEP");
      taken += step;
    }
  };
}

/** Cases of which one goes through the printing of records too. */
const RECORDS_EVERY = 16;

/** Bytes decoded by sets of templates in turn, each kept from case to case. */
export function fastTarget(xmls: readonly string[]): Target {
  const sets = xmls.map((xml) => readTemplates(xml));
  const printed = recordsOf(xmls[0] as string); // There is at least one.
  const decoders = sets.map((templates) => {
    return new FastDecoder(templates, { outWords: OUT_WORDS, arenaBytes: ARENA_BYTES });
  });
  const input = new LastBytes();
  let turn = 0;
  return (bytes) => {
    const length = input.place(bytes);
    const decoder = decoders[turn++ % decoders.length] as FastDecoder;
    if (turn % 8 < 4) decoder.reset();
    if (turn % RECORDS_EVERY === 0) printed(bytes);
    decodeAll(decoder, input, length, () => undefined);
  };
}

/** Checks what the books' owner relies on. */
class CheckingLevels implements FortsSink {
  readonly #live = new Set<string>();
  onLevelNew(i: number, side: number, lo: number, hi: number, ql: number, qh: number): void {
    const key = `${i} ${side} ${hi} ${lo}`;
    assert(!this.#live.has(key), "FUZZ_LEVEL_TWICE");
    assert(qh >= 0 && (ql | qh) !== 0, "FUZZ_LEVEL_EMPTY");
    this.#live.add(key);
  }
  onLevelChanged(i: number, side: number, lo: number, hi: number, ql: number, qh: number): void {
    assert(this.#live.has(`${i} ${side} ${hi} ${lo}`), "FUZZ_LEVEL_UNKNOWN");
    assert(qh >= 0 && (ql | qh) !== 0, "FUZZ_LEVEL_EMPTY");
  }
  onInstrument(): void {}
  onTrade(): void {}
  onSymbol(): void {}
  onStatus(): void {}
  onSession(): void {}
  onLevelGone(i: number, side: number, lo: number, hi: number): void {
    assert(this.#live.delete(`${i} ${side} ${hi} ${lo}`), "FUZZ_LEVEL_UNKNOWN");
  }
}

/** FORTS datagrams: framing, then the decoders of both streams and the books behind them. */
export function fortsTarget(templates: readonly Template[]): Target {
  const sizes = { outWords: OUT_WORDS, arenaBytes: ARENA_BYTES };
  const increments = new FastDecoder(templates, sizes);
  const snapshots = new FastDecoder(templates, sizes);
  const framing = new FastFraming(templates, FORTS_RULES);
  const input = new LastBytes();
  const options = { ...FORTS_OPTIONS, instruments: 16, keptEntries: 64 };
  let books = new FortsBooks(increments.plans, new CheckingLevels(), options);
  let turn = 0;
  return (bytes) => {
    const length = input.place(bytes);
    if (turn++ % 500 === 0) {
      books = new FortsBooks(increments.plans, new CheckingLevels(), options);
    }
    const kind = framing.read(input.bytes, input.data, input.offset, length);
    const whole = framing.skip(input.data, input.offset, length, 0, 1);
    assert(kind < 0 || whole === length, "FUZZ_FAST_SKIP");
    assert(kind !== FramingKind.DATA || (framing.seq[0] as number) > 0, "FUZZ_FAST_SEQ");
    decodeAll(increments, input, length, () => books.increment(increments));
    decodeAll(snapshots, input, length, () => books.snapshot(snapshots));
  };
}

/** Template files: refused with a line, or compiled. */
export function templatesTarget(): Target {
  const text = new TextDecoder();
  return (bytes) => {
    const xml = text.decode(bytes);
    try {
      readXml(xml);
      new FastDecoder(readTemplates(xml), { outWords: 64, arenaBytes: 64 });
    } catch (error) {
      assert(error instanceof Error && error.name === "FastTemplateError", "FUZZ_FAST_XML");
    }
  };
}

/** Streams of some messages of a set of templates. */
function someStreams(random: Random, templates: readonly Template[], count: number): Uint8Array[] {
  const maker = new MessageMaker(random, templates);
  return Array.from({ length: count }, () => {
    const encoder = new FastEncoder(templates);
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < 4; i++) {
      const { name, value } = maker.some();
      try {
        pieces.push(encoder.message(name, value));
      } catch (error) {
        if (!(error instanceof EncodeError)) throw error;
      }
    }
    return Uint8Array.from(Buffer.concat(pieces));
  });
}

/** Real increments and snapshots where the shared samples are at hand. */
function realForts(templates: readonly Template[]): Uint8Array[] {
  const shared = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
  return ["increment_a.dat", "snapshot.dat"].flatMap((name) => {
    const path = join(shared, SLICE, name);
    if (!existsSync(path)) return [];
    const file = new Uint8Array(readFileSync(path));
    const decoder = new FastDecoder(templates);
    const found: Uint8Array[] = [];
    for (let at = 0; at < file.length && found.length < 100; ) {
      const end = decoder.decode(file, decoder.decode(file, at, file.length), file.length);
      found.push(file.slice(at, end));
      at = end;
    }
    return found;
  });
}

/** The datagrams in turn as live ones and as snapshots: which they are, their template says. */
function scriptOf(datagrams: readonly Uint8Array[]): Scripted[] {
  return datagrams.flatMap((bytes) => [
    { feed: FEED_A, bytes },
    { feed: FEED_SNAPSHOT, bytes },
  ]);
}

/** FAST's targets with their corpora. */
export function fastTargets(random: Random): FuzzTarget[] {
  const xmls = Array.from({ length: SETS }, () => new TemplateWriter(random).xml(4));
  const sets = xmls.map((xml) => readTemplates(xml));
  const forts = readTemplates(fortsXml());
  const streams = sets.flatMap((templates) => someStreams(random, templates, 20));
  const datagrams = [...someForts(random, forts, 60), ...realForts(forts)];
  const files = [...xmls.slice(0, 2), fortsXml()].map((xml) => new TextEncoder().encode(xml));
  return [
    {
      name: "fast",
      run: fastTarget(xmls),
      corpus: [...streams, ...kept("fast")],
      places: fastPlaces,
    },
    {
      name: "forts",
      run: fortsTarget(forts),
      corpus: [...datagrams, ...kept("forts")],
      places: fastPlaces,
    },
    {
      name: "fast-stage",
      run: fastStageTarget(forts),
      corpus: [...datagrams, ...kept("forts")],
      places: fastPlaces,
    },
    {
      name: "fast-day",
      run: fastDayTarget(forts, scriptOf(datagrams), new Random(random.word())),
      corpus: [...datagrams, ...kept("forts"), ...kept("fast-day")],
      places: fastPlaces,
    },
    {
      name: "fast-templates",
      run: templatesTarget(),
      corpus: [...files, ...kept("fast-templates")],
    },
  ];
}
