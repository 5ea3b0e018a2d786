import { styleText } from "node:util";
import { safeJson } from "../../text/json.ts";
import { withCommand } from "../command-name.ts";
import { type Column, fitted, type Line, type Span, table, textOf, visible } from "./text.ts";

/** Options of a table. */
export interface TableLayout {
  /** Lines below a row, cut to a terminal's width. @default none */
  readonly below?: (row: number) => readonly Line[];
  /** Whether it is as wide as its cells, whatever the terminal. @default false */
  readonly isWide?: boolean;
}

/** One of a command's two streams. Text written as spans is escaped for a terminal. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width in columns; null when it is not a terminal. */
  readonly columns: number | null;
  /** How the command was started and finds its configuration, for hints. */
  readonly command: string;
  line(...spans: Line): void;
  /** Writes a line, cut to a terminal's width. */
  fitted(...spans: Line): void;
  /** Writes a table that fits a terminal. */
  table(columns: readonly Column[], rows: readonly Line[], options?: TableLayout): void;
  /** Writes one value: indented on a terminal, one line in a pipe. */
  json(value: unknown): void;
  /** Writes our own text unescaped, such as YAML to paste. */
  raw(text: string): void;
}

/** Results go to `out`, everything else to `err`. */
export interface Screen {
  readonly out: Output;
  readonly err: Output;
  /** Shows a status line below all others until it is replaced or, without spans, removed. Only on a terminal. */
  status(...spans: Line): void;
}

type TerminalStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

const clearLine = "\r\x1b[2K";

/** Opens a screen on a command's two streams. `command` is how it was started and finds its configuration: lines name it so in their hints. */
export function openScreen(
  stdout: TerminalStream,
  stderr: TerminalStream,
  command = "dms-task-bridge",
): Screen {
  let status: Line = [];

  const paint = (spans: Line, stream: TerminalStream): string =>
    spans
      .map((span: Span) => {
        const text = visible(withCommand(textOf(span), command));
        return typeof span === "string" ? text : styleText(span[0], text, { stream, validateStream: true });
      })
      .join("");

  function drawStatus(): void {
    // A status longer than the line would wrap, and only its last row could be cleared.
    const room = (stderr.columns || 80) - 1;
    const short = visible(status.map(textOf).join("")).slice(0, room);
    stderr.write(paint([["dim", short]], stderr));
  }

  function write(stream: TerminalStream, text: string): void {
    if (status.length === 0) {
      stream.write(text);
      return;
    }
    stderr.write(clearLine);
    stream.write(text);
    drawStatus();
  }

  const output = (stream: TerminalStream): Output => {
    const isTerminal = stream.isTTY === true;
    const width = isTerminal ? stream.columns || 80 : Number.POSITIVE_INFINITY;
    const text = (lines: readonly Line[]): string => lines.map((line) => `${paint(line, stream)}\n`).join("");
    return {
      isTerminal,
      columns: isTerminal ? width : null,
      command,
      line: (...spans) => write(stream, text([spans])),
      fitted: (...spans) => write(stream, text([fitted(spans, width)])),
      table: (columns, rows, { below = () => [], isWide = false } = {}) => {
        const lines = table(columns, rows, isWide ? undefined : width).flatMap((line, index) => [
          line,
          ...(index === 0 ? [] : below(index - 1).map((each) => fitted(each, width))),
        ]);
        write(stream, text(lines));
      },
      json: (value) => write(stream, `${safeJson(value, isTerminal ? 2 : undefined)}\n`),
      raw: (text) => write(stream, text),
    };
  };

  const err = output(stderr);
  return {
    out: output(stdout),
    err,
    status: (...spans) => {
      if (!err.isTerminal) return;
      if (status.length > 0) stderr.write(clearLine);
      status = spans;
      if (status.length > 0) drawStatus();
    },
  };
}
