/** A response that the simulator is about to send. */
export interface SimulatedResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly wire: Wire;
}

/** How a response is transferred. */
export type Wire =
  | { readonly kind: "whole" }
  /** The connection ends in the middle of the body. */
  | { readonly kind: "cut" }
  | { readonly kind: "reset" }
  | { readonly kind: "hang" }
  /** One byte at a time. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** Followed by this much white space, bytes. */
  | { readonly kind: "padded"; readonly bytes: number };

/** Creates a JSON response. */
export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): SimulatedResponse => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
  wire: { kind: "whole" },
});
