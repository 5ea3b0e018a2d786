import * as v from "valibot";
import { positiveDuration } from "../options/duration.ts";
import { described, httpUrl } from "../options/fields.ts";

/** A dead-man's switch. */
export const heartbeat = v.optional(
  described(
    v.strictObject({
      url: described(
        httpUrl,
        "URL to request (GET) after a run that read a stream, such as a check of healthchecks.io. A secret.",
      ),
      every: v.optional(described(positiveDuration(), "Shortest time between two requests."), "5m"),
    }),
    "Reports to a dead-man's switch, which raises the alarm when it hears nothing.",
  ),
);

/** How long a stream may be unreadable before its event. */
export const unreadableAfter = v.optional(
  described(
    positiveDuration(),
    "How long a stream may be unreadable before an event says so; without it, none does.",
  ),
);
