import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";

const eventShape = v.looseObject({
  specversion: v.literal("1.0"),
  id: v.string(),
  type: v.string(),
  subject: v.string(),
});

/** A stored event. It is only looked at: a schema's copy would put its own keys first, and a retry must send the same bytes. */
export const eventSchema = v.custom<CloudEvent>((event) => v.is(eventShape, event));
