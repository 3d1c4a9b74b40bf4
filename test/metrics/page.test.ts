/** The page in a real browser, behind made-up data: it fills, follows a choice, tells its end. */
import { existsSync } from "node:fs";
import test from "ava";
import { chromium } from "playwright-core";
import { AdminServer } from "../../src/metrics/admin-server.ts";
import { FakeProviders } from "./fake-providers.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

test("the page shows book, trades, feeds and gaps, and says when nobody answers", async (t) => {
  if (!existsSync(CHROMIUM)) {
    t.log("skipped: chromium is not installed (Debian: apt-get install chromium)");
    return t.pass();
  }
  const providers = new FakeProviders();
  const listen = { host: "127.0.0.1", port: 0 };
  const server = new AdminServer({ listen, token: null, providers });
  const { port } = await server.listen();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  const text = async (selector: string): Promise<string> => {
    return (await page.locator(selector).first().textContent()) ?? "";
  };
  await page.locator("#ladder tr.bid.best .bidsize:not(:empty)").waitFor();
  t.is(await page.locator("#pick").inputValue(), "AAPL");
  t.is(await text("#session"), "NYQDEMO001");
  t.is(await text("#book-hash"), "9f1c77d20a4be3f6");
  await page.locator("#trades tr:nth-child(5) button").waitFor();
  t.is(await page.locator("#gaps tr").count(), 14);
  t.regex(await text("#feeds"), /health.*good.*lossy/);
  t.is(await text("#ready"), "ready");
  t.is(await page.evaluate("document.documentElement.scrollWidth"), 1280);

  await page.locator("#pick").focus();
  await page.keyboard.type("nv");
  await page.keyboard.press("Enter");
  await page.waitForFunction("location.hash === '#symbol=NVDA'");

  providers.reasons = [{ channel: "itch", reason: "gap" }];
  await page.locator("#ready:has-text('not ready: gap')").waitFor();
  t.deepEqual(complaints, []);

  await server.close();
  await page.locator("#offline:not([hidden])").waitFor();
  t.is(await text("#live"), "disconnected");
});
