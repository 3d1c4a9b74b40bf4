/** Hands book images to the endpoint thread between two batches, when it asks for them. */
import type { BookCore } from "../book/core.ts";
import type { Counters } from "../core/counters.ts";
import type { Stage } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { ImageWriter } from "../publish/image.ts";

/** Ticked on the book's thread. */
export class ImageStage implements Stage {
  readonly #writer: ImageWriter;
  readonly #core: BookCore;
  readonly #counters: Counters;

  constructor(writer: ImageWriter, core: BookCore, counters: Counters) {
    this.#writer = writer;
    this.#core = core;
    this.#counters = counters;
  }

  tick(): void {
    // Each change is one frame, so the count of changes is the cursor the books stand at.
    if (this.#writer.isWanted()) this.#writer.step(this.#core, this.#counters.get(C.BOOK_CHANGES));
  }
}
