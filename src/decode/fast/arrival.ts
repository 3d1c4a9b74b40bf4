/**
 * Messages in the order in which they arrive: the framing of streams whose numbers cannot be read
 * without what came before, or that have none. Merge passes every datagram on as it comes, and the
 * decode stage, with a decoder for each feed, finds duplicates and holes by the decoded numbers.
 */
import * as framing from "../framing.ts";
import type { Instruction, Operator, Template } from "./model.ts";
import { truncated } from "./truncate.ts";

const UNSEQUENCED = framing.FramingKind.UNSEQUENCED;
const SHORT = framing.FramingKind.SHORT;

/** Every datagram is one unit without a number. */
export class ArrivalFraming implements framing.Framing {
  readonly isUnnumbered = true;
  seqLo = 0;
  seqHi = 0;
  readonly seq = new Float64Array(1);
  count = 1;
  firstOffset = 0;
  sessionHi = 0;
  sessionMid = 0;
  sessionLo = 0;

  read(bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    return this.readHeader(bytes, data, offset, length);
  }

  readHeader(_bytes: Uint8Array, _data: DataView, _offset: number, length: number): number {
    return length === 0 ? SHORT : UNSEQUENCED;
  }

  fits(_data: DataView, _offset: number, _length: number): boolean {
    return true;
  }

  skip(_data: DataView, _offset: number, length: number, fromOffset: number, n: number): number {
    if (n === 0) return fromOffset;
    return n === 1 && fromOffset === 0 ? length : -1;
  }
}

/**
 * Whether the field can be read in any datagram by itself: previous values are reset by messages
 * that the templates have for it, or nothing up to the field leans on one.
 *
 * @param field the sequence number's name
 * @returns false also when no template has it
 */
export function decodesFromNothing(templates: readonly Template[], field = "MsgSeqNum"): boolean {
  const { templates: cut, hasField } = truncated(templates, field);
  if (!hasField.includes(true)) return false;
  if (templates.some(({ isReset }) => isReset)) return true;
  return cut.every(({ body }, i) => hasField[i] !== true || body.every(remembersNothing));
}

function remembersNothing(instruction: Instruction): boolean {
  if (instruction.kind === "static" || instruction.kind === "dynamic") return false;
  if (instruction.kind !== "scalar") return instruction.body.every(remembersNothing);
  const { operator, parts } = instruction;
  const operators: Operator[] = parts === null ? [operator] : [parts.exponent, parts.mantissa];
  return operators.every(({ entry }) => entry === null);
}
