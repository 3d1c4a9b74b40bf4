/** A block of text in the terminal that is drawn over itself. */

/** Where the text goes. */
interface Output {
  write(text: string): unknown;
}

const UP = "\x1b[";
const CLEAR_LINE = "\x1b[K";

/** Draws a block in place, or one after another where stdout is no terminal. */
export class Screen {
  readonly #output: Output;
  readonly #inPlace: boolean;
  #lines = 0;
  #cursor = -1;

  constructor(output: Output, inPlace: boolean) {
    this.#output = output;
    this.#inPlace = inPlace;
  }

  /** True when the books moved on since this was last asked. */
  changed(cursor: number): boolean {
    const changed = cursor !== this.#cursor;
    this.#cursor = cursor;
    return changed;
  }

  /** Draws lines over those of the last time. */
  draw(lines: readonly string[]): void {
    const end = this.#inPlace ? `${CLEAR_LINE}\n` : "\n";
    const up = this.#inPlace && this.#lines > 0 ? `${UP}${this.#lines}A\r` : "";
    this.#output.write(up + lines.map((line) => line + end).join(""));
    this.#lines = lines.length;
  }
}
