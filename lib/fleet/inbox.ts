import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import { engines } from "../core/names.ts";
import { parseExactJson } from "../text/json.ts";

/** What delivering an event looks at; the rest is the sender's, and goes on as it is. */
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

/** The event in a message's body: bare, in SNS's envelope, or in EventBridge's. Null when there is none of ours. */
export function eventIn(body: string): CloudEvent | null {
  const value = parseExactJson(body);
  // Only looked at: a schema's copy would put its own keys first, and a repeat must send the same bytes.
  if (isEvent(value)) return value;
  if (v.is(notification, value)) return eventOr(parseExactJson(value.Message));
  return v.is(busEvent, value) ? eventOr(value.detail) : null;
}

const eventOr = (value: unknown): CloudEvent | null => (isEvent(value) ? value : null);
