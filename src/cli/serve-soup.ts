/** `nyq serve-soup FILE`: an ITCH file as a SoupBinTCP session. */
import type { Command } from "commander";

interface ServeSoupFlags {
  readonly listen: string;
  readonly session: string;
  readonly user?: string;
  readonly mps?: string;
  /** `--no-end` makes it false. */
  readonly end: boolean;
  readonly once?: boolean;
}

const EXAMPLES = `
Examples:
  nyq serve-soup day.itch --listen 127.0.0.1:26500
  nyq serve-soup day.itch.gz --session DAY1 --mps 100000 --once
  NYQ_SOUP__PASSWORD=secret nyq serve-soup day.itch --user feed1

When it listens, one line on stderr says where: ready soup=ADDR:PORT. Clients may log in at any
message, as often as they like. The password, where a user is named, comes from
NYQ_SOUP__PASSWORD.`;

const RATE_MAX = 1_000_000_000;

/** Adds the verb. */
export function registerServeSoup(program: Command): void {
  program
    .command("serve-soup")
    .description("serve an ITCH file over SoupBinTCP")
    .argument("<file>", "ITCH BinaryFILE, gzip too; - is stdin")
    .option("--listen <addr:port>", "where to listen; port 0 lets the kernel choose", "127.0.0.1:0")
    .option("--session <name>", "name of the session, 1 to 10 characters", "NYQ")
    .option("--user <name>", "user name to ask for; without it anybody is let in")
    .option("--mps <n>", "messages a second from the first login on (default: all at once)")
    .option("--no-end", "after the last message go on with heartbeats")
    .option("--once", "end when a client has got everything")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: ServeSoupFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => serve(file, flags));
    });
}

async function serve(path: string, flags: ServeSoupFlags): Promise<void> {
  const { FeedError } = await import("../core/errors.ts");
  const { parseListen, listenText } = await import("../config/address.ts");
  const { wholeFlag } = await import("./client-flags.ts");
  const { onSignals } = await import("./signals.ts");
  const { lookAt } = await import("../rx/file.ts");
  const { SoupFile } = await import("../send/soup-file.ts");
  const { SoupServer } = await import("../send/soup-server.ts");
  const listen = parseListen(flags.listen);
  if ("reason" in listen)
    throw new FeedError("FEED_USAGE", `--listen ${flags.listen} ${listen.reason}`);
  if (!/^[\x21-\x7e]{1,10}$/.test(flags.session)) {
    throw new FeedError("FEED_USAGE", "--session is not 1 to 10 printable ASCII characters");
  }
  if (flags.once === true && !flags.end) {
    throw new FeedError("FEED_USAGE", "--once and --no-end do not go together");
  }
  const mps = flags.mps === undefined ? null : wholeFlag("--mps", flags.mps, 1, RATE_MAX);
  const { input } = await lookAt(path);
  let file: InstanceType<typeof SoupFile>;
  try {
    file = await SoupFile.read(path, input);
  } finally {
    input.close();
  }
  const { host } = listen.value;
  const stopAsked = onSignals();
  const server = await SoupServer.listen(file, {
    host,
    port: listen.value.port,
    session: flags.session,
    user: userOf(flags.user, process.env["NYQ_SOUP__PASSWORD"]),
    messagesPerSecond: mps,
    ends: flags.end,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const served = new Promise<void>((resolve) => {
    if (flags.once === true) server.onServed = resolve;
  });
  const at = listenText({ host, port: server.port });
  process.stderr.write(`ready soup=${at} messages=${file.count}\n`);
  await Promise.race([stopAsked, served]);
  server.close();
}

function userOf(name: string | undefined, password: string | undefined) {
  return name === undefined ? null : { name, password: password ?? "" };
}
