/**
 * Code that obtains a field's value by its operator: from the stream, from the previous value or
 * from the initial one. It leaves the value in the variables of its shape and, where the field is
 * optional, 1 in `n` when it is absent.
 *
 * Cold path, at start only; what it writes is the hot path.
 * Source: FAST Specification 1.1, sections 6.3 and 10.5.1.
 */

import { halvesOf, type Lines, type Segment, type Symbols, shapeOf } from "./emit.ts";
import { emitDelta, emitExponentCheck, emitRead, failAt, passOn } from "./emit-read.ts";
import { FastError } from "./errors.ts";
import type * as M from "./model.ts";
import { ARENA_IDENTITY, PMAP_WORD_BITS } from "./wire.ts";

/** A value to obtain. */
export interface ValuePlan {
  readonly type: M.FieldType;
  readonly operator: M.Operator;
  readonly isOptional: boolean;
  readonly site: number;
}

/** Test of the segment's next presence bit. */
export function nextBit(segment: Segment): string {
  const at = segment.next++;
  const word = Math.floor(at / PMAP_WORD_BITS);
  return `(${segment.prefix}${word}&${1 << (PMAP_WORD_BITS - 1 - (at % PMAP_WORD_BITS))})!==0`;
}

/** Writes the code that obtains a value. */
export class OperatorEmitter {
  readonly #out: Lines;
  readonly #symbols: Symbols;

  constructor(out: Lines, symbols: Symbols) {
    this.#out = out;
    this.#symbols = symbols;
  }

  value(plan: ValuePlan, segment: Segment): void {
    const { name, initial } = plan.operator;
    if (name === "none") emitRead(this.#out, plan.type, plan.isOptional, plan.site);
    else if (name === "constant") this.#constant(plan, segment);
    else if (name === "default") this.#default(plan, segment);
    else if (name === "delta") this.#delta(plan);
    else this.#remembered(plan, segment, initial);
  }

  #constant(plan: ValuePlan, segment: Segment): void {
    const initial = plan.operator.initial as M.InitialValue; // S4 makes sure.
    if (!plan.isOptional) {
      this.#set(plan.type, initial);
      return;
    }
    this.#out.add(`if(${nextBit(segment)}){n=0;`);
    this.#set(plan.type, initial);
    this.#out.add("}else n=1;");
  }

  #default(plan: ValuePlan, segment: Segment): void {
    const { initial } = plan.operator;
    this.#out.add(`if(${nextBit(segment)}){`);
    emitRead(this.#out, plan.type, plan.isOptional, plan.site);
    this.#out.add("}else{");
    if (initial === null) this.#out.add("n=1;");
    else {
      this.#set(plan.type, initial);
      if (plan.isOptional) this.#out.add("n=0;");
    }
    this.#out.add("}");
  }

  /** Copy, increment and tail: sections 6.3.5, 6.3.6 and 6.3.8. */
  #remembered(plan: ValuePlan, segment: Segment, initial: M.InitialValue | null): void {
    const { isOptional, site, operator } = plan;
    const entry = this.#symbols.entry(operator.entry as string);
    const isTail = operator.name === "tail";
    const out = this.#out;
    out.add(`if(${nextBit(segment)}){`);
    emitRead(out, plan.type, isOptional, site);
    if (isOptional) out.add(`if(n!==0)DS[${entry}]=E+1;else{`);
    if (isTail) this.#tail(plan, entry);
    this.#save(plan, entry);
    if (isOptional) out.add("}");
    out.add(`}else{s=DS[${entry}];if(s===E){`);
    this.#load(plan, entry);
    if (operator.name === "increment") this.#increment(plan, entry);
    if (isOptional) out.add("n=0;");
    out.add("}else if(s===E+1){");
    out.add(isOptional ? "n=1;" : failAt(isTail ? FastError.D7 : FastError.D6, site));
    out.add("}else{");
    if (initial !== null) {
      this.#set(plan.type, initial);
      this.#save(plan, entry);
      if (isOptional) out.add("n=0;");
    } else if (isOptional) out.add(`DS[${entry}]=E+1;n=1;`);
    else out.add(failAt(isTail ? FastError.D6 : FastError.D5, site));
    out.add("}}");
  }

  /** The maximum becomes the minimum by itself: words wrap. */
  #increment(plan: ValuePlan, entry: number): void {
    this.#out.add("v=(v+1)|0;");
    if (shapeOf(plan.type) === "long") this.#out.add("if(v===0)h=(h+1)|0;");
    this.#save(plan, entry);
  }

  /** Joins the tail in v and h to its base. */
  #tail(plan: ValuePlan, entry: number): void {
    const out = this.#out;
    out.add("y=v;z=h;");
    this.#base(plan, entry, false);
    // A tail longer than its base replaces it.
    out.add(`s=W.join(v,h,z<h?z:h,y,z);${passOn("s", plan.site)}v=T[0];h=T[1];`);
    this.#checkText(plan);
  }

  /** The base value of a delta or tail; an empty one is an error for deltas only. */
  #base(plan: ValuePlan, entry: number, isDelta: boolean): void {
    const { type, operator, site } = plan;
    const out = this.#out;
    out.add(`s=DS[${entry}];if(s===E){`);
    this.#load(plan, entry);
    out.add("}else{");
    if (isDelta) out.add(`if(s===E+1)${failAt(FastError.D6, site)}`);
    this.#set(type, operator.initial ?? zeroOf(type));
    out.add("}");
  }

  #delta(plan: ValuePlan): void {
    const entry = this.#symbols.entry(plan.operator.entry as string);
    const shape = shapeOf(plan.type);
    if (shape === "text") this.#deltaText(plan, entry);
    else if (shape === "decimal") this.#deltaDecimal(plan, entry);
    else {
      emitDelta(this.#out, plan.isOptional, plan.site);
      if (plan.isOptional) this.#out.add("if(n===0){");
      if (shape === "word") this.#addWord(plan, entry);
      else this.#addLong(plan, entry);
      this.#save(plan, entry);
      if (plan.isOptional) this.#out.add("}");
    }
  }

  /** Section 6.3.7.1 for 32 bits: the sum as a double, which is exact where it can be in range. */
  #addWord(plan: ValuePlan, entry: number): void {
    const isSigned = plan.type === "int32";
    const [min, max] = isSigned ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    const out = this.#out;
    out.add("f=h===v>>31?v:h*4294967296+(v>>>0);if(g!==h>>31)f=1e300;");
    this.#base(plan, entry, true);
    out.add(`f+=${isSigned ? "v" : "(v>>>0)"};`);
    out.add(`if(f<${min}||f>${max})${failAt(FastError.R4, plan.site)}v=f|0;`);
  }

  #addLong(plan: ValuePlan, entry: number): void {
    const out = this.#out;
    out.add("y=v;z=h;");
    this.#base(plan, entry, true);
    this.#sum(plan.type === "int64", FastError.R4, plan.site);
  }

  /** Adds y, z and the sign g to v and h. */
  #sum(isSigned: boolean, error: number, site: number): void {
    this.#out.add(
      `if(W.add64(v,h,y,z,g,${isSigned ? 1 : 0})!==0)${failAt(error, site)}`,
      "v=T[0];h=T[1];",
    );
  }

  /** Section 6.3.7.2: exponent and mantissa each by itself. */
  #deltaDecimal(plan: ValuePlan, entry: number): void {
    const out = this.#out;
    const { isOptional, site } = plan;
    emitDelta(out, isOptional, site);
    if (isOptional) out.add("if(n===0){");
    out.add(`if(g!==h>>31||h!==v>>31)${failAt(FastError.R1, site)}w=v;`);
    emitDelta(out, false, site);
    out.add("y=v;z=h;");
    this.#base(plan, entry, true);
    out.add(`f=x+w;x=f|0;if(x!==f)${failAt(FastError.R1, site)}`);
    emitExponentCheck(out);
    this.#sum(true, FastError.R1, site);
    this.#save(plan, entry);
    if (isOptional) out.add("}");
  }

  /** Sections 6.3.7.3 to 6.3.7.5. */
  #deltaText(plan: ValuePlan, entry: number): void {
    const out = this.#out;
    const { isOptional, site, type } = plan;
    emitDelta(out, isOptional, site);
    if (isOptional) out.add("if(n===0){");
    out.add(`if(g!==h>>31||h!==v>>31)${failAt(FastError.D7, site)}w=v;`);
    emitRead(out, type, false, site);
    out.add("y=v;z=h;");
    this.#base(plan, entry, true);
    out.add(`s=W.join(v,h,w,y,z);${passOn("s", site)}v=T[0];h=T[1];`);
    this.#checkText(plan);
    this.#save(plan, entry);
    if (isOptional) out.add("}");
  }

  #checkText(plan: ValuePlan): void {
    if (plan.type === "unicode") this.#out.add("W.checkUtf8(v,h);");
  }

  /** The previous value into the variables; another type's is D4. */
  #load(plan: ValuePlan, entry: number): void {
    const shape = shapeOf(plan.type);
    const out = this.#out;
    if (this.#symbols.hasTypes(plan.operator.entry as string)) {
      const type = this.#symbols.type(plan.type);
      out.add(`if(DT[${entry}]!==${type})${failAt(FastError.D4, plan.site)}`);
    }
    if (shape === "text") {
      out.add(`s=W.fetch(${entry});${passOn("s", plan.site)}v=T[0];h=T[1];`);
      return;
    }
    out.add(`v=D0[${entry}];`);
    if (shape !== "word") out.add(`h=D1[${entry}];`);
    if (shape === "decimal") out.add(`x=DX[${entry}];`);
  }

  #save(plan: ValuePlan, entry: number): void {
    const shape = shapeOf(plan.type);
    const out = this.#out;
    if (this.#symbols.hasTypes(plan.operator.entry as string)) {
      out.add(`DT[${entry}]=${this.#symbols.type(plan.type)};`);
    }
    if (shape === "text") out.add(`s=W.keep(${entry},v,h);${passOn("s", plan.site)}`);
    else out.add(`D0[${entry}]=v;${shape === "word" ? "" : `D1[${entry}]=h;`}`);
    if (shape === "decimal") out.add(`DX[${entry}]=x;`);
    out.add(`DS[${entry}]=E;`);
  }

  /** A value known at start into the variables. */
  #set(type: M.FieldType, value: M.InitialValue): void {
    if (value instanceof Uint8Array) {
      const at = ARENA_IDENTITY + this.#symbols.constant(value);
      this.#out.add(`v=${at};h=${value.length};`);
      return;
    }
    const [lo, hi] = halvesOf(typeof value === "bigint" ? value : value.mantissa);
    this.#out.add(`v=${lo};`);
    if (shapeOf(type) !== "word") this.#out.add(`h=${hi};`);
    if (typeof value !== "bigint") this.#out.add(`x=${value.exponent};`);
  }
}

/** The default base value of a type. */
function zeroOf(type: M.FieldType): M.InitialValue {
  const shape = shapeOf(type);
  if (shape === "text") return new Uint8Array(0);
  return shape === "decimal" ? { exponent: 0, mantissa: 0n } : 0n;
}
