/** A child process of the soak: typed messages, and its death is an error. Thread: the runner's. */
import { type ChildProcess, fork } from "node:child_process";

/** One child. */
export class Child<To, From extends { readonly type: string }> {
  readonly #process: ChildProcess;
  readonly #listeners: ((message: From) => void)[] = [];
  readonly #name: string;
  /** Rejects when the child says `failed` or ends before it was allowed to; never resolves. */
  readonly died: Promise<never>;
  #mayEnd = false;

  /** @param file the child's module, beside this one */
  constructor(file: string, options: { readonly env?: NodeJS.ProcessEnv } = {}) {
    this.#name = file;
    this.#process = fork(new URL(file, import.meta.url), { execArgv: [], ...options });
    this.died = new Promise((_, reject) => {
      this.#process.on("exit", (code, signal) => {
        if (!this.#mayEnd) reject(new Error(`${file} ended unasked: ${code ?? signal}`));
      });
      this.listen((message) => {
        if (message.type !== "failed") return;
        reject(new Error(`${file}: ${"text" in message ? message.text : "failed"}`));
      });
    });
    this.died.catch(() => {
      // Whoever waits for a message races it.
    });
    this.#process.on("message", (message: From) => {
      for (const listener of this.#listeners) listener(message);
    });
  }

  listen(listener: (message: From) => void): void {
    this.#listeners.push(listener);
  }

  send(message: To & object): void {
    this.#process.send(message, (error) => {
      if (error !== null && !this.#mayEnd)
        process.stderr.write(`${this.#name}: ${error.message}\n`);
    });
  }

  /** The first message of a type from now on. */
  next<T extends From["type"]>(type: T): Promise<Extract<From, { readonly type: T }>> {
    const heard = new Promise<Extract<From, { readonly type: T }>>((resolve) => {
      this.listen((message) => {
        // The type says which of the union it is.
        if (message.type === type) resolve(message as Extract<From, { readonly type: T }>);
      });
    });
    return Promise.race([heard, this.died]);
  }

  /** Ends it, at once. */
  kill(): void {
    this.#mayEnd = true;
    this.#process.kill("SIGKILL");
  }

  /** From now on it may end by itself. */
  letGo(): void {
    this.#mayEnd = true;
  }
}
