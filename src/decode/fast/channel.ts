/**
 * What a channel's FAST templates ask for: read from their file, and the framing that fits them.
 * Cold path, at start only.
 */
import { readFileSync } from "node:fs";
import { errorText, FeedError } from "../../core/errors.ts";
import type { Framing } from "../framing.ts";
import { ArrivalFraming, decodesFromNothing } from "./arrival.ts";
import { FORTS_RULES } from "./forts-fields.ts";
import { FastFraming } from "./framing.ts";
import type { Template } from "./model.ts";
import { readTemplates } from "./read-templates.ts";

/**
 * Reads templates.
 *
 * @throws FEED_FILE when the file cannot be read, FastTemplateError (FEED_FORMAT) when it breaks
 * the specification's rules
 */
export function readTemplateFile(path: string): Template[] {
  let xml: string;
  try {
    xml = readFileSync(path, "utf8");
  } catch (error) {
    throw new FeedError("FEED_FILE", `templates ${path}: ${errorText(error)}`, { cause: error });
  }
  return readTemplates(xml);
}

/** A channel's templates; the configuration's checks have seen that there are some. */
export function channelTemplates(config: {
  readonly channel: { readonly templates: string | null };
}): Template[] {
  return readTemplateFile(config.channel.templates ?? "");
}

/** The framing for templates: by number where it can be read in any datagram, else by arrival. */
export function fastFraming(templates: readonly Template[]): Framing {
  if (!decodesFromNothing(templates)) return new ArrivalFraming();
  return new FastFraming(templates, FORTS_RULES);
}
