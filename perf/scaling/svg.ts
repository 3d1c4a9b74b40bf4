/** Draws one parameter of the scaling bench: cost over value, with the law's curve dashed. */
import { growthBound } from "./parameters.ts";
import type { ParameterRow, PointRow } from "./report.ts";

const WIDTH = 680;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 24;
const TOP = 48;
const BOTTOM = 56;
const CURVE_STEPS = 60;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-weight: 600; font-size: 15px; }
    .quiet { fill: #59636e; }
    .grid { stroke: #d1d9e0; stroke-width: 1; }
    .line { fill: none; stroke: #0969da; stroke-width: 2.5; }
    .spread { stroke: #0969da; stroke-width: 1.5; }
    .dot { fill: #0969da; }
    .law { fill: none; stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 6 5; }
    .lawtext { fill: #bc4c00; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .quiet { fill: #9198a1; }
      .grid { stroke: #3d444d; }
      .line, .spread { stroke: #4493f8; }
      .dot { fill: #4493f8; }
      .law { stroke: #f0883e; }
      .lawtext { fill: #f0883e; }
    }`;

/** The plot as an SVG file; the value's axis is logarithmic. */
export function plot(row: ParameterRow): string {
  const points = row.points;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a plot without points");
  const highest = Math.max(...points.map((point) => point.nsHighest));
  const step = niceStep(highest / 5);
  const top = step * Math.ceil((highest * 1.1) / step);
  const span = Math.log(last.value / first.value) || 1;
  const x = (value: number): number =>
    LEFT + 20 + ((WIDTH - LEFT - RIGHT - 40) * Math.log(value / first.value)) / span;
  const y = (ns: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * ns) / top;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `  <title>${escaped(row.question)}</title>`,
    `  <style>${STYLE}\n  </style>`,
    `  <text class="title" x="${LEFT}" y="22">${escaped(row.question)}</text>`,
    `  <text class="quiet" x="${LEFT}" y="40">ns per message; ${lawText(row)}</text>`,
    ...grid(step, top, y),
    ...curve(first, last, top, x, y),
    ...marks(points, x, y),
    `  <text class="quiet" x="${(WIDTH + LEFT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">` +
      `${escaped(row.unit)}</text>`,
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function lawText(row: ParameterRow): string {
  const met = row.met ? "met" : "not met";
  return `grows ${row.growth.toFixed(2)} times, bound ${row.bound.toFixed(2)}: ${met}`;
}

function grid(step: number, top: number, y: (ns: number) => number): string[] {
  const lines: string[] = [];
  for (let ns = 0; ns <= top + step / 2; ns += step) {
    const at = y(ns).toFixed(1);
    lines.push(
      `  <line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`,
      `  <text class="quiet" x="${LEFT - 8}" y="${(y(ns) + 4).toFixed(1)}" text-anchor="end">` +
        `${ns}</text>`,
    );
  }
  return lines;
}

/** What the law allows, as far as it is on the sheet. */
function curve(
  first: PointRow,
  last: PointRow,
  top: number,
  x: (value: number) => number,
  y: (ns: number) => number,
): string[] {
  const places: string[] = [];
  for (let i = 0; i <= CURVE_STEPS; i++) {
    const value = first.value * (last.value / first.value) ** (i / CURVE_STEPS);
    const ns = first.ns * growthBound(first.value, value);
    if (ns > top) break;
    places.push(`${x(value).toFixed(1)},${y(ns).toFixed(1)}`);
  }
  const [endX = 0, endY = 0] = (places.at(-1) ?? "0,0").split(",").map(Number);
  const anchor = endX > WIDTH - 150 ? "end" : "start";
  return [
    `  <polyline class="law" points="${places.join(" ")}"/>`,
    `  <text class="lawtext" x="${(endX + (anchor === "end" ? -6 : 8)).toFixed(1)}" ` +
      `y="${Math.max(TOP + 10, endY - 2).toFixed(1)}" text-anchor="${anchor}">the law</text>`,
  ];
}

function marks(
  points: readonly PointRow[],
  x: (value: number) => number,
  y: (ns: number) => number,
): string[] {
  const line = points.map(({ value, ns }) => `${x(value).toFixed(1)},${y(ns).toFixed(1)}`);
  const lines = [`  <polyline class="line" points="${line.join(" ")}"/>`];
  let taken = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    const at = x(point.value).toFixed(1);
    const low = y(point.nsLowest).toFixed(1);
    const high = y(point.nsHighest).toFixed(1);
    lines.push(
      `  <line class="spread" x1="${at}" x2="${at}" y1="${low}" y2="${high}"/>`,
      `  <circle class="dot" cx="${at}" cy="${y(point.ns).toFixed(1)}" r="4"/>`,
      `  <text x="${at}" y="${(y(point.nsLowest) + 18).toFixed(1)}" text-anchor="middle">` +
        `${point.ns.toFixed(0)}</text>`,
    );
    // Values too near each other share the axis: the later one goes a line down.
    const row = Number(at) - taken < 60 ? 1 : 0;
    taken = row === 1 ? Number.NEGATIVE_INFINITY : Number(at);
    lines.push(
      `  <text class="quiet" x="${at}" y="${HEIGHT - BOTTOM + 16 + row * 14}" ` +
        `text-anchor="middle">${escaped(point.label)}</text>`,
    );
  }
  return lines;
}

/** 1, 2 or 5 times a power of ten, no less than `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
