/** Seeded random numbers for fuzzing: the same seed gives the same cases on every machine. */

/** xorshift128, Marsaglia 2003. */
export class Random {
  #x: number;
  #y = 362_436_069;
  #z = 521_288_629;
  #w = 88_675_123;

  constructor(seed: number) {
    this.#x = (seed ^ 0x9e37_79b9) | 0;
    for (let i = 0; i < 16; i++) this.word();
  }

  /** 32 random bits, signed. */
  word(): number {
    const t = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8);
    return this.#w;
  }

  /** 0 to bound - 1; bound 1 to 2^31. */
  below(bound: number): number {
    return (this.word() >>> 0) % bound;
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
}
