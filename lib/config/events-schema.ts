import * as v from "valibot";
import { described } from "../options/fields.ts";

/** Schema of the attributes that every event carries. */
export const events = v.strictObject({
  traceparent: v.optional(
    described(
      v.boolean("true or false"),
      "Adds CloudEvents' `traceparent`: the event's trace, the same in every attempt and replay.",
    ),
    false,
  ),
});
