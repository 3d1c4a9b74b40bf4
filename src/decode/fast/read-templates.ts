/**
 * Templates from XML: every rule of the schema and of the operators is checked here, so that what
 * comes out can be compiled without another look. Two deviations, because venues' files need them:
 * the attribute `reset` of a template, with the session control namespace or with none, and hints.
 *
 * Cold path, at start only.
 * Source: FAST Specification 1.1, sections 6, 7 and 9, appendix 1 (the schema); FAST Session
 * Control Protocol 1.1 for the reset.
 */
import { ConversionError, fromString } from "./convert.ts";
import { FastTemplateError, type StaticError } from "./errors.ts";
import * as M from "./model.ts";
import { readXml, type XmlElement } from "./xml.ts";

const TD = "http://www.fixprotocol.org/ns/fast/td/1.1";
const SCP = "http://www.fixprotocol.org/ns/fast/scp/1.1";
const ID_MAX = 0xffff_ffff;
const NONE: M.Operator = { name: "none", initial: null, entry: null };
const INTEGERS = new Set<M.FieldType>(["int32", "uInt32", "int64", "uInt64"]);
const TEXTS = new Set<M.FieldType>(["ascii", "unicode", "byteVector"]);
const OPERATORS = new Set(["constant", "default", "copy", "increment", "delta", "tail"]);
const YES = new Set(["y", "t", "yes", "true", "1"]);
const NO = new Set(["n", "f", "no", "false", "0"]);
/** Hints to other decoders that template files for Moscow Exchange have; they change no decoding. */
const HINTS = new Set(
  "aligned cache fixed_size max_count pmap1 pmap2 predict process_empty_pmap remove size skip union".split(
    " ",
  ),
);
const INTEGER_TAGS = new Set(["int32", "uInt32", "int64", "uInt64"]);

/** What an element inherits from those around it (sections 6.1, 6.3.1 and 7). */
interface Context {
  readonly ns: string;
  readonly templateNs: string;
  readonly dictionary: string;
  /** Qualified name of the template around it. */
  readonly template: string;
  /** Qualified name of the current application type. */
  readonly type: string;
}

/** An operator's element, with the name that is its key unless it says another. */
interface OperatorPlace {
  readonly element: XmlElement;
  readonly type: M.FieldType;
  readonly isOptional: boolean;
  readonly key: string;
  readonly context: Context;
}

/**
 * Reads and validates templates.
 *
 * @returns them in document order
 * @throws FastTemplateError S1 to S5
 */
export function readTemplates(xml: string): M.Template[] {
  const root = readXml(xml);
  const outside: Context = { ns: "", templateNs: "", dictionary: "global", template: "", type: "" };
  if (root.ns !== TD || (root.name !== "templates" && root.name !== "template")) {
    fail("S1", root, `<${root.name}> of "${root.ns}" is not <templates> or <template> of ${TD}`);
  }
  if (root.name === "template") return [template(root, outside)];
  checkAttributes(root, ["ns", "templateNs", "dictionary"]);
  const context = inherit(root, outside);
  const templates = own(root).map((element) => {
    if (element.name !== "template") fail("S1", element, `<${element.name}> in <templates>`);
    return template(element, context);
  });
  checkUnique(templates);
  return templates;
}

function checkUnique(templates: readonly M.Template[]): void {
  const names = new Set<string>();
  const ids = new Set<number>();
  for (const { name, qualified, id, line } of templates) {
    if (names.has(qualified))
      throw new FastTemplateError("S1", line, `two templates are "${name}"`);
    if (id !== null && ids.has(id)) {
      throw new FastTemplateError("S1", line, `two templates have the id ${id}`);
    }
    names.add(qualified);
    if (id !== null) ids.add(id);
  }
}

function template(element: XmlElement, outer: Context): M.Template {
  checkAttributes(element, ["name", "templateNs", "id", "ns", "dictionary", "reset"]);
  const scope = inherit(element, outer);
  const name = nameOf(element);
  const qualified = M.qualifiedName(scope.templateNs, name);
  const { children, context } = typed(element, { ...scope, template: qualified });
  return {
    name,
    qualified,
    id: templateId(element),
    isReset: isReset(element),
    body: children.map((child) => instruction(child, context)),
    line: element.line,
  };
}

/** The auxiliary identifier as the template identifier on the wire, where it is a number. */
function templateId(element: XmlElement): number | null {
  const id = attribute(element, "id");
  if (id === null) return null;
  const trimmed = id.trim();
  if (!/^[0-9]{1,10}$/.test(trimmed) || Number(trimmed) > ID_MAX) {
    fail("S1", element, `template id "${id}" is not a number from 0 to ${ID_MAX}`);
  }
  return Number(trimmed);
}

function isReset(element: XmlElement): boolean {
  const found = element.attributes.filter(
    ({ name, ns }) => name === "reset" && (ns === SCP || ns === ""),
  );
  return found
    .map(({ value }) => {
      const word = value.trim().toLowerCase();
      if (!YES.has(word) && !NO.has(word))
        fail("S1", element, `reset="${value}" is neither yes nor no`);
      return YES.has(word);
    })
    .some((is) => is);
}

function instruction(element: XmlElement, outer: Context): M.Instruction {
  const { name } = element;
  if (INTEGER_TAGS.has(name)) return scalar(element, outer, name as M.FieldType, []);
  if (name === "string") return stringField(element, outer);
  if (name === "byteVector") return scalar(element, outer, "byteVector", ["length"]);
  if (name === "decimal") return decimalField(element, outer);
  if (name === "group") return group(element, outer);
  if (name === "sequence") return sequence(element, outer);
  if (name === "templateRef") return reference(element, outer);
  return fail("S1", element, `<${name}> is no instruction`);
}

function stringField(element: XmlElement, outer: Context): M.ScalarField {
  const charset = attribute(element, "charset") ?? "ascii";
  if (charset !== "ascii" && charset !== "unicode") {
    fail("S1", element, `charset="${charset}" is neither ascii nor unicode`);
  }
  return scalar(element, outer, charset, charset === "unicode" ? ["length"] : []);
}

/** A primitive field with at most one operator; `before` may stand ahead of it, once. */
function scalar(
  element: XmlElement,
  outer: Context,
  type: M.FieldType,
  before: readonly string[],
): M.ScalarField {
  const isString = element.name === "string";
  checkAttributes(element, [...FIELD_ATTRIBUTES, ...(isString ? ["charset"] : [])]);
  const context = inherit(element, outer);
  const children = own(element);
  const first = children[0];
  if (first !== undefined && before.includes(first.name)) {
    checkAttributes(first, ["name", "ns", "id"]);
    nameOf(first);
    if (own(first).length > 0) fail("S1", first, "a byte vector's <length> is empty");
    children.shift();
  }
  return field(element, context, type, operatorAmong(children, element));
}

const FIELD_ATTRIBUTES = ["name", "ns", "id", "presence"];

function field(
  element: XmlElement,
  context: Context,
  type: M.FieldType,
  operatorElement: XmlElement | null,
): M.ScalarField {
  const name = nameOf(element);
  const isOptional = isOptionalField(element);
  const place = { type, isOptional, key: name, context };
  return {
    kind: "scalar",
    name,
    id: attribute(element, "id"),
    type,
    isOptional,
    operator: operatorElement === null ? NONE : operator({ element: operatorElement, ...place }),
    parts: null,
  };
}

function decimalField(element: XmlElement, outer: Context): M.ScalarField {
  const children = own(element);
  const hasParts = children.some(({ name }) => name === "exponent" || name === "mantissa");
  if (!hasParts) return scalar(element, outer, "decimal", []);
  checkAttributes(element, FIELD_ATTRIBUTES);
  const order = children.map(({ name }) => name).join(" ");
  if (!["exponent", "mantissa", "exponent mantissa"].includes(order)) {
    fail("S1", element, `<decimal> has <exponent> and then <mantissa>, not ${order}`);
  }
  const plain = field(element, inherit(element, outer), "decimal", null);
  return { ...plain, parts: decimalParts(element, children, plain, inherit(element, outer)) };
}

/** Operators of exponent and mantissa; the mantissa counts as mandatory (section 10.5.1). */
function decimalParts(
  element: XmlElement,
  children: readonly XmlElement[],
  { name, isOptional }: M.ScalarField,
  context: Context,
): NonNullable<M.ScalarField["parts"]> {
  const part = (which: "exponent" | "mantissa", type: M.FieldType, optional: boolean) => {
    const holder = children.find((child) => child.name === which);
    if (holder === undefined) return NONE;
    checkAttributes(holder, []);
    const found = operatorAmong(own(holder), element);
    if (found === null) fail("S1", holder, `<${which}> has no operator`);
    const key = `${name}\0${which}`;
    return operator({ element: found, type, isOptional: optional, key, context });
  };
  return {
    exponent: part("exponent", "int32", isOptional),
    mantissa: part("mantissa", "int64", false),
  };
}

function operatorAmong(children: readonly XmlElement[], owner: XmlElement): XmlElement | null {
  const [first, second] = children;
  if (first === undefined) return null;
  if (!OPERATORS.has(first.name)) fail("S1", first, `<${first.name}> in <${owner.name}>`);
  if (second !== undefined) fail("S1", second, `<${second.name}> after <${first.name}>`);
  return first;
}

function operator(place: OperatorPlace): M.Operator {
  const { element, type, isOptional, context } = place;
  const name = element.name as M.OperatorName; // operatorAmong lets no other pass.
  const remembers = name !== "constant" && name !== "default";
  checkAttributes(element, remembers ? ["value", "dictionary", "key", "ns"] : ["value"]);
  if (own(element).length > 0) fail("S1", element, `<${name}> has no content`);
  if (name === "increment" && !INTEGERS.has(type)) {
    fail("S2", element, `increment is for integers, not ${type}`);
  }
  if (name === "tail" && !TEXTS.has(type)) {
    fail("S2", element, `tail is for strings and byte vectors, not ${type}`);
  }
  const initial = initialValue(element, type);
  if (name === "constant" && initial === null) fail("S4", element, "constant without a value");
  if (name === "default" && initial === null && !isOptional) {
    fail("S5", element, "default of a mandatory field without a value");
  }
  return { name, initial, entry: remembers ? entryKey(element, place.key, context) : null };
}

function initialValue(element: XmlElement, type: M.FieldType): M.InitialValue | null {
  const text = attribute(element, "value");
  if (text === null) return null;
  try {
    return fromString(type, text);
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return fail("S3", element, `value: ${error.message}`);
  }
}

/** Two operators with equal keys share their previous value (section 6.3.1). */
function entryKey(element: XmlElement, fieldName: string, context: Context): string {
  const key = attribute(element, "key");
  const hasNs = attribute(element, "ns") !== null;
  if (key === null && hasNs) fail("S1", element, "ns without key");
  const { dictionary } = inherit(element, context);
  const ns = inherit(element, context).ns;
  const scope: Record<string, string> = {
    template: `template\n${context.template}`,
    type: `type\n${context.type}`,
    global: "global",
  };
  return [scope[dictionary] ?? `user\n${dictionary}`, ns, key?.trim() ?? fieldName].join("\n");
}

function group(element: XmlElement, outer: Context): M.GroupField {
  checkAttributes(element, [...FIELD_ATTRIBUTES, "dictionary"]);
  const { children, context } = typed(element, inherit(element, outer));
  return {
    kind: "group",
    name: nameOf(element),
    isOptional: isOptionalField(element),
    body: children.map((child) => instruction(child, context)),
  };
}

function sequence(element: XmlElement, outer: Context): M.SequenceField {
  checkAttributes(element, [...FIELD_ATTRIBUTES, "dictionary"]);
  const { children, context } = typed(element, inherit(element, outer));
  const name = nameOf(element);
  const isOptional = isOptionalField(element);
  const lengthElement = children[0]?.name === "length" ? children.shift() : undefined;
  return {
    kind: "sequence",
    name,
    isOptional,
    length: lengthField(lengthElement, name, isOptional, context),
    body: children.map((child) => instruction(child, context)),
  };
}

/** The length field; without a name of its own it gets one that no template can hold. */
function lengthField(
  element: XmlElement | undefined,
  sequenceName: string,
  isOptional: boolean,
  context: Context,
): M.ScalarField {
  const implicit = `${sequenceName}\0length`;
  const base = { kind: "scalar", type: "uInt32", isOptional, parts: null } as const;
  if (element === undefined) return { ...base, name: implicit, id: null, operator: NONE };
  checkAttributes(element, ["name", "ns", "id"]);
  const name = attribute(element, "name")?.trim() ?? implicit;
  const found = operatorAmong(own(element), element);
  const place = {
    type: "uInt32",
    isOptional,
    key: name,
    context: inherit(element, context),
  } as const;
  return {
    ...base,
    name,
    id: attribute(element, "id"),
    operator: found === null ? NONE : operator({ element: found, ...place }),
  };
}

function reference(element: XmlElement, outer: Context): M.StaticReference | M.DynamicReference {
  checkAttributes(element, ["name", "templateNs"]);
  if (own(element).length > 0) fail("S1", element, "<templateRef> has no content");
  const name = attribute(element, "name");
  if (name === null) {
    if (attribute(element, "templateNs") !== null) fail("S1", element, "templateNs without name");
    return { kind: "dynamic" };
  }
  const { templateNs } = inherit(element, outer);
  return { kind: "static", template: M.qualifiedName(templateNs, name.trim()), line: element.line };
}

/** Takes a leading <typeRef> off the children; it changes the application type (section 6.1). */
function typed(
  element: XmlElement,
  context: Context,
): { children: XmlElement[]; context: Context } {
  const children = own(element);
  const first = children[0];
  if (first?.name !== "typeRef") return { children, context };
  checkAttributes(first, ["name", "ns"]);
  if (own(first).length > 0) fail("S1", first, "<typeRef> has no content");
  children.shift();
  const type = M.qualifiedName(inherit(first, context).ns, nameOf(first));
  return { children, context: { ...context, type } };
}

function inherit(element: XmlElement, context: Context): Context {
  return {
    ...context,
    ns: attribute(element, "ns") ?? context.ns,
    templateNs: attribute(element, "templateNs") ?? context.templateNs,
    dictionary: attribute(element, "dictionary")?.trim() ?? context.dictionary,
  };
}

/** The element's children of this namespace; others are an extension (section 9). */
function own(element: XmlElement): XmlElement[] {
  if (element.text.trim() !== "") fail("S1", element, `text in <${element.name}>`);
  return element.children.filter(({ ns }) => ns === TD);
}

function checkAttributes(element: XmlElement, allowed: readonly string[]): void {
  for (const { ns, name } of element.attributes) {
    const isForeign = ns !== "" && ns !== TD;
    if (isForeign || (ns === "" && (allowed.includes(name) || HINTS.has(name)))) continue;
    fail("S1", element, `<${element.name}> has no attribute ${name}`);
  }
}

function isOptionalField(element: XmlElement): boolean {
  const presence = attribute(element, "presence") ?? "mandatory";
  if (presence !== "mandatory" && presence !== "optional") {
    fail("S1", element, `presence="${presence}" is neither mandatory nor optional`);
  }
  return presence === "optional";
}

function nameOf(element: XmlElement): string {
  const name = attribute(element, "name")?.trim() ?? "";
  if (name === "") fail("S1", element, `<${element.name}> has no name`);
  return name;
}

function attribute(element: XmlElement, name: string): string | null {
  return element.attributes.find((a) => a.ns === "" && a.name === name)?.value ?? null;
}

function fail(code: StaticError, element: XmlElement, message: string): never {
  throw new FastTemplateError(code, element.line, message);
}
