/** The line that `nyq book` shows beside the symbol. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { StateLine, stateLine } from "../../src/client/instrument-state.ts";

function message(type: string, fields: Record<string, unknown>, text: Record<string, string> = {}) {
  return { message: type, template_id: type, fields, text };
}

test("the line says what restricts trading, and leaves out what does not", (t) => {
  const halted = { "Trading State": "H", Reason: "T1" };
  t.is(
    stateLine([
      message("R", { Stock: "AAPL" }),
      message("H", halted, { "Trading State": "halted" }),
      message("Y", { "Reg SHO Action": "0" }),
      message("h", { "Market Code": "X", "Operational Halt Action": "T" }),
    ]),
    "halted (T1)",
  );
  t.is(
    stateLine([
      message("H", { "Trading State": "T", Reason: "" }, { "Trading State": "trading" }),
      message("Y", { "Reg SHO Action": "1" }, { "Reg SHO Action": "restricted" }),
      message("J", {}, { "Upper Auction Collar Price": "2", "Lower Auction Collar Price": "1" }),
      message("I", { "Imbalance Direction": "B", "Imbalance Shares": 5, "Paired Shares": 7 }),
      message("h", { "Market Code": "X", "Operational Halt Action": "H" }),
    ]),
    "trading; short sale: restricted; auction collar 1 to 2; B 5, paired 7; operational halt of X",
  );
  t.is(stateLine([]), "");
});

async function serve(t: ExecutionContext, body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("an answer that is none, or nobody to answer, gives no line", async (t) => {
  const good = JSON.stringify({ messages: [message("H", { "Trading State": "T\u001b[2J" })] });
  for (const [body, want] of [
    [good, /^ {2}T\\x1b/],
    ["[]", /^$/],
    ["no json", /^$/],
    ['{"messages":[{"template_id":"H"},null,3]}', /^$/],
  ] as const) {
    const line = new StateLine(await serve(t, body), 3, undefined);
    t.is(line.behindTitle, "");
    await line.ask();
    t.regex(line.behindTitle, want);
  }
  const nobody = new StateLine("127.0.0.1:1", 3, "token");
  await nobody.ask();
  t.is(nobody.behindTitle, "");
});
