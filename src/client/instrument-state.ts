/** What the venue said last of an instrument, asked of a feed's admin address, as one line. */

import { printable } from "../core/printable.ts";

/** A message of the answer of `GET /api/instrument`, as far as a line needs it. */
interface StateMessage {
  readonly message: string;
  readonly template_id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 5000;

/** The line of one instrument, as it was when it was asked for last. */
export class StateLine {
  readonly #url: string | null;
  readonly #token: string | undefined;
  #line = "";

  /**
   * @param admin ADDR:PORT
   * @param index the feed's own number of the instrument; null: it is not in the directory, and
   * nothing is asked
   * @param token shown where the admin address asks for one
   */
  constructor(admin: string, index: number | null, token: string | undefined) {
    this.#url = index === null ? null : `http://${admin}/api/instrument?instrument=${index}`;
    this.#token = token;
  }

  /** Two spaces and the line; empty while nothing was said. */
  get behindTitle(): string {
    return this.#line === "" ? "" : `  ${this.#line}`;
  }

  /** Asks once more; where nobody answers nothing is said: the book is there without it. */
  async ask(): Promise<void> {
    if (this.#url === null) return;
    try {
      const headers: Record<string, string> = {};
      if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(this.#url, { headers, signal });
      const { messages } = (await response.json()) as { messages?: unknown };
      const line = Array.isArray(messages) ? stateLine(messages.filter(isMessage)) : "";
      this.#line = printable(Buffer.from(line));
    } catch {
      this.#line = "";
    }
  }
}

/** The line: trading state first, then what restricts it. Exported for tests. */
export function stateLine(messages: readonly StateMessage[]): string {
  const parts: string[] = [];
  for (const { template_id: type, fields, text } of messages) {
    if (type === "H") {
      const reason = fields["Reason"];
      const why = typeof reason === "string" && reason !== "" ? ` (${reason})` : "";
      parts.push(`${text["Trading State"] ?? fields["Trading State"]}${why}`);
    } else if (type === "13301") {
      parts.push(`${text["SecurityTradingStatus"] ?? text["SecurityStatus"] ?? "no state"}`);
    } else if (type === "h" && fields["Operational Halt Action"] === "H") {
      parts.push(`operational halt of ${text["Market Code"] ?? fields["Market Code"]}`);
    } else if (type === "Y" && fields["Reg SHO Action"] !== "0") {
      parts.push(`short sale: ${text["Reg SHO Action"] ?? fields["Reg SHO Action"]}`);
    } else if (type === "J") {
      const bounds = ["Lower", "Upper"].map((side) => {
        return text[`${side} Auction Collar Price`] ?? "?";
      });
      parts.push(`auction collar ${bounds.join(" to ")}`);
    } else if (type === "I") {
      const direction = text["Imbalance Direction"] ?? fields["Imbalance Direction"];
      parts.push(`${direction} ${fields["Imbalance Shares"]}, paired ${fields["Paired Shares"]}`);
    }
  }
  return parts.join("; ");
}

function isMessage(value: unknown): value is StateMessage {
  if (typeof value !== "object" || value === null) return false;
  const { template_id: type, fields, text } = value as Partial<StateMessage>;
  const isObject = (one: unknown): boolean => typeof one === "object" && one !== null;
  return typeof type === "string" && isObject(fields) && isObject(text);
}
