/** The endpoint as a source of its thread: it is finished when the bus is closed and read. */
import type { Source } from "../core/sinks.ts";
import type { Endpoint } from "../publish/endpoint.ts";

/** Runs an endpoint in a duty cycle. */
export class EndpointSource implements Source {
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  doWork(): number {
    return this.#endpoint.doWork();
  }

  tick(): void {
    this.#endpoint.tick();
  }

  isFinished(): boolean {
    return this.#endpoint.isFinished();
  }
}
