/**
 * A small strict reader of XML 1.0 with namespaces, for template files: well-formed or refused
 * [ERR S1], with the line. What templates never need and attackers like is refused too: document
 * types (so no entities beyond the five of XML), nesting beyond DEPTH_MAX, more than TEXT_MAX.
 *
 * Cold path, at start only.
 * Source: W3C XML 1.0 (5th edition), W3C Namespaces in XML 1.0.
 */
import { FastTemplateError } from "./errors.ts";

/** Deepest nesting of elements. */
const DEPTH_MAX = 64;
/** Largest file, characters. */
const TEXT_MAX = 16 * 1024 * 1024;

const XML_NS = "http://www.w3.org/XML/1998/namespace";
const XMLNS_NS = "http://www.w3.org/2000/xmlns/";
const NAME = /[A-Za-z_\u00c0-\u{effff}][-.\w\u00b7\u00c0-\u{effff}]*(:[A-Za-z_][-.\w]*)?/uy;
const SPACE = /[ \t\r\n]*/y;
/** Characters that XML 1.0 does not allow, section 2.2. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** An attribute with its namespace resolved; no prefix means no namespace. */
export interface XmlAttribute {
  readonly ns: string;
  readonly name: string;
  readonly value: string;
}

/** An element with its namespace resolved. */
export interface XmlElement {
  readonly ns: string;
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  /** Character data directly inside, all pieces together. */
  text: string;
  /** Line of its start tag, from 1. */
  readonly line: number;
}

/** Prefixes in scope; the default namespace is the one of "". */
type Scope = ReadonlyMap<string, string>;

interface RawAttribute {
  readonly name: string;
  readonly value: string;
}

/**
 * Reads a document.
 *
 * @returns its root element
 * @throws FastTemplateError S1 when it is not well-formed
 */
export function readXml(text: string): XmlElement {
  return new XmlReader(text).document();
}

class XmlReader {
  readonly #text: string;
  #at = 0;
  #lineAt = 0;
  #lineNumber = 1;

  constructor(text: string) {
    // Line ends become one line feed before anything else: section 2.11.
    const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    this.#text = plain.replace(/\r\n?/g, "\n");
    if (this.#text.length > TEXT_MAX) this.#fail(`longer than ${TEXT_MAX} characters`);
    const bad = FORBIDDEN.exec(this.#text);
    if (bad !== null) {
      this.#at = bad.index;
      this.#fail("a character that XML does not allow");
    }
  }

  document(): XmlElement {
    if (this.#has("<?xml") && /\s/.test(this.#text[5] ?? "")) this.#declaration();
    this.#misc();
    if (!this.#has("<")) this.#fail("no root element");
    const scope = new Map([
      ["", ""],
      ["xml", XML_NS],
    ]);
    const root = this.#element(scope, 0);
    this.#misc();
    if (this.#at < this.#text.length) this.#fail("something follows the root element");
    return root;
  }

  #declaration(): void {
    const form =
      /<\?xml\s+version\s*=\s*(["'])1\.[0-9]\1(\s+encoding\s*=\s*(["'])([\w.-]+)\3)?(\s+standalone\s*=\s*(["'])(yes|no)\6)?\s*\?>/y;
    const match = form.exec(this.#text);
    if (match === null) this.#fail("an XML declaration that is none");
    const encoding = (match[4] ?? "utf-8").toLowerCase();
    if (!["utf-8", "utf8", "us-ascii", "ascii"].includes(encoding)) {
      this.#fail(`encoding ${encoding}: only UTF-8 is read`);
    }
    this.#at = form.lastIndex;
  }

  /** White space, comments and processing instructions. */
  #misc(): void {
    for (;;) {
      this.#space();
      if (this.#has("<!--")) this.#comment();
      else if (this.#has("<?")) this.#instruction();
      else if (this.#has("<!DOCTYPE")) this.#fail("a document type is not accepted");
      else return;
    }
  }

  #element(outer: Scope, depth: number): XmlElement {
    if (depth >= DEPTH_MAX) this.#fail(`nested deeper than ${DEPTH_MAX}`);
    const line = this.#line();
    this.#expect("<");
    const name = this.#name();
    const raw = this.#attributes();
    const scope = declared(outer, raw, (what) => this.#fail(what));
    const element: XmlElement = {
      ...this.#qualified(name, scope, true),
      attributes: this.#resolved(raw, scope),
      children: [],
      text: "",
      line,
    };
    if (this.#has("/>")) {
      this.#at += 2;
      return element;
    }
    this.#expect(">");
    this.#content(element, scope, depth);
    this.#expect("</");
    const end = this.#name();
    if (end !== name) this.#fail(`</${end}> ends <${name}> of line ${line}`);
    this.#space();
    this.#expect(">");
    return element;
  }

  #content(element: XmlElement, scope: Scope, depth: number): void {
    for (;;) {
      if (this.#has("</")) return;
      if (this.#has("<!--")) this.#comment();
      else if (this.#has("<![CDATA[")) element.text += this.#upTo("<![CDATA[", "]]>");
      else if (this.#has("<?")) this.#instruction();
      else if (this.#has("<")) element.children.push(this.#element(scope, depth + 1));
      else element.text += this.#characters();
    }
  }

  #characters(): string {
    const from = this.#at;
    const next = this.#text.indexOf("<", from);
    if (next < 0) {
      this.#at = this.#text.length;
      this.#fail("the document ends inside an element");
    }
    const piece = this.#text.slice(from, next);
    if (piece.includes("]]>")) this.#fail("]]> in character data");
    const text = this.#references(piece);
    this.#at = next;
    return text;
  }

  #attributes(): RawAttribute[] {
    const found: RawAttribute[] = [];
    for (;;) {
      const from = this.#at;
      this.#space();
      if (this.#has(">") || this.#has("/>")) return found;
      if (this.#at === from) this.#fail("white space is missing before an attribute");
      const name = this.#name();
      this.#space();
      this.#expect("=");
      this.#space();
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") this.#fail(`${name}: a value is missing its quotes`);
      const end = this.#text.indexOf(quote, this.#at + 1);
      if (end < 0) this.#fail(`${name}: a value without end`);
      const value = this.#text.slice(this.#at + 1, end);
      if (value.includes("<")) this.#fail(`${name}: < in a value`);
      if (found.some((other) => other.name === name)) this.#fail(`${name} stands twice`);
      found.push({ name, value: this.#references(value.replace(/[\t\n]/g, " ")) });
      this.#at = end + 1;
    }
  }

  #resolved(raw: readonly RawAttribute[], scope: Scope): XmlAttribute[] {
    const found: XmlAttribute[] = [];
    for (const { name, value } of raw) {
      if (name === "xmlns" || name.startsWith("xmlns:")) continue;
      const resolved = { ...this.#qualified(name, scope, false), value };
      const isTwice = found.some((a) => a.ns === resolved.ns && a.name === resolved.name);
      if (isTwice) this.#fail(`${name} stands twice`);
      found.push(resolved);
    }
    return found;
  }

  #qualified(name: string, scope: Scope, isElement: boolean): { ns: string; name: string } {
    const colon = name.indexOf(":");
    if (colon < 0) return { ns: isElement ? (scope.get("") ?? "") : "", name };
    const ns = scope.get(name.slice(0, colon));
    if (ns === undefined) this.#fail(`${name}: its prefix is not declared`);
    return { ns, name: name.slice(colon + 1) };
  }

  /** Replaces character and entity references; sections 4.1 and 4.6. */
  #references(text: string): string {
    if (!text.includes("&")) return text;
    return text.replace(/&([^;&]*)(;?)/g, (whole, body: string, end: string) => {
      const known = ENTITIES.get(body);
      if (end === ";" && known !== undefined) return known;
      const match = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(body);
      const code = match === null ? -1 : parseInt(match[1] ?? match[2] ?? "", match[1] ? 16 : 10);
      const isCharacter = code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      if (end !== ";" || !isCharacter) this.#fail(`${whole.slice(0, 20)} is no reference`);
      const character = String.fromCodePoint(code);
      if (FORBIDDEN.test(character)) this.#fail(`${whole} is a character that XML does not allow`);
      return character;
    });
  }

  #comment(): void {
    if (this.#upTo("<!--", "-->").includes("--")) this.#fail("-- inside a comment");
  }

  #instruction(): void {
    if (/^<\?xml[\s?]/i.test(this.#text.slice(this.#at, this.#at + 6))) {
      this.#fail("an XML declaration that is not at the beginning");
    }
    this.#upTo("<?", "?>");
  }

  #upTo(start: string, end: string): string {
    const from = this.#at + start.length;
    const at = this.#text.indexOf(end, from);
    if (at < 0) this.#fail(`${start} without ${end}`);
    this.#at = at + end.length;
    return this.#text.slice(from, at);
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const match = NAME.exec(this.#text);
    if (match === null) this.#fail("a name is missing");
    this.#at = NAME.lastIndex;
    if (this.#text[this.#at] === ":") this.#fail(`${match[0]}: a name with two colons`);
    return match[0];
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #has(token: string): boolean {
    return this.#text.startsWith(token, this.#at);
  }

  #expect(token: string): void {
    if (!this.#has(token)) this.#fail(`${token} is missing`);
    this.#at += token.length;
  }

  /** The line at hand; counted on from the last call, since positions seldom go back. */
  #line(): number {
    if (this.#at < this.#lineAt) {
      this.#lineAt = 0;
      this.#lineNumber = 1;
    }
    let next = this.#text.indexOf("\n", this.#lineAt);
    while (next >= 0 && next < this.#at) {
      this.#lineNumber++;
      this.#lineAt = next + 1;
      next = this.#text.indexOf("\n", this.#lineAt);
    }
    return this.#lineNumber;
  }

  #fail(what: string): never {
    throw new FastTemplateError("S1", this.#line(), `not well-formed XML: ${what}`);
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["apos", "'"],
  ["quot", '"'],
]);

/** The prefixes in scope inside an element: Namespaces in XML, section 3. */
function declared(
  outer: Scope,
  raw: readonly RawAttribute[],
  fail: (what: string) => never,
): Scope {
  let scope: Map<string, string> | null = null;
  for (const { name, value } of raw) {
    if (name !== "xmlns" && !name.startsWith("xmlns:")) continue;
    const prefix = name === "xmlns" ? "" : name.slice("xmlns:".length);
    if (prefix === "xmlns" || value === XMLNS_NS) fail(`${name}: xmlns cannot be declared`);
    if ((prefix === "xml") !== (value === XML_NS)) fail(`${name}: xml is bound to its own name`);
    if (prefix !== "" && value === "") fail(`${name}: a prefix cannot be undeclared`);
    scope ??= new Map(outer);
    scope.set(prefix, value);
  }
  return scope ?? outer;
}
