import { type Clock, isWithin } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { Send } from "./http.ts";

/** A difference that was told longer ago says nothing: the clock may have been set meanwhile. */
const maxAgeMs = 10 * 60_000;

export interface ClockSkew {
  /** `send`, whose answers and refusals tell the API's clock. */
  readonly send: Send;
  /** The API's clock less ours, milliseconds; null where none was told in the last ten minutes. */
  readonly skewMs: () => number | null;
}

/** Notes the difference of the clocks. An answer without a Date stands for none. */
export function clockSkew(send: Send, clock: Clock): ClockSkew {
  let told: { readonly skewMs: number; readonly atMs: number } | null = null;
  const note = (skewMs: number): void => {
    told = { skewMs, atMs: clock.now() };
  };
  return {
    skewMs: () => (told && isWithin(maxAgeMs, told.atMs, clock.now()) ? told.skewMs : null),
    send: async (outgoing, options) => {
      try {
        const answer = await send(outgoing, options);
        note(answer.clockSkewMs ?? 0);
        return answer;
      } catch (error) {
        if (error instanceof SourceError && error.clockSkewMs !== null) note(error.clockSkewMs);
        throw error;
      }
    },
  };
}
