/**
 * `fast-protocol`, the FAST decoder for JavaScript, as a baseline: from a folder given by hand, for
 * it is no dependency (its repository at version 0.1.15, with the packages long and xml-js beside
 * it). It knows the global dictionary only and no individual operators of decimals, so a stream
 * that needs them fails, or its checksum differs.
 */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { Pass, Stream } from "./stream.ts";

interface PeerModule {
  readonly Decoder: new (
    templatesFile: string,
  ) => { decode(bytes: Buffer, each: (message: PeerMessage, name: string) => void): void };
}

interface PeerMessage {
  readonly MsgSeqNum?: unknown;
  readonly MDEntries?: readonly { MDEntryPx?: unknown; MDEntrySize?: unknown }[];
}

/** The peer over a stream. */
export class PeerSide {
  readonly #bytes: Buffer;
  readonly #decoder: InstanceType<PeerModule["Decoder"]>;

  constructor(folder: string, { templatesFile, bytes }: Stream) {
    const load = createRequire(import.meta.url);
    const { Decoder } = load(resolve(folder)) as PeerModule;
    this.#bytes = Buffer.from(bytes);
    this.#decoder = new Decoder(templatesFile);
  }

  /** Decodes the whole stream once. */
  pass(): Pass {
    const pass = { messages: 0, entries: 0, checksum: 0 };
    this.#decoder.decode(this.#bytes, (message) => {
      if (message.MsgSeqNum === undefined && message.MDEntries === undefined) return;
      pass.messages++;
      const entries = message.MDEntries ?? [];
      pass.entries += entries.length;
      let sum = pass.checksum + Number(message.MsgSeqNum ?? 0);
      for (const { MDEntryPx, MDEntrySize } of entries) {
        sum += mantissaOf(MDEntryPx) + Number(MDEntrySize ?? 0);
      }
      pass.checksum = sum | 0;
    });
    return pass;
  }
}

/** Versions give a decimal as text, `MANTISSAeEXPONENT`, or as an object with both. */
function mantissaOf(price: unknown): number {
  if (typeof price === "string") return Number.parseInt(price, 10);
  if (price !== null && typeof price === "object" && "m" in price) return Number(price.m);
  return 0;
}
