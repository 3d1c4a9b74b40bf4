/**
 * A configuration as text that loads to the same configuration; but the token is masked by
 * something too short to be one, so that a masked file is refused and never serves with the mask.
 */
import { feedText, listenText } from "./address.ts";
import type { Config } from "./config.ts";

const MASK = "***";
/** A SoupBinTCP password may be short, but has no spaces. */
const SOUP_MASK = "* * *";

type Plain = string | number | boolean | readonly string[];
type Table = { readonly [key: string]: Plain | undefined };

/** The configuration as TOML with the file's keys. */
export function configToml(config: Config): string {
  const lines: string[] = [];
  const { thread, ...sections } = toFile(config);
  for (const [name, table] of Object.entries(sections)) {
    lines.push(`[${name}]`, ...tableLines(table), "");
  }
  for (const table of thread) lines.push("[[pipeline.thread]]", ...tableLines(table), "");
  return lines.join("\n");
}

/** The configuration as JSON with the file's keys. */
export function configJson(config: Config): string {
  const { thread, pipeline, ...sections } = toFile(config);
  return `${JSON.stringify({ ...sections, pipeline: { ...pipeline, thread } }, null, 2)}\n`;
}

function toFile(config: Config) {
  const { channel, rx, publish, admin, pipeline } = config;
  const { threads, ...placed } = pipeline;
  const { path, a, b, snapshot, iface, ifaceB, ...received } = rx;
  return {
    channel: snake({
      ...channel,
      marketSegment: channel.marketSegment ?? "first",
      templates: channel.templates ?? "",
      start: channel.start ?? "first",
    }),
    rx: snake({
      path,
      a: a === null ? "" : feedText(a),
      b: b === null ? "" : feedText(b),
      snapshot: snapshot === null ? "" : feedText(snapshot),
      iface,
      ifaceB,
      ...received,
    }),
    soup: snake({
      ...config.soup,
      password: config.soup.password === null ? undefined : SOUP_MASK,
    }),
    merge: snake({ ...config.merge }),
    recovery: snake({ ...config.recovery }),
    book: snake({ ...config.book }),
    publish: snake({
      ...publish,
      listen: listenText(publish.listen),
      listenB: publish.listenB === null ? "" : listenText(publish.listenB),
      token: publish.token === null ? undefined : MASK,
    }),
    admin: snake({ listen: listenText(admin.listen) }),
    reference: snake({ ...config.reference, file: config.reference.file ?? "" }),
    log: snake({ ...config.log }),
    pipeline: snake(placed),
    thread: threads.map((thread) => snake({ ...thread, cpu: thread.cpu ?? undefined })),
  };
}

function snake(table: Table): Table {
  const key = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [key(name), value]));
}

function tableLines(table: Table): string[] {
  return Object.entries(table)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}`); // Basic TOML strings are JSON's.
}
