import * as v from "valibot";
import { positiveDuration } from "../options/duration.ts";
import { described, wholeNumber } from "../options/fields.ts";

/** Options of the journal. */
export const journal = v.strictObject({
  enabled: v.optional(
    described(
      v.boolean("true or false"),
      "Whether a journal is kept. Without it: yes in the stores `file` and `postgres`, no in the others, where it costs requests.",
    ),
  ),
  keep: v.optional(described(positiveDuration(), "Age at which its entries are deleted."), "7d"),
  maxEvents: v.optional(
    described(
      wholeNumber(1, 10_000_000),
      "Events it keeps, the newest, and ten times as many entries of deliveries.",
    ),
    100_000,
  ),
});
