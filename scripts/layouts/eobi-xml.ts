/**
 * Deutsche Börse's layout file of a T7 EOBI release as a table. Offsets follow from the order of
 * the members in `Structures` and the sizes in `DataTypes`; `ApplicationMessages` gives each
 * member's usage, and its own offsets, which have to agree.
 */
import type {
  FieldRow,
  GroupRow,
  LayoutTable,
  MessageRow,
  Presence,
  TypeRow,
} from "../../src/decode/layouts/table.ts";
import { attributeOf, childrenOf, parseXml, type XmlElement } from "./xml.ts";

const HEADER = "MessageHeader";

/** A member as a message uses it. */
interface Usage {
  readonly presence: Presence;
  readonly offset: number;
}

/** @param text of the XML file @throws Error when it does not fit together */
export function eobiTable(text: string): LayoutTable {
  const model = parseXml(text);
  const section = (name: string, child: string): Map<string, XmlElement> => {
    const [element] = childrenOf(model, name);
    if (element === undefined) throw new Error(`no <${name}>`);
    return new Map(childrenOf(element, child).map((one) => [attributeOf(one, "name"), one]));
  };
  const dataTypes = section("DataTypes", "DataType");
  const structures = section("Structures", "Structure");
  const used = new Set<string>();
  const build = new MessageBuilder(structures, dataTypes, used);
  const messages = [...section("ApplicationMessages", "ApplicationMessage").values()].map((one) =>
    build.message(one),
  );
  const header = build.component("MessageHeaderComp", 0, new Map()).fields;
  const types: Record<string, TypeRow> = {};
  for (const name of [...used].sort()) types[name] = typeRow(dataTypes.get(name) as XmlElement);
  return {
    protocol: "EOBI",
    version: attributeOf(model, "version"),
    build: attributeOf(model, "buildNumber"),
    byteOrder: "little",
    source: "Deutsche Börse, T7 Enhanced Order Book Interface, machine-readable layouts (XML)",
    header,
    types,
    messages: messages.sort((a, b) => Number(a.id) - Number(b.id)),
  };
}

class MessageBuilder {
  readonly #structures: Map<string, XmlElement>;
  readonly #dataTypes: Map<string, XmlElement>;
  readonly #used: Set<string>;

  constructor(
    structures: Map<string, XmlElement>,
    dataTypes: Map<string, XmlElement>,
    used: Set<string>,
  ) {
    this.#structures = structures;
    this.#dataTypes = dataTypes;
    this.#used = used;
  }

  message(application: XmlElement): MessageRow {
    const name = attributeOf(application, "name");
    const usages = usagesOf(application);
    const fields: (FieldRow | GroupRow)[] = [];
    let at = 0;
    for (const member of childrenOf(this.#structure(attributeOf(application, "type")), "Member")) {
      const type = attributeOf(member, "type");
      const memberName = attributeOf(member, "name");
      if (this.#structures.has(type)) {
        const group = this.#group(member, at, usages);
        if (memberName !== HEADER) fields.push(group);
        at += group.entryBytes * group.max;
      } else {
        fields.push(this.#field(member, at, usages.get(memberName)));
        at += this.#bytes(type);
      }
    }
    return { name, id: Number(attributeOf(application, "numericID")), bytes: at, fields };
  }

  /** A structure inside a message; its fields' offsets count from its begin. */
  component(
    type: string,
    at: number,
    usages: Map<string, Usage>,
  ): { fields: FieldRow[]; bytes: number } {
    const fields: FieldRow[] = [];
    let bytes = 0;
    for (const member of childrenOf(this.#structure(type), "Member")) {
      const usage = usages.get(attributeOf(member, "name"));
      const field = this.#field(member, at + bytes, usage);
      fields.push({ ...field, offset: bytes });
      bytes += this.#bytes(attributeOf(member, "type"));
    }
    return { fields, bytes };
  }

  #group(member: XmlElement, at: number, usages: Map<string, Usage>): GroupRow {
    const name = attributeOf(member, "name");
    const inside = new Map<string, Usage>();
    for (const [path, usage] of usages) {
      if (path.startsWith(`${name}.`)) inside.set(path.slice(name.length + 1), usage);
    }
    const { fields, bytes } = this.component(attributeOf(member, "type"), at, inside);
    const counter = member.attributes.get("counter");
    const max = Number(attributeOf(member, "cardinality"));
    const row = { group: name, offset: at, entryBytes: bytes, max };
    return counter === undefined ? { ...row, fields } : { ...row, counter, fields };
  }

  #field(member: XmlElement, at: number, usage: Usage | undefined): FieldRow {
    const name = attributeOf(member, "name");
    const type = attributeOf(member, "type");
    this.#used.add(type);
    if (usage !== undefined && usage.offset !== at) {
      throw new Error(`${name}: offset ${usage.offset} in ApplicationMessages, ${at} by sizes`);
    }
    return { name, type, offset: at, presence: usage?.presence ?? "mandatory" };
  }

  #structure(name: string): XmlElement {
    const structure = this.#structures.get(name);
    if (structure === undefined) throw new Error(`no structure ${name}`);
    return structure;
  }

  #bytes(type: string): number {
    const dataType = this.#dataTypes.get(type);
    if (dataType === undefined) throw new Error(`no data type ${type}`);
    return Number(attributeOf(dataType, "size"));
  }
}

/** Usage and offset of every visible member, those of groups as `Group.Member`. */
function usagesOf(application: XmlElement): Map<string, Usage> {
  const usages = new Map<string, Usage>();
  const add = (prefix: string, element: XmlElement): void => {
    for (const member of childrenOf(element, "Member")) {
      if (member.attributes.get("hidden") === "true") continue;
      usages.set(prefix + attributeOf(member, "name"), {
        presence: attributeOf(member, "usage") as Presence, // The file's own three words.
        offset: Number(attributeOf(member, "offset")),
      });
    }
  };
  add("", application);
  for (const group of childrenOf(application, "Group")) {
    add(`${attributeOf(group, "name")}.`, group);
  }
  return usages;
}

function typeRow(dataType: XmlElement): TypeRow {
  const name = attributeOf(dataType, "name");
  const bytes = Number(attributeOf(dataType, "size"));
  const noValue = attributeOf(dataType, "noValue").toLowerCase();
  const rootType = attributeOf(dataType, "rootType");
  if (rootType === "String") {
    if (/^Pad\d+$/.test(name)) return { kind: "pad", bytes };
    const named = valuesOf(dataType);
    return { kind: "text", bytes, padding: "nul", noValue, ...named };
  }
  const signed = attributeOf(dataType, "minValue").startsWith("-");
  checkNoValue(name, bytes, signed, noValue);
  const precision = dataType.attributes.get("precision");
  if (precision !== undefined) {
    return { kind: "decimal", bytes, signed, decimals: Number(precision), noValue };
  }
  if (rootType !== "int") throw new Error(`${name}: ${rootType} without a precision`);
  const time =
    dataType.attributes.get("type") === "UTCTimestamp" ? { time: "utc-ns" as const } : {};
  return { kind: "int", bytes, signed, noValue, ...time, ...valuesOf(dataType) };
}

/** No value is all ones, or the smallest of a signed type: generated comments rely on it. */
function checkNoValue(name: string, bytes: number, signed: boolean, noValue: string): void {
  const expected = signed ? `0x80${"00".repeat(bytes - 1)}` : `0x${"ff".repeat(bytes)}`;
  if (noValue !== expected) throw new Error(`${name}: no-value ${noValue}, expected ${expected}`);
}

function valuesOf(dataType: XmlElement): { values?: Record<string, string> } {
  const values = childrenOf(dataType, "ValidValue");
  if (values.length === 0) return {};
  const pairs = values.map((one) => [attributeOf(one, "value"), attributeOf(one, "name")] as const);
  return { values: Object.fromEntries(pairs) };
}
