import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { arnField, arnRegion, awsEntries } from "./aws/options.ts";
import { indexedResults } from "./aws/results.ts";
import { type AwsSink, awsSink } from "./aws/sink.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const busName = "[\\w./-]{1,256}";
const sourceExpectation = "1 to 256 characters, not beginning with aws.";

/** Schema of the options of a sink of type `eventbridge`. */
export const schema = v.strictObject({
  bus: v.optional(
    described(
      arnField("events", `event-bus/${busName}`, "the name of an event bus or its ARN", busName),
      "Name or ARN of the event bus.",
    ),
    "default",
  ),
  source: v.optional(
    described(
      v.pipe(v.string(sourceExpectation), v.regex(/^(?!aws\.)[^\s]{1,256}$/, sourceExpectation)),
      "The `source` that rules match; the event's own is in `detail.source`.",
    ),
    "dms-task-bridge",
  ),
  ...awsEntries,
});

/** Checked options of a sink of type `eventbridge`. */
export type EventBridgeOptions = v.InferOutput<typeof schema>;

const maxRequestBytes = 1_000_000;
/** Bytes of source, detail type, resource and time, which count towards the entry's size. */
const entryBytes = 2_048;
const maxEntries = 10;

/** Puts each event on a bus: its type as the detail type, the whole event as the detail. */
export function create(name: SinkName, options: EventBridgeOptions, deps: SinkDeps): Sink {
  const send: AwsSink["send"] = async (aws, events, attempt) => {
    const Entries = events.map((event) => entryOf(event, options));
    const response = await aws.call("events", "PutEvents", { Entries }, attempt);
    return indexedResults(
      "eventbridge PutEvents",
      response,
      { field: "Entries", receipt: "EventId" },
      events.length,
    );
  };
  return awsSink(
    name,
    {
      service: "events",
      region: options.region ?? arnRegion(options.bus),
      endpoint: options.endpoint,
      proxy: options.proxy,
      timeoutMs: options.timeout,
      batch: { maxEvents: maxEntries, maxBytes: maxRequestBytes - maxEntries * entryBytes },
      send,
    },
    deps,
  );
}

const entryOf = (event: CloudEvent, { bus, source }: EventBridgeOptions): object => ({
  EventBusName: bus,
  Source: source,
  DetailType: event.type,
  Detail: JSON.stringify(event),
  Resources: [event.source],
  Time: Date.parse(event.time) / 1_000,
});
