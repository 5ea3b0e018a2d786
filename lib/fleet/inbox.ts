import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import { engines } from "../core/names.ts";
import { parseExactJson } from "../text/json.ts";

/** Event fields needed for delivery; the others pass through unchanged. */
const eventShape = v.looseObject({
  specversion: v.literal("1.0"),
  id: v.pipe(v.string(), v.nonEmpty()),
  type: v.string(),
  subject: v.string(),
  data: v.looseObject({
    task: v.looseObject({ id: v.string(), name: v.string(), status: v.string() }),
    change: v.looseObject({ to: v.string() }),
    instance: v.looseObject({
      engine: v.picklist(engines),
      region: v.string(),
      projectId: v.string(),
      instanceId: v.string(),
    }),
  }),
});

const isEvent = (value: unknown): value is CloudEvent => v.is(eventShape, value);
const notification = v.object({ Type: v.literal("Notification"), Message: v.string() });
const busEvent = v.object({ "detail-type": v.string(), detail: v.unknown() });

/** Reads the event in a message body: plain, or in an SNS or EventBridge envelope. Null when it is not one of ours. */
export function eventIn(body: string): CloudEvent | null {
  const value = parseExactJson(body);
  // Validated without a copy: it would reorder the keys, and a retry must send the same bytes.
  if (isEvent(value)) return value;
  if (v.is(notification, value)) return eventOr(parseExactJson(value.Message));
  return v.is(busEvent, value) ? eventOr(value.detail) : null;
}

const eventOr = (value: unknown): CloudEvent | null => (isEvent(value) ? value : null);
