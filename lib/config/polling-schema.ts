import * as v from "valibot";
import { duration } from "../options/duration.ts";
import { wholeNumber as count, described } from "../options/fields.ts";

const followExpectation = "a duration of at least 1s, or off";

/** When streams are polled besides the timer. */
export const polling = v.strictObject({
  follow: v.optional(
    described(
      v.union(
        [v.literal("off"), v.pipe(duration(), v.minValue(1_000, followExpectation))],
        followExpectation,
      ),
      "Shortest time between two polls of a stream with an open task, within a run; `off` polls it once.",
    ),
    "5s",
  ),
  callsPerMinute: v.optional(
    described(
      count(1, 6_000),
      "Calls a minute that following may add for one access key. The API's own limit is not published.",
    ),
    60,
  ),
});

const maxIdleExpectation = "a duration from 1m to 1h";

/** How the functions of a fleet share the polls. */
export const fleet = v.strictObject({
  shardSize: v.optional(described(count(1, 200), "Streams in one message, polled by one invocation."), 50),
  maxIdle: v.optional(
    described(
      v.pipe(duration(), v.minValue(60_000, maxIdleExpectation), v.maxValue(3_600_000, maxIdleExpectation)),
      "Longest time between two polls of a stream without open tasks, 1m to 1h.",
    ),
    "5m",
  ),
  burst: v.optional(described(count(1, 12), "Polls within a minute of a stream that has an open task."), 1),
});
