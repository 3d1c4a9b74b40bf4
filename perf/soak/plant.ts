/** Makes the book stage allocate one object a message on purpose, to show that the soak sees it. */
import type { BookStage } from "../../src/book/stage.ts";

const METHODS = ["onAdd", "onExecute", "onExecuteAt", "onReduce", "onDelete", "onReplace"] as const;

/** The newest planted object; kept, so that V8 cannot leave it out. */
export const planted: { last: readonly number[] } = { last: [] };

/** Puts a wrapper before each of the stage's message calls. */
export function plant(stage: BookStage): void {
  for (const method of METHODS) {
    const original = stage[method].bind(stage) as (...args: number[]) => void;
    Object.defineProperty(stage, method, {
      value: (...args: number[]): void => {
        planted.last = args;
        original(...args);
      },
    });
  }
}
