/** `nyq send`: an ITCH file as A/B multicast, with faults. Contract: design/cli-and-status.md. */
import { type Command, Option } from "commander";

interface SendFlags {
  readonly a: string;
  readonly b?: string;
  readonly iface: string;
  readonly ifaceB?: string;
  readonly pps?: string;
  readonly mps?: string;
  readonly speed?: string;
  readonly cut: "same" | "different";
  readonly session: string;
  readonly seq: string;
  readonly fault?: string;
  readonly seed: string;
  readonly truth?: string;
  readonly end: boolean;
}

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
      nyq send - --a 239.192.7.1:26400 --iface 127.0.0.1 --speed 10`;

/** Adds the verb. */
export function registerSend(program: Command): void {
  program
    .command("send")
    .description("send an ITCH file as A/B multicast, with faults when asked")
    .argument("<file>", "ITCH BinaryFILE, gzip too; - is stdin")
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
    .action(async (file: string, flags: SendFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(async () => {
        const { runSend } = await import("../send/command.ts");
        await runSend(file, flags);
      });
    });
}
