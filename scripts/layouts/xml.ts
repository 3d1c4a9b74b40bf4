/**
 * A reader for the exchange's layout files: elements, attributes, comments. It reads what it is
 * pointed at by the project's own developers, so it is short and not hardened.
 */

/** An element. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
}

const TOKEN = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+="[^"]*")*)\s*(\/?)>/g;
const ATTRIBUTE = /([\w:.-]+)="([^"]*)"/g;

/** The document's root element. @throws Error when tags do not match */
export function parseXml(text: string): XmlElement {
  const root: XmlElement = { name: "", attributes: new Map(), children: [] };
  const open = [root];
  for (const [, closing, name = "", attributes = "", empty] of text.matchAll(TOKEN)) {
    if (name === "") continue;
    const parent = open.at(-1) ?? root;
    if (closing === "/") {
      if (parent.name !== name) throw new Error(`</${name}> closes <${parent.name}>`);
      open.pop();
      continue;
    }
    const pairs = [...attributes.matchAll(ATTRIBUTE)].map(([, key = "", value = ""]) => {
      return [key, plain(value)] as const;
    });
    const element: XmlElement = { name, attributes: new Map(pairs), children: [] };
    parent.children.push(element);
    if (empty !== "/") open.push(element);
  }
  const [first] = root.children;
  if (first === undefined || open.length !== 1) throw new Error("the document is not whole");
  return first;
}

/** Child elements of one name. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** An attribute that has to be there. @throws Error */
export function attributeOf(element: XmlElement, name: string): string {
  const value = element.attributes.get(name);
  if (value === undefined) throw new Error(`<${element.name}> has no ${name}`);
  return value;
}

function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
