import { type Clock, isWithin } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { SendApiRequest } from "./http.ts";

/** Maximum age of a measurement, milliseconds: the clock may have been set since. */
const maxAgeMs = 10 * 60_000;

/** Measures the API's clock. */
export interface ClockSkew {
  /** `send`, with the clock measured from responses and refusals. */
  readonly send: SendApiRequest;
  /** API clock minus local clock, milliseconds; null without a measurement in the last ten minutes. */
  readonly skewMs: () => number | null;
}

/** Measures the API's clock with each response. A response without a Date header clears the measurement. */
export function clockSkew(send: SendApiRequest, clock: Clock): ClockSkew {
  let measured: { readonly skewMs: number; readonly atMs: number } | null = null;
  const note = (skewMs: number): void => {
    measured = { skewMs, atMs: clock.now() };
  };
  return {
    skewMs: () => (measured && isWithin(maxAgeMs, measured.atMs, clock.now()) ? measured.skewMs : null),
    send: async (outgoing, options) => {
      try {
        const response = await send(outgoing, options);
        note(response.clockSkewMs ?? 0);
        return response;
      } catch (error) {
        if (error instanceof SourceError && error.clockSkewMs !== null) note(error.clockSkewMs);
        throw error;
      }
    },
  };
}
