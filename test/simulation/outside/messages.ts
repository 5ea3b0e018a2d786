/** What goes over the simulated network. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes as Latin-1 where it is packed. */
  readonly body: string;
  readonly isPacked?: boolean;
  /** The connection breaks after so many characters of the body. */
  readonly brokenAfter?: number;
  /** On top of the network's own time. */
  readonly delayMs?: number;
}

export type Reply =
  | Answer
  | { readonly kind: "hang" }
  /** The connection ends in an error of this code. */
  | { readonly kind: "broken"; readonly code: string };

export const json = (status: number, value: unknown, dateMs: number): Answer => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/json", date: new Date(dateMs).toUTCString() },
  body: JSON.stringify(value),
});
