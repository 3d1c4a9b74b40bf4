/** `nyq decode FILE`: every message of a file with every field, as text or JSON lines. */
import { type Command, Option } from "commander";
import type { RecordDecoder } from "../decode/records.ts";
import type { PacketRow } from "../rx/packets.ts";
import type { StreamSink } from "../rx/tcp-streams.ts";
import type { RecordPrinter } from "./decode-run.ts";

const PROTOCOLS = ["itch-5.0", "eobi-14.1", "eobi-6.0", "eobi-3.0", "fast"] as const;
const FORMATS = ["auto", "pcap", "itch", "hex", "fast-raw", "len4"] as const;

type Protocol = (typeof PROTOCOLS)[number];
type Format = (typeof FORMATS)[number];

interface DecodeFlags {
  readonly protocol: Protocol;
  readonly format: Format;
  readonly templates?: string;
  readonly json?: boolean;
  readonly limit?: string;
}

const EXAMPLES = `
Examples:
  nyq decode day.itch.gz --limit 10               the first ten messages, for reading
  nyq decode capture.pcapng --protocol eobi-14.1 --json | jq 'select(.message=="OrderAdd")'
  nyq decode old.pcap --protocol eobi-6.0         a release of its own layout
  nyq decode feed.dat --protocol fast --templates templates.xml --format fast-raw
  echo 0d0000… | nyq decode - --protocol eobi-14.1 --format hex

Messages come in the order of the file: nothing is arbitrated, reordered or left out. What cannot be
decoded is counted on stderr. Prices, quantities and times are the wire's integers in JSON.`;

/** Formats that each protocol comes in. */
const FORMATS_OF: Readonly<Record<Protocol, readonly Format[]>> = {
  "itch-5.0": ["pcap", "itch", "hex"],
  "eobi-14.1": ["pcap", "hex"],
  "eobi-6.0": ["pcap", "hex"],
  "eobi-3.0": ["pcap", "hex"],
  fast: ["pcap", "hex", "fast-raw", "len4"],
};

const ITCH_BLOCK_BYTES_MAX = 65_535;
/** Longest FAST message behind a length that is believed, bytes. */
const FAST_MESSAGE_BYTES_MAX = 1_048_576;

/** Adds the verb. */
export function registerDecode(program: Command): void {
  program
    .command("decode")
    .description("print every message of a file with every field")
    .argument("<file>", "pcap, pcapng, ITCH BinaryFILE, hex lines, FAST; gzip of each; - is stdin")
    .addOption(new Option("--protocol <p>", "protocol").choices([...PROTOCOLS]).default("itch-5.0"))
    .addOption(new Option("--format <f>", "file format").choices([...FORMATS]).default("auto"))
    .option("--templates <xml>", "templates, for FAST")
    .option("--json", "one JSON object a line")
    .option("--limit <n>", "end after so many messages")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: DecodeFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => decode(file, flags));
    });
}

async function decode(file: string, flags: DecodeFlags): Promise<void> {
  const { wholeFlag } = await import("./client-flags.ts");
  const { RecordPrinter } = await import("./decode-run.ts");
  const { recordJson, recordText } = await import("./decode-print.ts");
  const { lookAt } = await import("../rx/file.ts");
  const most = Number.MAX_SAFE_INTEGER;
  const limit = flags.limit === undefined ? most : wholeFlag("--limit", flags.limit, 1, most);
  await checkFlags(flags);
  const { input, head } = await lookAt(file);
  try {
    const format = await formatOf(file, flags, head);
    const decoder = await decoderOf(flags, format);
    const show =
      flags.json === true
        ? recordJson
        : (packet: number, record: Parameters<typeof recordText>[1]): string =>
            recordText(packet, record, decoder);
    const printer = new RecordPrinter(process.stdout, show, limit);
    try {
      await run(input, head, format, decoder, printer);
    } finally {
      for (const line of printer.problemLines()) process.stderr.write(`nyq decode: ${line}\n`);
    }
  } finally {
    input.close();
  }
}

type Input = Awaited<ReturnType<typeof import("../rx/file.ts").lookAt>>["input"];

async function run(
  input: Input,
  head: Uint8Array,
  format: Format,
  decoder: RecordDecoder,
  printer: RecordPrinter,
): Promise<void> {
  const { decodePackets, decodeUnframed } = await import("./decode-run.ts");
  const { BlockRow, CaptureRow, HexRow } = await import("../rx/packets.ts");
  const onSkipped = (kind: string, number: number): void => {
    printer.packet = number;
    printer.problem(kind, "left out");
  };
  switch (format) {
    case "pcap": {
      const row: PacketRow = new CaptureRow(
        input,
        head,
        onSkipped,
        streamsOf(decoder, printer, () => row),
      );
      return decodePackets(row, input, decoder, printer);
    }
    case "hex":
      return decodePackets(new HexRow(input, onSkipped), input, decoder, printer);
    case "itch":
      return decodePackets(new BlockRow(input, 2, ITCH_BLOCK_BYTES_MAX), input, decoder, printer);
    case "len4":
      return decodePackets(new BlockRow(input, 4, FAST_MESSAGE_BYTES_MAX), input, decoder, printer);
    default:
      return decodeUnframed(input, decoder, printer);
  }
}

/** Where a capture's TCP bytes go: to the decoder, if its protocol comes over TCP. */
function streamsOf(
  decoder: RecordDecoder,
  printer: RecordPrinter,
  row: () => PacketRow,
): StreamSink | null {
  if (decoder.decodeStream === undefined) return null;
  return {
    onStreamBytes(stream, bytes) {
      printer.packet = row().number;
      decoder.decodeStream?.(stream, bytes, printer);
    },
    onStreamProblem: (kind, detail) => printer.problem(kind, detail),
    onStreamEnd: (stream) => decoder.endStream?.(stream),
  };
}

async function checkFlags(flags: DecodeFlags): Promise<void> {
  const { FeedError } = await import("../core/errors.ts");
  const { protocol, format, templates } = flags;
  if (protocol === "fast" && templates === undefined) {
    throw new FeedError("FEED_USAGE", "--protocol fast needs --templates");
  }
  if (protocol !== "fast" && templates !== undefined) {
    throw new FeedError("FEED_USAGE", `--protocol ${protocol} takes no --templates`);
  }
  if (format !== "auto" && !FORMATS_OF[protocol].includes(format)) {
    throw new FeedError("FEED_USAGE", `--protocol ${protocol} does not come as --format ${format}`);
  }
}

/** What the file's first bytes say, where no format was given. @throws FEED_FORMAT */
async function formatOf(file: string, flags: DecodeFlags, head: Uint8Array): Promise<Format> {
  const { FeedError } = await import("../core/errors.ts");
  const { isPcap } = await import("../rx/pcap.ts");
  const { isPcapng } = await import("../rx/pcapng.ts");
  const { looksLikeHex } = await import("../rx/packets.ts");
  const { looksLikeLen4 } = await import("../rx/file.ts");
  const isCapture = isPcap(head) || isPcapng(head);
  if (flags.format === "pcap" && !isCapture && head.length > 0) {
    throw new FeedError("FEED_FORMAT", `${file}: format=pcap, but its magic is of no capture`);
  }
  if (flags.format !== "auto") return flags.format;
  if (isCapture) return "pcap";
  if (looksLikeHex(head)) return "hex";
  if (flags.protocol === "itch-5.0") return "itch";
  if (flags.protocol === "fast") return looksLikeLen4(head) ? "len4" : "fast-raw";
  if (head.length === 0) return "hex";
  throw new FeedError("FEED_FORMAT", `${file}: neither pcap, pcapng nor lines of hex`);
}

async function templatesOf(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const { errorText, FeedError } = await import("../core/errors.ts");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new FeedError("FEED_FILE", `--templates ${path}: ${errorText(error)}`);
  }
}

async function decoderOf(flags: DecodeFlags, format: Format): Promise<RecordDecoder> {
  const { protocol } = flags;
  if (protocol === "itch-5.0") {
    const { itchRecords } = await import("../decode/itch/records.ts");
    return itchRecords(format === "itch" ? "message" : "moldudp64");
  }
  if (protocol === "fast") {
    const { fastRecords } = await import("../decode/fast/records.ts");
    return fastRecords(await templatesOf(flags.templates as string)); // checkFlags saw it.
  }
  const { eobiRecords } = await import("../decode/eobi/records.ts");
  return eobiRecords(protocol.slice("eobi-".length));
}
