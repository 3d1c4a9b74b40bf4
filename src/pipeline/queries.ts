/** Questions of the main thread to the endpoint's thread, over the worker's message port. */
import { errorText } from "../core/errors.ts";
import type { Endpoint } from "../publish/endpoint.ts";

/** What may be asked. */
export interface EndpointQueries {
  state(): Promise<ReturnType<Endpoint["state"]>>;
  ladder(instrument: number, depth: number): Promise<ReturnType<Endpoint["ladder"]>>;
  trades(limit: number): Promise<ReturnType<Endpoint["trades"]>>;
  active(limit: number): Promise<ReturnType<Endpoint["active"]>>;
  /** Lets the admin page, whose port is known only now, connect to the endpoint too. */
  allowAdminPort(port: number): Promise<void>;
}

/** One question. */
export interface Query {
  readonly id: number;
  readonly method: keyof EndpointQueries;
  readonly args: readonly number[];
}

/** Its answer. */
export interface Answer {
  readonly type: "answer";
  readonly id: number;
  readonly value: unknown;
  readonly error: string | null;
}

/** Answers a question; Thread: the endpoint's. */
export function answerQuery(endpoint: Endpoint, query: Query): Answer {
  try {
    return { type: "answer", id: query.id, value: ask(endpoint, query), error: null };
  } catch (error) {
    return { type: "answer", id: query.id, value: null, error: errorText(error) };
  }
}

function ask(endpoint: Endpoint, query: Query): unknown {
  const [first = 0, second = 0] = query.args;
  switch (query.method) {
    case "state":
      return endpoint.state();
    case "ladder":
      return endpoint.ladder(first, second);
    case "trades":
      return endpoint.trades(first);
    case "active":
      return endpoint.active(first);
    case "allowAdminPort":
      return allowAdminPort(endpoint, first);
  }
}

/** The asking side when the endpoint shares the main thread. */
export function localQueries(endpoint: Endpoint): EndpointQueries {
  return {
    state: async () => endpoint.state(),
    ladder: async (instrument, depth) => endpoint.ladder(instrument, depth),
    trades: async (limit) => endpoint.trades(limit),
    active: async (limit) => endpoint.active(limit),
    allowAdminPort: async (port) => allowAdminPort(endpoint, port),
  };
}

function allowAdminPort(endpoint: Endpoint, port: number): void {
  endpoint.allowOrigins([`http://127.0.0.1:${port}`, `http://localhost:${port}`]);
}
