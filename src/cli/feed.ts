/** `nyq feed`: A/B multicast in, books out. Contract: design/cli-and-status.md. */
import { type Command, Option } from "commander";
import { PROTOCOL_NAMES } from "../config/config.ts";
import type { FlagValue } from "../config/sources.ts";

interface FeedFlags {
  readonly config?: string;
  readonly protocol?: string;
  readonly templates?: string;
  readonly a?: string;
  readonly b?: string;
  readonly snapshot?: string;
  readonly iface?: string;
  readonly ifaceB?: string;
  readonly start?: string;
  readonly listen?: string;
  readonly listenB?: string;
  readonly admin?: string;
  readonly set: string[];
}

/** Which configuration key each flag stands for. */
const FLAG_PATHS: readonly (readonly [keyof FeedFlags, string])[] = [
  ["protocol", "channel.protocol"],
  ["templates", "channel.templates"],
  ["start", "channel.start"],
  ["a", "rx.a"],
  ["b", "rx.b"],
  ["snapshot", "rx.snapshot"],
  ["iface", "rx.iface"],
  ["ifaceB", "rx.iface_b"],
  ["listen", "publish.listen"],
  ["listenB", "publish.listen_b"],
  ["admin", "admin.listen"],
];

const FEED_NAMES = ["a", "b", "snapshot"];

const EXAMPLES = `
Examples:
  nyq feed --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 127.0.0.1
  nyq feed -c config/laptop.toml --a 239.192.7.1:26400 --listen 127.0.0.1:0 --admin 127.0.0.1:0
  nyq feed --protocol eobi-14.1 --a 224.0.50.1:59000 --b 224.0.50.129:59000 \\
      --snapshot 224.0.50.2:59001
  nyq feed --protocol fast --templates templates.xml --a 239.1.1.1:5001 --b 239.1.1.2:5001 \\
      --snapshot 239.1.1.3:5002
  nyq feed --a soup://10.0.0.5:26500            over SoupBinTCP; login in section [soup]
  nyq feed -c config/low-latency.toml --set pipeline.force=true

When groups are joined and sockets listen, one line on stderr says where:
  ready ws=ADDR:PORT ws_b=ADDR:PORT|- admin=ADDR:PORT
SIGTERM or SIGINT drains and ends with 0; a second one forces.`;

/** Adds the verb. */
export function registerFeed(program: Command): void {
  program
    .command("feed")
    .description("receive A/B multicast, keep the books, serve them over WebSocket")
    .option("-c, --config <file>", "configuration (TOML)")
    .addOption(new Option("--protocol <p>", "protocol of the channel").choices([...PROTOCOL_NAMES]))
    .option("--templates <xml>", "FAST templates, for protocols of that family")
    .option("--a <group:port>", "multicast group of feed A, or soup://HOST:PORT")
    .option("--b <group:port>", "the same of feed B")
    .option("--snapshot <group:port>", "the venue's snapshot channel (EOBI, FAST)")
    .option("--iface <addr>", "address of the receiving interface")
    .option("--iface-b <addr>", "the same for feed B")
    .option("--start <first|seq>", "first sequence to apply")
    .option("--listen <addr:port>", "WebSocket endpoint A")
    .option("--listen-b <addr:port>", "WebSocket endpoint B")
    .option("--admin <addr:port>", "metrics, status and the page")
    .option("--set <path=value>", "set a configuration key", (v, all: string[]) => [...all, v], [])
    .addHelpText("after", EXAMPLES)
    .action(async (flags: FeedFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => feed(flags));
    });
}

async function feed(flags: FeedFlags): Promise<number> {
  const { loadConfig } = await import("../config/load.ts");
  const { Feed } = await import("../pipeline/feed.ts");
  const { pino } = await import("pino");
  const { onSignals } = await import("./signals.ts");
  const values: FlagValue[] = [];
  for (const [flag, path] of FLAG_PATHS) {
    const value = flags[flag];
    if (typeof value !== "string") continue;
    values.push([path, flag === "start" && /^[0-9]+$/.test(value) ? Number(value) : value]);
  }
  const config = loadConfig({
    file: flags.config,
    env: process.env,
    sets: flags.set,
    flags: values,
  });
  const log = pino(
    { level: config.log.level, base: null },
    pino.destination({ fd: 2, sync: true }),
  );
  const stopAsked = onSignals();
  const running = await Feed.start(config, (line) => log.info(line));
  for (const { feed, path, port, rcvbufBytes } of running.pipeline.ready.flatMap((r) => r.rx)) {
    log.info({ feed: FEED_NAMES[feed], path, port, rcvbuf_bytes: rcvbufBytes }, "receiving");
  }
  const { ws, wsB, admin } = running.addresses;
  process.stderr.write(`ready ws=${ws} ws_b=${wsB ?? "-"} admin=${admin}\n`);
  try {
    await Promise.race([stopAsked, running.pipeline.finished]);
    await running.stop();
    return 0;
  } catch (error) {
    await running.kill();
    throw error;
  }
}
