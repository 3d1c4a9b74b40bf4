/** The generated pages of docs/: made from the tables that the code itself uses. */
import { z } from "zod";
import { CONFIG_SCHEMA } from "../../src/config/schema.ts";
import { ERROR_CODES } from "../../src/core/errors.ts";
import { COUNTER_TABLE } from "../../src/metrics/counter-table.ts";

const MADE = "<!-- Made by `npm run generate:docs`; a test keeps it fresh. -->";

/** Every page by its file name in docs/. */
export function allPages(): ReadonlyMap<string, string> {
  return new Map([
    ["errors.md", errorsPage()],
    ["metrics.md", metricsPage()],
    ["configuration.md", configurationPage()],
  ]);
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, [exit, sentence]]) => {
    return `| \`${code}\` | ${exit} | ${sentence} |`;
  });
  return page("Errors", [
    "A verb that fails says `nyq: CODE: message` on stderr and ends with the code's exit code.",
    "The message gives name, value and bound. Hot paths never fail: they count",
    "([metrics.md](metrics.md)).",
    "",
    "| code | exit | meaning |",
    "|---|---|---|",
    ...rows,
    "",
    "Exit codes: 0 ok, 1 failed while running, 2 usage, 3 verification mismatch, 4 the environment",
    "lacks what was asked, 78 bad configuration.",
  ]);
}

function metricsPage(): string {
  const lines = [
    "What `/metrics` shows, by stage. Each counter is written by one thread and lies in shared",
    "memory; the rows come from `src/metrics/counter-table.ts`.",
  ];
  for (const stage of new Set<string>(COUNTER_TABLE.map((row) => row.stage))) {
    lines.push("", `## ${stage}`, "", "| name | kind | unit | meaning |", "|---|---|---|---|");
    const rows = COUNTER_TABLE.filter((row) => row.stage === stage);
    for (const name of new Set<string>(rows.map((row) => row.name))) {
      const same = rows.filter((row) => row.name === name);
      const labels = same.map((row) => row.labels as string).filter((text) => text !== "");
      const shown =
        labels.length === 0 ? "" : `<br>${labels.map((text) => `\`${text}\``).join(" ")}`;
      const [row] = same;
      if (row === undefined) continue;
      lines.push(`| \`${name}\`${shown} | ${row.kind} | ${row.unit} | ${row.help} |`);
    }
  }
  lines.push(
    "",
    "## process",
    "",
    "`nyq_build_info`, `process_resident_memory_bytes`, `process_start_time_seconds`,",
    "`process_cpu_seconds_total`; and while a feed runs `nyq_thread_busy_ratio{thread}`,",
    "`nyq_ring_fill_slots{from,to}`, `nyq_decode_unknown_messages_total{id}` (64 ids, then `other`)",
    "and the histogram `nyq_packet_to_frame_seconds`, whose buckets",
    "end at 2^k - 1 ns and are exact.",
  );
  return page("Metrics", lines);
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

function configurationPage(): string {
  const root = z.toJSONSchema(CONFIG_SCHEMA, { io: "input" }) as JsonSchema;
  const lines = [
    "A TOML file (`-c FILE`), over it the environment, over that `--set path=value`, over that a",
    "verb's own flags. Nothing is needed that has a default. A key that is not listed here, a wrong",
    "type or a value out of range is an error (exit 78), and all of them are told at once;",
    "`nyq config check` does only that, `nyq config show` prints what is in force.",
    "",
    "- Environment: `NYQ_SECTION__KEY`, two underscores, e.g. `NYQ_RX__BATCH=32`,",
    "  `NYQ_PUBLISH__TOKEN=…`. Lists are comma-separated.",
    "- `--set rx.batch=32`; an element of a list of tables by its index:",
    "  `--set pipeline.thread.0.cpu=2`. The token is never taken from a command line.",
    "- `_ms` are milliseconds, `_us` microseconds, `_bytes` bytes. Addresses are `GROUP:PORT` and",
    "  `HOST:PORT` (`[::1]:9001` for IPv6; port 0 lets the kernel choose).",
  ];
  for (const [section, schema] of Object.entries(root.properties ?? {})) {
    lines.push("", `## [${section}]`, "", schema.description ?? "", "", ...table(schema));
    const threads = schema.properties?.["thread"]?.items;
    if (threads === undefined) continue;
    lines.push("", `## [[${section}.thread]]`, "", "One thread, for placement `threads`.", "");
    lines.push(...table(threads));
  }
  lines.push(
    "",
    "## What must fit together",
    "",
    "- `rx.a` is needed to receive. `merge.window_packets` is below `rx.frames`.",
    "- Listening beyond loopback (`publish.listen`, `publish.listen_b`, `admin.listen`) needs",
    "  `publish.token` or `publish.open = true`. With a token, an admin address beyond loopback asks",
    "  for it too (`Authorization: Bearer …`); the page takes it from its link: `/#token=…`.",
    "- `rx.timestamps` and `rx.busy_poll_us` need recvmmsg.",
    "- With placement `threads` each stage (rx.a, rx.b with feed B, merge, decode, book, publish,",
    '  endpoint) stands on exactly one thread; endpoint, and rx by dgram, on one with `loop = "event"`.',
    "- Threads that spin leave a cpu free, unless `pipeline.force = true`. `fifo` needs a `cpu` that no",
    "  other thread has.",
  );
  return page("Configuration", lines);
}

function table(schema: JsonSchema): string[] {
  const rows = Object.entries(schema.properties ?? {})
    .filter(([key]) => key !== "thread")
    .map(([key, leaf]) => {
      const value = leaf.default === undefined ? "" : `\`${JSON.stringify(leaf.default)}\``;
      return `| \`${key}\` | ${bounds(leaf)} | ${value} | ${leaf.description ?? ""} |`;
    });
  return ["| key | values | default | meaning |", "|---|---|---|---|", ...rows];
}

function bounds(leaf: JsonSchema): string {
  if (leaf.anyOf !== undefined) return leaf.anyOf.map(bounds).join(" or ");
  if (leaf.enum !== undefined) return leaf.enum.map((word) => `\`${String(word)}\``).join(" ");
  if (leaf.type === "integer") return `${digits(leaf.minimum)} to ${digits(leaf.maximum)}`;
  if (leaf.type === "array") return `list of ${bounds(leaf.items ?? {})}`;
  if (leaf.type === "boolean") return "`true` `false`";
  return "text";
}

function digits(value: number | undefined): string {
  if (value === Number.MAX_SAFE_INTEGER) return "2^53 - 1";
  return (value ?? 0).toLocaleString("en-US").replaceAll(",", "_");
}

function page(title: string, lines: readonly string[]): string {
  return [MADE, "", `# ${title}`, "", ...lines, ""].join("\n");
}
