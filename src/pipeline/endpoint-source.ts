/**
 * The endpoint as a source of its thread. It is finished when the bus is closed and read; where
 * publish shares the thread, the bus is closed only after the loop, so the endpoint waits for none.
 */
import type { Source } from "../core/sinks.ts";
import type { Endpoint } from "../publish/endpoint.ts";

/** Runs an endpoint in a duty cycle. */
export class EndpointSource implements Source {
  readonly #endpoint: Endpoint;

  readonly #sharesPublish: boolean;

  constructor(endpoint: Endpoint, sharesPublish: boolean) {
    this.#endpoint = endpoint;
    this.#sharesPublish = sharesPublish;
  }

  doWork(): number {
    return this.#endpoint.doWork();
  }

  tick(): void {
    this.#endpoint.tick();
  }

  isFinished(): boolean {
    return this.#sharesPublish || this.#endpoint.isFinished();
  }
}
