/** A book as a block of text: asks above, bids below, the best in the middle. */
import type { BookLevel, ClientBooks } from "./client-book.ts";

/** What a ladder shows. */
export interface LadderView {
  /** Printable ASCII; shown in the title. */
  readonly title: string;
  readonly instrument: bigint;
  /** Levels of each side. */
  readonly depth: number;
  /** Prices are shown divided by 10 to this power. */
  readonly decimals: number;
}

const WIDTHS = [8, 12, 14, 12, 8] as const;

/** Draws a ladder. @returns lines without line ends, always 2 * depth + 3 of them */
export function ladderLines(books: ClientBooks, view: LadderView): string[] {
  const { instrument, depth, decimals } = view;
  const asks = books.levels(instrument, "ask", depth);
  const bids = books.levels(instrument, "bid", depth);
  const lines = [
    `${view.title}  instrument ${instrument}  cursor ${books.cursor}`,
    row(["orders", "bid", "price", "ask", "orders"]),
  ];
  for (let i = depth - 1; i >= 0; i--) lines.push(levelLine(asks[i], "ask", decimals));
  const [ask, bid] = [asks[0], bids[0]];
  const spread =
    ask !== undefined && bid !== undefined ? priceText(ask.price - bid.price, decimals) : "-";
  lines.push(row(["", "", `spread ${spread}`, "", ""]));
  for (let i = 0; i < depth; i++) lines.push(levelLine(bids[i], "bid", decimals));
  return lines;
}

function levelLine(level: BookLevel | undefined, side: "bid" | "ask", decimals: number): string {
  if (level === undefined) return row(["", "", ".", "", ""]);
  const price = priceText(level.price, decimals);
  const [quantity, orders] = [level.quantity.toString(), level.orders.toString()];
  return row(
    side === "bid" ? [orders, quantity, price, "", ""] : ["", "", price, quantity, orders],
  );
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padStart(WIDTHS[i] as number))
    .join(" ")
    .trimEnd();
}

/** A wire integer with a decimal point. @param decimals 0 to 18 */
export function priceText(price: bigint, decimals: number): string {
  if (decimals === 0) return price.toString();
  const digits = (price < 0n ? -price : price).toString().padStart(decimals + 1, "0");
  const sign = price < 0n ? "-" : "";
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
