import * as v from "valibot";
import { positiveDuration } from "../options/duration.ts";
import { described, httpUrl } from "../options/fields.ts";

/** A dead-man's switch. */
export const heartbeat = v.optional(
  described(
    v.strictObject({
      url: described(
        httpUrl,
        "Asked by GET after a run that read a stream, such as a check of healthchecks.io.",
      ),
      every: v.optional(described(positiveDuration(), "At most once in this time."), "5m"),
    }),
    "Tells a dead-man's switch that the bridge lives; the switch raises the alarm when it hears nothing.",
  ),
);

/** How long a stream may be unreadable before its event. */
export const unreadableAfter = v.optional(
  described(
    positiveDuration(),
    "How long a stream may be unreadable before an event says so; left out: never.",
  ),
);
