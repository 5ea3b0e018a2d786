import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";

const eventShape = v.looseObject({
  specversion: v.literal("1.0"),
  id: v.string(),
  type: v.string(),
  subject: v.string(),
});

/** Validates a stored event without copying it: a copy would reorder its keys, and a retry must send the same bytes. */
export const eventSchema = v.custom<CloudEvent>((event) => v.is(eventShape, event));
