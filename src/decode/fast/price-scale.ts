/**
 * Decimals of any exponent as integers of one scale, which books need: equal prices are then equal
 * words. Thread: decode's. Hot path: no allocation, no BigInt.
 */

const TWO_32 = 4_294_967_296;
/** Doubles hold every integer up to here. */
const EXACT = Number.MAX_SAFE_INTEGER;
const TENS = 16;

/** Converts to a fixed number of decimals. */
export class PriceScale {
  /** Signed halves of the last result. */
  lo = 0;
  hi = 0;
  readonly #decimals: number;
  readonly #powers = new Float64Array(TENS);

  /** @param decimals of the result, 0 to 15 */
  constructor(decimals: number) {
    this.#decimals = decimals;
    for (let i = 0; i < TENS; i++) this.#powers[i] = 10 ** i;
  }

  /**
   * Scales a decimal.
   *
   * @returns false when the result is no integer [ERR R5] or beyond 2^53, with nothing changed
   */
  scale(exponent: number, lo: number, hi: number): boolean {
    const mantissa = hi * TWO_32 + (lo >>> 0);
    if (mantissa > EXACT || mantissa < -EXACT) return false;
    const shift = exponent + this.#decimals;
    let value = mantissa;
    if (mantissa !== 0) {
      if (shift >= TENS || shift <= -TENS) return false;
      value =
        shift >= 0 ? mantissa * (this.#powers[shift] as number) : this.#divided(mantissa, -shift);
      // Not a number is neither.
      if (!(value <= EXACT && value >= -EXACT)) return false;
    }
    this.hi = Math.floor(value / TWO_32);
    this.lo = (value - this.hi * TWO_32) | 0;
    return true;
  }

  #divided(mantissa: number, digits: number): number {
    const power = this.#powers[digits] as number;
    return mantissa % power === 0 ? mantissa / power : Number.NaN;
  }
}
