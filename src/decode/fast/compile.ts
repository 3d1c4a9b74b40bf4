/**
 * Templates into JavaScript: one function for each template and for each element of a sequence,
 * written as source and compiled by the engine at start, so that offsets, bits and initial values
 * are constants in straight-line code. Cold path, at start only.
 */
import { Lines, type Segment, Symbols, shapeOf } from "./emit.ts";
import { nextBit, OperatorEmitter } from "./emit-operator.ts";
import { failAt, passOn } from "./emit-read.ts";
import { FastError } from "./errors.ts";
import type * as M from "./model.ts";
import {
  bytesMin,
  operatorBits,
  type Place,
  pmapBits,
  type RecordPlan,
  type TemplatePlan,
} from "./plan.ts";
import { PMAP_WORD_BITS } from "./wire.ts";

/** Longest sequence that is decoded. */
export const SEQUENCE_LENGTH_MAX = 65_536;
/** Dynamic references inside each other. */
const DEPTH_MAX = 32;
const PMAP_BYTE_BITS = 7;
/** Bits of the message's presence map before those of the template: the identifier's. */
const TEMPLATE_ID_BITS = 1;

/** What compiling gave: the source of a function of (W, O) that returns the decoder. */
export interface Compiled {
  readonly source: string;
  readonly symbols: Symbols;
  readonly pmapWords: number;
}

/** Compiles plans. */
export function compile(plans: readonly TemplatePlan[]): Compiled {
  const symbols = new Symbols();
  for (const { record } of plans) noteEntries(symbols, record.places);
  const functions: string[] = [];
  let pmapWords = 1;
  plans.forEach((plan, i) => {
    const writer = new FunctionWriter(symbols, functions, plan.template.name);
    pmapWords = Math.max(pmapWords, writer.template(plan, i));
  });
  const source = [PROLOGUE, ...functions, messageFunction(plans, symbols, pmapWords)].join("\n");
  return { source, symbols, pmapWords };
}

const PROLOGUE = `"use strict";
const T=W.t,S=W.state,PM=W.pm,DS=W.dState,D0=W.d0,D1=W.d1,DX=W.dExponent,DT=W.dType;`;

function noteEntries(symbols: Symbols, places: readonly Place[]): void {
  const note = ({ entry }: M.Operator, type: M.FieldType): void => {
    if (entry !== null) symbols.note(entry, type);
  };
  for (const { field, children, element } of places) {
    if (field.kind === "scalar") {
      note(field.operator, field.type);
      if (field.parts !== null) {
        note(field.parts.exponent, "int32");
        note(field.parts.mantissa, "int64");
      }
    } else if (field.kind === "sequence") {
      note(field.length.operator, "uInt32");
    }
    noteEntries(symbols, children);
    if (element !== null) noteEntries(symbols, element.places);
  }
}

/** The function that reads a segment with a template identifier and calls the template's. */
function messageFunction(
  plans: readonly TemplatePlan[],
  symbols: Symbols,
  pmapWords: number,
): string {
  const site = symbols.site("template identifier");
  const clear = Array.from({ length: pmapWords - 1 }, (_, i) => `PM[${i + 1}]=0;`).join("");
  const full = `if(S[2]>O.length)${failAt(FastError.LIMIT, site)}`;
  const cases = plans.flatMap(({ template, record }, i) => {
    if (template.id === null) return [];
    const reset = template.isReset ? "W.reset();" : "";
    const call = `S[2]=r+${record.words};${full}p=t${i}(B,p,e,r);i=${i};break;`;
    return [`case ${template.id | 0}:${reset}${call}`];
  });
  return `function message(B,p,e){
let v=0,i=0;const r=S[2];
if(p>=e)${failAt(FastError.CUT, site)}
v=B[p++];
if(v>127){PM[0]=(v&127)<<21;${clear}S[6]=1;}else{p=W.pmap(B,p-1,e);${passOn("p", site)}}
if((PM[0]&${1 << (PMAP_WORD_BITS - 1)})!==0){
if(p>=e)${failAt(FastError.CUT, site)}v=B[p++];
if(v>127)v&=127;else{p=W.u32(B,p,e,v);${passOn("p", site)}v=T[0];}
S[4]=v;S[5]=1;
}else{if(S[5]===0)${failAt(FastError.D5, site)}v=S[4];}
if(S[3]>=${DEPTH_MAX})${failAt(FastError.LIMIT, site)}
S[3]++;
switch(v){
${cases.join("\n")}
default:${failAt(FastError.D9, site)}
}
S[3]--;
if(p<0)return p;
T[0]=i;T[1]=r;
return p;
}
return message;`;
}

/** Writes the functions of one template. */
class FunctionWriter {
  readonly #symbols: Symbols;
  readonly #functions: string[];
  readonly #template: string;
  #pmapWords = 1;
  #numbers = 0;

  constructor(symbols: Symbols, functions: string[], template: string) {
    this.#symbols = symbols;
    this.#functions = functions;
    this.#template = template;
  }

  /** @returns words of presence map that its segments need */
  template({ record }: TemplatePlan, index: number): number {
    const bits = TEMPLATE_ID_BITS + pmapBits(record.places);
    const segment = this.#segment(bits);
    segment.next = TEMPLATE_ID_BITS;
    const out = new Lines();
    const excess = Math.ceil(bits / PMAP_BYTE_BITS);
    out.add(`if(S[6]>${excess})W.counts[${FastError.R8}]++;`);
    for (let i = 0; i < segment.words; i++) out.add(`let ${segment.prefix}${i}=PM[${i}];`);
    this.#body(record, segment, out, `t${index}`);
    return this.#pmapWords;
  }

  #segment(bits: number): Segment {
    const words = Math.max(1, Math.ceil(bits / PMAP_WORD_BITS));
    this.#pmapWords = Math.max(this.#pmapWords, words);
    return { prefix: `m${this.#numbers++}_`, words, next: 0 };
  }

  #body(record: RecordPlan, segment: Segment, head: Lines, name: string): void {
    const out = new Lines();
    const presence = Array.from({ length: record.presenceWords }, (_, i) => `a${i}=0`);
    const variables = ["v=0,h=0,g=0,x=0,n=0,s=0,f=0,w=0,y=0,z=0,E=S[0]", ...presence];
    out.add(`function ${name}(B,p,e,r){let ${variables.join(",")};`, head.toString());
    this.#places(record.places, segment, out);
    presence.forEach((_, i) => {
      out.add(`O[r+${i}]=a${i};`);
    });
    out.add("return p;}");
    this.#functions.push(out.toString());
  }

  #places(places: readonly Place[], segment: Segment, out: Lines): void {
    for (const place of places) {
      const { field } = place;
      if (field.kind === "scalar") this.#scalar(place, field, segment, out);
      else if (field.kind === "group") this.#group(place, field, segment, out);
      else if (field.kind === "sequence") this.#sequence(place, field, segment, out);
      else if (field.kind === "dynamic") this.#dynamic(place, out);
      else out.add(failAt(FastError.D8, this.#site(place)));
    }
  }

  #site(place: Place): number {
    return this.#symbols.site(`template=${this.#template} field=${place.name}`);
  }

  #scalar(place: Place, field: M.ScalarField, segment: Segment, out: Lines): void {
    const site = this.#site(place);
    const { type, operator, isOptional, parts } = field;
    const emitter = new OperatorEmitter(out, this.#symbols);
    if (parts === null) {
      emitter.value({ type, operator, isOptional, site }, segment);
      if (isOptional) out.add("if(n===0){");
    } else {
      emitter.value({ type: "int32", operator: parts.exponent, isOptional, site }, segment);
      out.add("x=v;");
      // The bits behind an absent mantissa's place were read one too early: see #align.
      if (isOptional) out.add("if(n===0){");
      out.add(`if(x>63||x<-63)W.counts[${FastError.R1}]++;`);
      const mantissaBit = segment.next;
      const mantissa = {
        type: "int64",
        operator: parts.mantissa,
        isOptional: false,
        site,
      } as const;
      emitter.value(mantissa, segment);
      if (isOptional && operatorBits(parts.mantissa, false) === 1) {
        out.add("}else{");
        this.#align(segment, mantissaBit, out);
        out.add("}if(n===0){");
      }
    }
    this.#store(place, shapeOf(type), out);
    if (isOptional) out.add("}");
  }

  /**
   * Puts a zero bit where an absent mantissa's would be, so that the places of all later bits are
   * constants; section 10.5.1 says that an absent mantissa takes no bit.
   */
  #align(segment: Segment, bit: number, out: Lines): void {
    const from = Math.floor(bit / PMAP_WORD_BITS);
    for (let word = segment.words - 1; word > from; word--) {
      const name = `${segment.prefix}${word}`;
      const before = `${segment.prefix}${word - 1}`;
      out.add(`${name}=(${name}>>>1)|((${before}&1)<<${PMAP_WORD_BITS - 1});`);
    }
    const below = (1 << (PMAP_WORD_BITS - (bit % PMAP_WORD_BITS))) - 1;
    const name = `${segment.prefix}${from}`;
    out.add(`${name}=(${name}&${~below})|((${name}&${below})>>>1);`);
  }

  #store({ bit, offset }: Place, shape: string, out: Lines): void {
    out.add(`a${bit >>> 5}|=${1 << (bit & 31)};`);
    if (shape === "decimal") {
      out.add(`O[r+${offset}]=x;O[r+${offset + 1}]=v;O[r+${offset + 2}]=h;`);
    } else if (shape === "word") out.add(`O[r+${offset}]=v;`);
    else out.add(`O[r+${offset}]=v;O[r+${offset + 1}]=h;`);
  }

  #group(place: Place, field: M.GroupField, segment: Segment, out: Lines): void {
    const site = this.#site(place);
    out.add(field.isOptional ? `if(${nextBit(segment)}){` : "{");
    const bits = pmapBits(place.children);
    const inner = this.#segment(bits);
    if (bits > 0) out.add(this.#readPmap(inner, bits, site));
    out.add(`a${place.bit >>> 5}|=${1 << (place.bit & 31)};`);
    this.#places(place.children, inner, out);
    out.add("}");
  }

  /** Reads a segment's presence map into variables of its own. */
  #readPmap(segment: Segment, bits: number, site: number): string {
    const { prefix, words } = segment;
    const names = Array.from({ length: words }, (_, i) => `${prefix}${i}`);
    const load = names.map((name, i) => `${name}=PM[${i}];`).join("");
    const excess = Math.ceil(bits / PMAP_BYTE_BITS);
    return `let ${names.map((name) => `${name}=0`).join(",")};
if(p>=e)${failAt(FastError.CUT, site)}v=B[p++];
if(v>127)${prefix}0=(v&127)<<21;else{p=W.pmap(B,p-1,e);${passOn("p", site)}${load}
if(S[6]>${excess})W.counts[${FastError.R8}]++;}`;
  }

  #sequence(place: Place, field: M.SequenceField, segment: Segment, out: Lines): void {
    const site = this.#site(place);
    const element = place.element as RecordPlan; // Sequences have one.
    const { operator } = field.length;
    const { isOptional } = field;
    const emitter = new OperatorEmitter(out, this.#symbols);
    emitter.value({ type: "uInt32", operator, isOptional, site }, segment);
    if (isOptional) out.add("if(n===0){");
    const count = `c${this.#numbers}`;
    const at = `q${this.#numbers++}`;
    const least = bytesMin(element.places);
    out.add(`let ${count}=v>>>0;`);
    out.add(`if(${count}>${SEQUENCE_LENGTH_MAX})${failAt(FastError.COUNT, site)}`);
    // What cannot be there is not looked for, element by element.
    if (least > 0) out.add(`if(${count}*${least}>e-p)${failAt(FastError.CUT, site)}`);
    out.add(`let ${at}=S[2];s=${at}+${count}*${element.words};`);
    out.add(`if(s>O.length)${failAt(FastError.LIMIT, site)}S[2]=s;`);
    out.add(`O[r+${place.offset}]=${at};O[r+${place.offset + 1}]=${count};`);
    out.add(`a${place.bit >>> 5}|=${1 << (place.bit & 31)};`);
    out.add(`for(;${count}>0;${count}--){p=s${element.index}(B,p,e,${at});`);
    out.add(`if(p<0)return p;${at}+=${element.words};}E=S[0];`);
    if (isOptional) out.add("}");
    this.#element(element, site);
  }

  #element(element: RecordPlan, site: number): void {
    const bits = pmapBits(element.places);
    const segment = this.#segment(bits);
    const head = new Lines();
    if (bits > 0) head.add(this.#readPmap(segment, bits, site));
    this.#body(element, segment, head, `s${element.index}`);
  }

  #dynamic(place: Place, out: Lines): void {
    out.add("p=message(B,p,e);if(p<0)return p;E=S[0];");
    out.add(`O[r+${place.offset}]=T[0];O[r+${place.offset + 1}]=T[1];`);
    out.add(`a${place.bit >>> 5}|=${1 << (place.bit & 31)};`);
  }
}
