/**
 * Comma-separated values by RFC 4180: quoted fields, doubled quotes, line ends of every kind; the
 * separator is a comma, semicolon or tab, whichever the header has first. Everything in the text is
 * hostile: lines with a fault are told by number, the others stand. Cold.
 */

/** One record. */
export interface CsvRow {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** What a text holds. */
export interface Csv {
  readonly rows: readonly CsvRow[];
  readonly problems: readonly { readonly line: number; readonly text: string }[];
}

const QUOTE = '"';

/** Takes a text apart; blank lines are left out. */
export function parseCsv(text: string): Csv {
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  const separator = separatorOf(source);
  const rows: CsvRow[] = [];
  const problems: { line: number; text: string }[] = [];
  let line = 1;
  for (let at = 0; at < source.length; ) {
    const record = readRecord(source, at, separator);
    if (record.problem !== null) problems.push({ line, text: record.problem });
    else if (record.fields.length > 1 || record.fields[0] !== "") {
      rows.push({ line, fields: record.fields });
    }
    line += record.lines;
    at = record.end;
  }
  return { rows, problems };
}

function separatorOf(source: string): string {
  const header = /^[^\r\n]*/.exec(source)?.[0] ?? "";
  return /[,;\t]/.exec(header)?.[0] ?? ",";
}

interface Record {
  readonly fields: string[];
  readonly end: number;
  readonly lines: number;
  readonly problem: string | null;
}

function readRecord(source: string, from: number, separator: string): Record {
  const fields: string[] = [];
  let lines = 1;
  let problem: string | null = null;
  let at = from;
  for (;;) {
    let field = "";
    if (source[at] === QUOTE) {
      const close = closingQuote(source, at + 1);
      const inside = source.slice(at + 1, close);
      field = inside.replaceAll('""', QUOTE);
      lines += inside.split(/\r\n|\r|\n/).length - 1;
      if (close === source.length) problem ??= "a quote is never closed";
      at = Math.min(source.length, close + 1);
      const rest = fieldEnd(source, at, separator);
      if (source.slice(at, rest).trim() !== "") problem ??= "something follows a closing quote";
      at = rest;
    } else {
      const end = fieldEnd(source, at, separator);
      field = source.slice(at, end).trim();
      if (field.includes(QUOTE)) problem ??= "a quote inside a field that is not quoted";
      at = end;
    }
    fields.push(field);
    if (source[at] !== separator) break;
    at++;
  }
  if (source[at] === "\r" && source[at + 1] === "\n") at++;
  return { fields, end: at + 1, lines, problem };
}

/** Where a quoted field ends; the text's end when it does not. */
function closingQuote(source: string, from: number): number {
  for (let at = from; ; ) {
    const quote = source.indexOf(QUOTE, at);
    if (quote < 0) return source.length;
    if (source[quote + 1] !== QUOTE) return quote;
    at = quote + 2;
  }
}

function fieldEnd(source: string, from: number, separator: string): number {
  let at = from;
  while (at < source.length) {
    const c = source[at];
    if (c === separator || c === "\r" || c === "\n") break;
    at++;
  }
  return at;
}
