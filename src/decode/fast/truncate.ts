/**
 * Templates cut off after a field, for a decoder that wants no more than it: what comes before is
 * decoded with the same operators and presence bits. Cold path, at start only.
 */
import type { Instruction, Template } from "./model.ts";

/** Cut templates, and which of them have the field. */
export interface Truncated {
  readonly templates: readonly Template[];
  readonly hasField: readonly boolean[];
}

/**
 * Cuts templates.
 *
 * @param field name of a primitive field at the top, also behind static references
 * @returns templates without the field as they were, since what follows them has to be found
 */
export function truncated(templates: readonly Template[], field: string): Truncated {
  const byName = new Map(templates.map((template) => [template.qualified, template]));
  const cut = templates.map((template) => cutBody(template.body, field, byName, 0));
  return {
    templates: templates.map((template, i) => {
      const body = cut[i];
      // What others refer to stays as it is, unless it is a message of its own.
      return body == null || template.id === null ? template : { ...template, body };
    }),
    hasField: templates.map(({ id }, i) => cut[i] !== null && id !== null),
  };
}

const DEPTH_MAX = 16;

/** The instructions up to the field, static references before it in line; null without it. */
function cutBody(
  body: readonly Instruction[],
  field: string,
  byName: ReadonlyMap<string, Template>,
  depth: number,
): readonly Instruction[] | null {
  const before: Instruction[] = [];
  for (const instruction of body) {
    if (instruction.kind === "scalar" && instruction.name === field)
      return [...before, instruction];
    const target = instruction.kind === "static" ? byName.get(instruction.template) : undefined;
    const inside =
      target === undefined || depth >= DEPTH_MAX
        ? null
        : cutBody(target.body, field, byName, depth + 1);
    if (inside !== null) return [...before, ...inside];
    before.push(instruction);
  }
  return null;
}
