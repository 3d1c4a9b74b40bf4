/** SIGTERM and SIGINT: the first asks to stop, the second ends the process. */

/** Resolves at the first one; from then on another one forces the end with code 1. */
export function onSignals(): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const onSignal = (): void => {
      count++;
      if (count === 1) resolve();
      else process.exit(1);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
