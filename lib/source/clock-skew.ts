import { type Clock, isWithin } from "../core/clock.ts";

/** Maximum age of a measurement, milliseconds: the clock may have been set since. */
const maxAgeMs = 10 * 60_000;

/** The API's clock, as the last response told it. */
export interface ClockSkew {
  /** Notes a measurement: API clock minus local clock, milliseconds. */
  readonly note: (skewMs: number) => void;
  /** API clock minus local clock, milliseconds; null without a measurement in the last ten minutes. */
  readonly skewMs: () => number | null;
}

/** Keeps the last measurement of an API's clock. */
export function clockSkew(clock: Clock): ClockSkew {
  let measured: { readonly skewMs: number; readonly atMs: number } | null = null;
  return {
    note: (skewMs) => {
      measured = { skewMs, atMs: clock.now() };
    },
    skewMs: () => (measured && isWithin(maxAgeMs, measured.atMs, clock.now()) ? measured.skewMs : null),
  };
}
