import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { readTemplates } from "../../src/decode/fast/read-templates.ts";
import { templatesXml } from "../decode/fast/data.ts";
import { FastEncoder } from "../decode/fast/encoder.ts";
import * as B from "../rx/capture-bytes.ts";

const XML = templatesXml(
  `<template name="Reset" id="120" reset="Y"/>
   <template name="Inner" id="3"><string name="t" charset="unicode"/></template>
   <template name="M" id="2"><uInt32 name="MsgSeqNum"><increment/></uInt32>
     <uInt64 name="big"/><decimal name="px" presence="optional"><copy/></decimal>
     <byteVector name="raw" presence="optional"/><group name="g" presence="optional">
     <int32 name="x"/></group><sequence name="s" presence="optional"><int32 name="y"/></sequence>
     <templateRef/></template>`,
);
const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");

interface Outcome {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

function nyq(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [NYQ, ...args], (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, lines: stdout.split("\n").filter((line) => line !== ""), errors: stderr });
    });
  });
}

function messages(): Uint8Array[] {
  const encoder = new FastEncoder(readTemplates(XML));
  const inner = { "templateRef:0": { name: "Inner", value: { t: "é" } } };
  const first = { MsgSeqNum: 7, big: 2n ** 64n - 1n, px: { exponent: -2, mantissa: 5n }, ...inner };
  return [
    encoder.message("Reset", {}),
    encoder.message("M", { ...first, raw: "00ff", g: { x: -1 }, s: [{ y: 1 }, { y: 2 }] }),
    encoder.message("M", { MsgSeqNum: 8, big: 0n, px: null, raw: null, s: [], ...inner }),
  ];
}

const WANTED = [
  '"seq":null,"message":"Reset","template_id":120,"fields":{}}',
  '"seq":7,"message":"M","template_id":2,"fields":{"MsgSeqNum":7,"big":18446744073709551615,' +
    '"px":{"exponent":-2,"mantissa":5},"raw":"00ff","g":{"x":-1},"s":[{"y":1},{"y":2}],' +
    '"templateRef:0":{"name":"Inner","value":{"t":"é"}}}}',
  '"seq":8,"message":"M","template_id":2,"fields":{"MsgSeqNum":8,"big":0,"px":null,"raw":null,' +
    '"s":[],"templateRef:0":{"name":"Inner","value":{"t":"é"}}}}',
];

function length4(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length);
  return Buffer.concat([head, bytes]);
}

test("nyq decode prints FAST alike from hex lines, lengths, bare bytes and captures", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-fast-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const templates = join(folder, "t.xml");
  writeFileSync(templates, XML);
  const pieces = messages();
  const forms: Record<string, Uint8Array> = {
    hex: Buffer.from(pieces.map((piece) => Buffer.from(piece).toString("hex")).join("\n\n")),
    len4: Buffer.concat(pieces.map(length4)),
    "fast-raw": Buffer.concat(pieces),
    pcap: B.pcap(
      pieces.map((piece) => ({ seconds: 1, fraction: 5, bytes: B.ethernet(B.ipv4(piece)) })),
    ),
  };
  for (const [format, bytes] of Object.entries(forms)) {
    const file = join(folder, format);
    writeFileSync(file, bytes);
    const flags = ["--protocol", "fast", "--templates", templates, "--format", format, "--json"];
    const { code, lines, errors } = await nyq(["decode", file, ...flags]);
    t.is(code, 0, `${format}: ${errors}`);
    t.deepEqual(
      lines.map((line) => line.slice(line.indexOf('"seq"'))),
      WANTED,
      format,
    );
  }
  const text = ["decode", join(folder, "len4"), "--protocol", "fast", "--templates", templates];
  const { lines } = await nyq(text);
  t.true(
    lines.some((line) => line.includes("0.05")),
    lines.join("\n"),
  );
});

test("nyq decode reports a cut file and an unknown template, and prints the rest", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-fast-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const templates = join(folder, "t.xml");
  const file = join(folder, "f");
  writeFileSync(templates, XML);
  const pieces = messages();
  const flags = ["--protocol", "fast", "--templates", templates, "--json", "--format"];
  const whole = Buffer.concat(pieces);
  writeFileSync(file, whole.subarray(0, whole.length - 3));
  const cut = await nyq(["decode", file, ...flags, "fast-raw"]);
  t.is(cut.lines.length, 2);
  t.regex(cut.errors, /message cut off/);
  const lines = pieces.map((piece) => Buffer.from(piece).toString("hex"));
  writeFileSync(file, [lines[0], "c0ff", lines[1], "zz", lines[2]].join("\n"));
  const bad = await nyq(["decode", file, ...flags, "hex"]);
  t.is(bad.lines.length, 3);
  t.regex(bad.errors, /unknown template \(D9\)/);
  t.true(cut.code <= 1 && bad.code <= 1);
  writeFileSync(templates, "<templates>");
  const refused = await nyq(["decode", file, ...flags, "hex"]);
  t.is(refused.code, 1);
  t.regex(refused.errors, /ERR S1/);
  t.notRegex(refused.errors, /\n\s+at /);
});
