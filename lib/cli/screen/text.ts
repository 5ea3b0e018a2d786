import stringWidth from "string-width";
import { replaceHidden } from "../../text/hidden.ts";

/** A text style of the terminal. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A piece of a line: plain text, or a style and its text. The text may come from outside. */
export type Span = string | readonly [style: Style, text: string];
/** The spans of one line. */
export type Line = readonly Span[];

/** A table's column. */
export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Whether its cells are cut where the table is wider than the screen: at their end, or before an id at their end. @default false */
  readonly shrinks?: true | "before-id";
  /** Whether a narrow screen goes without it; the last such column goes first. @default false */
  readonly isOptional?: true;
}

/**
 * Neutralizes text from outside for a terminal: control characters (line breaks too), invisible and bidirectional ones, and
 * lone surrogates become visible escapes such as `\x1b`.
 */
export const visible = (text: string): string =>
  replaceHidden(text, spelled).replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, spelled);

function spelled(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
  return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
}

/** The text of a span, without its style. */
export const textOf = (span: Span): string => (typeof span === "string" ? span : span[1]);

const statusStyles: Readonly<Record<string, Style>> = {
  CREATED: "cyan",
  EXECUTING: "cyan",
  SUCCESS: "green",
  FAILED: "red",
  CANCELLED: "dim",
  DELETED: "dim",
};

/** Style of a task's status; an unknown status stands out. */
export const styleOf = (status: string): Style => statusStyles[status] ?? "yellow";

/** Columns that a span takes on the screen; wide characters take two. */
const widthOf = (span: Span): number => stringWidth(visible(textOf(span)));

/** Pads a span with blanks to `width` columns; wider ones are not cut. */
export function pad(span: Span, width: number, align?: Column["align"]): Span {
  const blanks = " ".repeat(Math.max(0, width - widthOf(span)));
  const filled = align === "right" ? blanks + textOf(span) : textOf(span) + blanks;
  return typeof span === "string" ? filled : [span[0], filled];
}

/** Cuts a span to `width` columns, with `…` before its last `tail` characters where it was longer. */
export function cut(span: Span, width: number, tail = 0): Span {
  if (widthOf(span) <= width) return span;
  const whole = visible(textOf(span));
  const end = tail > 0 && tail < width ? whole.slice(-tail) : "";
  let short = "";
  for (const { segment } of graphemes.segment(whole)) {
    if (stringWidth(short + segment + end) > width - 1) break;
    short += segment;
  }
  const text = `${short}…${end}`;
  return typeof span === "string" ? text : [span[0], text];
}

/** Characters of an id in parentheses at the end of a short name. */
const idTail = (text: string): number => / ?\([\w-]+\)$/.exec(text)?.[0].length ?? 0;

const graphemes = new Intl.Segmenter();

/** Cuts a line to `width` columns. */
export function fitted(line: Line, width: number): Line {
  let room = width;
  return line.flatMap((span): Span[] => {
    if (room <= 0) return [];
    const short = cut(span, room);
    room -= short === span ? widthOf(span) : room;
    return [short];
  });
}

/** A label with a text beside it, broken into lines of at most `width` columns. */
export function labelled(label: Span, text: string, width: number): readonly Line[] {
  const begin = widthOf(label);
  return wrap(text, Math.max(leastWidth, width - begin)).map((line, index) => [
    index === 0 ? label : " ".repeat(begin),
    line,
  ]);
}

/** Breaks text into lines of at most `width` columns, at its blanks and within longer words. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(...pieces(word, width));
  }
  return lines;
}

/** A word in pieces of at most `width` columns. */
function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word];
  const found = [""];
  for (const { segment } of graphemes.segment(visible(word))) {
    const last = found.at(-1) ?? "";
    if (stringWidth(last + segment) <= width) found[found.length - 1] = last + segment;
    else found.push(segment);
  }
  return found;
}

/** Least columns that a cell is cut to. */
const leastWidth = 8;
/** Columns that a cut cell should have before an optional column goes. */
const readableWidth = 14;
const gap = 2;

const sum = (widths: readonly number[]): number =>
  widths.reduce((total, each) => total + each, gap * (widths.length - 1));

/** Indices of the columns that a screen of `width` columns has room for. */
function kept(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const indices = [...columns.keys()];
  const widthAt = (index: number): number =>
    columns[index]?.shrinks ? Math.min(natural[index] ?? 0, readableWidth) : (natural[index] ?? 0);
  while (sum(indices.map(widthAt)) > width) {
    const last = indices.findLastIndex((index) => columns[index]?.isOptional);
    if (last < 0) break;
    indices.splice(last, 1);
  }
  return indices;
}

/** Takes what is over `width` from the columns that shrink, the widest first. */
function shrunk(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let over = sum(widths) - width;
  while (over > 0) {
    const [widest] = columns
      .flatMap(({ shrinks }, index) => (shrinks && (widths[index] ?? 0) > leastWidth ? [index] : []))
      .toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}

/**
 * A dim heading and one line per row, columns aligned and two blanks apart, no trailing blanks. To fit `width` columns, it
 * goes without optional columns and cuts those that shrink.
 */
export function table(
  columns: readonly Column[],
  rows: readonly Line[],
  width = Number.POSITIVE_INFINITY,
): readonly Line[] {
  const heading: Line = columns.map(({ title }): Span => ["dim", title]);
  const natural = columns.map((_, index) =>
    Math.max(...[heading, ...rows].map((row) => widthOf(row[index] ?? ""))),
  );
  const indices = kept(columns, natural, width);
  const shown = indices.flatMap((index) => columns[index] ?? []);
  const widths = shrunk(
    shown,
    indices.map((index) => natural[index] ?? 0),
    width,
  );
  const last = shown.length - 1;
  return [heading, ...rows].map((row) =>
    shown.flatMap(({ align, shrinks }, at): Span[] => {
      const whole = row[indices[at] ?? 0] ?? "";
      const cell = cut(whole, widths[at] ?? 0, shrinks === "before-id" ? idTail(textOf(whole)) : 0);
      const isRagged = at === last && align !== "right";
      const filled = isRagged ? cell : pad(cell, widths[at] ?? 0, align);
      return at === last ? [filled] : [filled, " ".repeat(gap)];
    }),
  );
}
