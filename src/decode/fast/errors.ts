/**
 * The errors of the FAST specification by their codes, and ours beside them. A decoding function
 * returns the negative of one of these numbers instead of a position; reportable errors that leave
 * the value readable (R1, R2, R6 to R9) are counted under the same number and decoding goes on.
 *
 * Source: FAST Specification 1.1 (2006-12-20), where each [ERR …] stands; appendix 4 lists them.
 */
import { FeedError } from "../../core/errors.ts";

/** Numbers of the dynamic and reportable errors, and of the limits that the specification lacks. */
export const FastError = {
  /** The bytes end inside a message, or cannot hold as many elements as it says. */
  CUT: 1,
  /** A limit of this decoder: see the sentences below. */
  LIMIT: 2,
  /** A sequence length above the stated bound. */
  COUNT: 3,
  D1: 11,
  D2: 12,
  D3: 13,
  D4: 14,
  D5: 15,
  D6: 16,
  D7: 17,
  D8: 18,
  D9: 19,
  D10: 20,
  D11: 21,
  D12: 22,
  R1: 31,
  R2: 32,
  R3: 33,
  R4: 34,
  R5: 35,
  R6: 36,
  R7: 37,
  R8: 38,
  R9: 39,
} as const;

/** How many error numbers there are; the size of a table of counts. */
export const FAST_ERROR_COUNT = 40;

/** Each error's code with a sentence; number 0 and the gaps have none. */
export const FAST_ERROR_TEXT: Readonly<Record<number, readonly [string, string]>> = {
  [FastError.CUT]: ["cut", "The bytes end inside a message."],
  [FastError.LIMIT]: ["limit", "A message needs more room or deeper nesting than the decoder has."],
  [FastError.COUNT]: ["count", "A sequence is longer than 65,536."],
  [FastError.D1]: ["D1", "The field's type cannot be converted to the application's."],
  [FastError.D2]: ["D2", "An integer does not lie within the bounds of its type."],
  [FastError.D3]: ["D3", "A decimal cannot be encoded with the operators of its parts."],
  [FastError.D4]: ["D4", "The previous value's type is not the field's."],
  [FastError.D5]: ["D5", "A mandatory field has no value, no previous and no initial one."],
  [FastError.D6]: ["D6", "The previous value that a field needs is empty or has no initial one."],
  [FastError.D7]: ["D7", "A subtraction length exceeds the base value or an int32."],
  [FastError.D8]: ["D8", "A static reference names a template that does not exist."],
  [FastError.D9]: ["D9", "No template has the identifier in the stream."],
  [FastError.D10]: ["D10", "A byte vector converts to and from strings only."],
  [FastError.D11]: ["D11", "A string does not have the syntax of the type it is converted to."],
  [FastError.D12]: ["D12", "A block has size zero."],
  [FastError.R1]: ["R1", "A decimal's exponent or mantissa is out of range."],
  [FastError.R2]: ["R2", "A combined string is not valid UTF-8."],
  [FastError.R3]: ["R3", "A Unicode string with other characters cannot become ASCII."],
  [FastError.R4]: ["R4", "An integer does not fit the type it becomes."],
  [FastError.R5]: ["R5", "A decimal that is no integer cannot become one."],
  [FastError.R6]: ["R6", "An integer is encoded in more bytes than it needs."],
  [FastError.R7]: ["R7", "A presence map ends in seven or more zero bits."],
  [FastError.R8]: ["R8", "A presence map has more bits than its instructions use."],
  [FastError.R9]: ["R9", "A string has a zero preamble that it does not need."],
};

/**
 * Names an error number.
 *
 * @param error a FastError
 * @returns its code, e.g. "D5", or "cut", "limit", "count"
 */
export function fastErrorCode(error: number): string {
  return FAST_ERROR_TEXT[error]?.[0] ?? `error ${error}`;
}

/** Static errors of the specification: templates that break one are refused whole. */
export type StaticError = "S1" | "S2" | "S3" | "S4" | "S5";

/** Templates that cannot be used; the message begins with the specification's code. */
export class FastTemplateError extends FeedError {
  readonly staticError: StaticError;
  /** Line in the XML, from 1; 0 when no line is to blame. */
  readonly line: number;

  constructor(staticError: StaticError, line: number, message: string) {
    const where = line > 0 ? ` line ${line}:` : "";
    super("FEED_FORMAT", `FAST templates: [ERR ${staticError}]${where} ${message}`);
    this.name = "FastTemplateError";
    this.staticError = staticError;
    this.line = line;
  }
}
