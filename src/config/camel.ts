/** From the file's snake_case to the code's camelCase, in types and in values. */

/** `gap_timeout_ms` as a type becomes `gapTimeoutMs`. */
export type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;

/** An object with its own keys and those of its sections in camelCase. */
export type CamelObject<T> = {
  [K in keyof T as K extends string ? Camel<K> : never]: T[K] extends
    | readonly unknown[]
    | { readonly port: number }
    ? T[K]
    : T[K] extends object
      ? CamelObject<T[K]>
      : T[K];
};

/** Maps the keys of an object and of the sections in it; arrays stay as they are. */
export function camelise<T extends object>(from: T): CamelObject<T> {
  const to: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(from)) {
    const isSection = typeof value === "object" && value !== null && !Array.isArray(value);
    to[camel(key)] = isSection ? camelise(value as object) : value;
  }
  return to as CamelObject<T>; // The mapped type says what the loop does.
}

/** Freezes an object and everything in it. */
export function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freezeDeep(part);
  }
  return value;
}

function camel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
