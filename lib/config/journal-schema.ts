import * as v from "valibot";
import { positiveDuration } from "../options/duration.ts";
import { described, wholeNumber } from "../options/fields.ts";

/** Options of the journal. */
export const journal = v.strictObject({
  enabled: v.optional(
    described(
      v.boolean("true or false"),
      "Whether to keep a journal; by default in the stores `file` and `postgres` only, since it costs requests in the others.",
    ),
  ),
  keep: v.optional(described(positiveDuration(), "Age at which entries are deleted."), "7d"),
  maxEvents: v.optional(
    described(
      wholeNumber(1, 10_000_000),
      "Number of newest events that it keeps at least, with ten times as many entries of deliveries; older ones are deleted from time to time.",
    ),
    100_000,
  ),
});
