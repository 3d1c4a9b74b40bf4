/**
 * What the pipeline needs of each protocol: framing for merge, the decode stage, and how its books
 * name their orders. A new protocol is a row here and a name in config.ts; build.ts knows none.
 * Cold path: called while a thread is built, and once at its end.
 */
import type { Config, ProtocolName } from "../config/config.ts";
import type { Counters } from "../core/counters.ts";
import type { FrameView } from "../core/frames.ts";
import type { UnknownTypes } from "../core/odd-input.ts";
import type { EventSink, FrameOwner, PacketSink, Stage } from "../core/sinks.ts";
import type { StateRef } from "../core/state-board.ts";
import { EobiDecoder } from "../decode/eobi/decoder.ts";
import { EobiFraming } from "../decode/eobi/framing.ts";
import { TEMPLATE_FIRST } from "../decode/eobi/layout.ts";
import { EobiRecovery } from "../decode/eobi/recovery.ts";
import { EobiStateReader, eobiStateBytes, takeEobiState } from "../decode/eobi/state.ts";
import { decodesFromNothing } from "../decode/fast/arrival.ts";
import { channelTemplates, fastFraming } from "../decode/fast/channel.ts";
import { FastCutter } from "../decode/fast/cutter.ts";
import { FORTS_OPTIONS } from "../decode/fast/forts.ts";
import { levelBookBytes } from "../decode/fast/levels.ts";
import { FastStage } from "../decode/fast/stage.ts";
import type { Framing } from "../decode/framing.ts";
import { ItchDecoder } from "../decode/itch/decoder.ts";
import { itchStateBytes, takeItchState } from "../decode/itch/state.ts";
import { ItchStateReader } from "../decode/itch/state-reader.ts";
import { loadTable } from "../decode/layouts/table.ts";
import { MoldUdp64Framing } from "../decode/moldudp64/framing.ts";
import type { StateReader } from "../decode/state-rows.ts";
import type { Cutter } from "../rx/cut-file.ts";

/** What a decode stage stands on. */
export interface DecodeParts {
  readonly config: Config;
  /** Frame regions by feed. */
  readonly frames: readonly FrameView[];
  readonly owner: FrameOwner;
  readonly sink: EventSink;
  readonly counters: Counters;
  /** Where message types that are not the protocol's are told. */
  readonly unknownTypes: UnknownTypes;
  /** By instrument, for protocols whose books get stale one by one: 0 where a book is exact. */
  readonly stale: Uint8Array;
  /** Where instrument state is kept, or null. */
  readonly state: StateRef | null;
}

/** A decode stage as the pipeline sees it. */
export interface Decode {
  readonly stage: PacketSink & Stage;
  /** Messages by type letter or template name; those that came. */
  types(): Record<string, number>;
  /** As new, while everything stands still. */
  reset(): void;
}

/** How a protocol keeps instrument state for people. */
export interface StateKeeping {
  /** Bytes that take() takes. */
  bytes(instruments: number): number;
  take(instruments: number): StateRef;
  reader(ref: StateRef): StateReader;
}

/** A protocol of the pipeline. */
export interface Protocol {
  /** True when an order id is unique within its instrument only. */
  readonly scoped: boolean;
  /** True when instruments have ids of their own (onInstrument); false: the id is the index. */
  readonly hasIds: boolean;
  /** True when a BinaryFILE of it exists. */
  readonly hasBinaryFile: boolean;
  /** True when the warm-up can make a stream of it (warm-up-stream.ts); else there is none. */
  readonly warmsUp: boolean;
  /** Decimals of its raw prices. */
  readonly priceDecimals: number;
  /** What frames its messages in captured TCP connections; null: it does not come over TCP. */
  readonly tcp: "soupbintcp" | null;
  /** Instrument state beside the books, null where there is none. */
  readonly state: StateKeeping | null;
  /** Memory that levels by rank take as instruments appear, bytes; missing where there are none. */
  readonly levelBytes?: (instruments: number) => number;
  /** A session's words as people say them; null: they are ASCII. */
  readonly sessionText: ((words: readonly [number, number, number]) => string) | null;
  framing(config: Config, cold: boolean): Framing;
  /** How messages are found in files without datagrams; missing where there are none such. */
  readonly makeCutter?: (config: Config) => () => Cutter;
  decode(parts: DecodeParts): Decode;
}

const ITCH: Protocol = {
  scoped: false,
  hasIds: false,
  hasBinaryFile: true,
  warmsUp: true,
  priceDecimals: 4,
  tcp: "soupbintcp",
  state: {
    bytes: itchStateBytes,
    take: takeItchState,
    reader: (ref) => new ItchStateReader(ref),
  },
  sessionText: null,
  framing: (_config, cold) => new MoldUdp64Framing(cold),
  decode: ({ frames, owner, sink, counters, unknownTypes, state }) => {
    const stage = new ItchDecoder({ frames, owner, sink, counters, unknownTypes, state });
    return {
      stage,
      types: () => named(stage.typeCounts, (type) => String.fromCharCode(type)),
      reset: () => stage.reset(),
    };
  },
};

const EOBI: Protocol = {
  scoped: true,
  hasIds: true,
  hasBinaryFile: false,
  warmsUp: false,
  priceDecimals: 8,
  tcp: null,
  state: {
    bytes: eobiStateBytes,
    take: takeEobiState,
    reader: (ref) => new EobiStateReader(ref),
  },
  sessionText: ([segment, partition, restarts]) =>
    `${segment}/${partition}${restarts === 0 ? "" : ` restart ${restarts}`}`,
  framing: ({ channel }) => new EobiFraming(channel.marketSegment),
  decode: ({ config, frames, owner, sink, counters, unknownTypes, state }) => {
    const { instruments, orders } = config.book;
    const parts = { frames, owner, sink, counters, instruments };
    const decoder = new EobiDecoder({ ...parts, unknownTypes, state });
    const recovery =
      config.rx.snapshot === null
        ? null
        : new EobiRecovery({
            ...parts,
            decoder,
            packets: config.recovery.packets,
            packetBytes: config.rx.frameBytes,
            orders,
            segment: config.channel.marketSegment,
          });
    return {
      stage: recovery ?? decoder,
      types: () => {
        const names = new Map(loadTable("eobi-14.1").messages.map(({ id, name }) => [id, name]));
        return named(decoder.typeCounts, (slot) => names.get(TEMPLATE_FIRST + slot) ?? `${slot}`);
      },
      reset: () => {
        decoder.reset();
        recovery?.reset();
      },
    };
  },
};

/** FAST 1.1 by the channel's templates; books where they are Moscow Exchange derivatives'. */
const FAST: Protocol = {
  scoped: true,
  hasIds: true,
  hasBinaryFile: false,
  warmsUp: false,
  priceDecimals: FORTS_OPTIONS.priceDecimals,
  tcp: null,
  state: null,
  levelBytes: levelBookBytes,
  // The SendingTime from which the numbers count; nothing for those from the start.
  sessionText: ([hi, lo]) => {
    const time = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
    return time === 0n ? "" : time.toString();
  },
  framing: (config) => fastFraming(channelTemplates(config)),
  makeCutter: (config) => {
    const templates = channelTemplates(config);
    return () => new FastCutter(templates);
  },
  decode: ({ config, frames, owner, sink, counters, unknownTypes, stale }) => {
    const templates = channelTemplates(config);
    const { instruments } = config.book;
    const isByArrival = !decodesFromNothing(templates);
    const parts = { frames, owner, sink, counters, instruments, unknownTypes, stale };
    const stage = new FastStage({ ...parts, templates, isByArrival });
    return { stage, types: () => stage.types(), reset: () => stage.reset() };
  },
};

/** Every protocol by its name. */
export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = {
  "itch-5.0": ITCH,
  "eobi-14.1": EOBI,
  fast: FAST,
};

/** The channel's protocol. */
export function protocolOf(config: Config): Protocol {
  return PROTOCOLS[config.channel.protocol];
}

/** Counts by name, those that are not 0. */
function named(counts: Float64Array, nameOf: (index: number) => string): Record<string, number> {
  const types: Record<string, number> = {};
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number;
    if (count > 0) types[nameOf(i)] = count;
  }
  return types;
}
