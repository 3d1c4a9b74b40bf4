/** `nyq send`: a file as A/B multicast, with faults. Contract: design/cli-and-status.md. */
import { type Command, Option } from "commander";
import { PROTOCOL_NAMES } from "../config/config.ts";
import type { SendCommand } from "../send/command.ts";

const FORMATS = ["auto", "itch", "pcap", "fast-raw", "len4"];

const EXAMPLES = `
Without --pps, --mps or --speed: 100,000 messages a second.
SPEC is a comma list, probabilities by packet and feed:
  drop=P[:never-both]   lose packets; never-both: never the same message on both feeds
  dup=P                 send packets twice
  reorder=P:DEPTH       let 1 to DEPTH later packets go first, 20 ms at most
  delay=P:MS            hold packets back
  cut=a@START_MS+LEN_MS the feed is dead for a while, heartbeats too
  lose=FROM-TO          lose these messages on both feeds

Examples:
  nyq send day.itch.gz --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 127.0.0.1
  nyq send day.itch --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 127.0.0.1 --mps 50000 \\
      --fault drop=0.01:never-both,reorder=0.02:8,dup=0.01 --seed 7 --truth truth.json
  nyq generate --seed 1 --messages 100000 --instruments 50 -o - | \\
      nyq send - --a 239.192.7.1:26400 --iface 127.0.0.1 --speed 10
  nyq send eurex.pcap --protocol eobi-14.1 --take 224.0.114.49:59001 --speed 1 \\
      --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 127.0.0.1 --fault drop=0.01:never-both
  nyq send increments.dat --protocol fast --templates templates.xml --mps 500 \\
      --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 127.0.0.1

Captures, and FAST messages with their resets, go out as they are, one datagram for one; a FAST
message of a file without datagrams makes one. Their numbers are those of --lose and the truth.`;

/** Adds the verb. */
export function registerSend(program: Command): void {
  program
    .command("send")
    .description("send a file as A/B multicast, with faults when asked")
    .argument("<file>", "ITCH BinaryFILE, pcap, pcapng, FAST messages, gzip too; - is stdin")
    .addOption(
      new Option("--protocol <p>", "protocol").choices([...PROTOCOL_NAMES]).default("itch-5.0"),
    )
    .addOption(new Option("--format <f>", "file format").choices(FORMATS).default("auto"))
    .option("--templates <xml>", "FAST templates")
    .option("--take <group:port>", "the one destination of a capture to send (default: all UDP)")
    .requiredOption("--a <group:port>", "multicast group of feed A")
    .option("--b <group:port>", "multicast group of feed B")
    .requiredOption("--iface <addr>", "address of the sending interface")
    .option("--iface-b <addr>", "the same for feed B")
    .addOption(new Option("--pps <n>", "packets a second on A").conflicts(["mps", "speed"]))
    .addOption(new Option("--mps <n>", "messages a second").conflicts(["pps", "speed"]))
    .addOption(new Option("--speed <x>", "times as fast as the messages' timestamps"))
    .addOption(
      new Option("--cut <how>", "cut A and B into packets alike or independently")
        .choices(["same", "different"])
        .default("different"),
    )
    .option("--session <name>", "session name, at most 10 characters", "NYQ")
    .option("--seq <n>", "sequence of the first message", "1")
    .option("--fault <spec>", "what goes wrong, see below")
    .option("--seed <n>", "seed of cuts and faults", "1")
    .option("--truth <out>", "write what was really sent, as JSON; - is stdout")
    .option("--no-end", "do not tell the end of the session")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: SendCommand, command: Command) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(async () => {
        const { runSend } = await import("../send/command.ts");
        await runSend(file, flags, (flag) => command.getOptionValueSource(flag) === "cli");
      });
    });
}
