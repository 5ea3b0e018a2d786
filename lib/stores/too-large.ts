import { StoreError } from "../core/errors.ts";

/** A record, or what waits beside it, that does not fit its store. */
export interface Oversize {
  /** The store, with its table or bucket. */
  readonly store: string;
  readonly what: string;
  readonly bytes: number;
  readonly maxBytes: number;
}

/** The error for what does not fit its store: nothing of it was written. */
export const tooLarge = ({ store, what, bytes, maxBytes }: Oversize): StoreError =>
  new StoreError(
    "too_large",
    `${store}: ${what} has ${bytes} bytes, and ${maxBytes} fit: lower the source's lookback, or choose a store that takes more`,
  );
