import * as pagerduty from "../../../lib/sinks/pagerduty.ts";
import type { Service } from "../../contract/service.ts";
import type { Seen, ServerReply } from "../../harness/http.ts";
import { nowMs, sampleEvents } from "../sample.ts";

export const routingKey = "0123456789abcdef0123456789ABCDEF";

/** A clock whose waits take no time but count. */
export function skippingClock() {
  let skippedMs = 0;
  return {
    now: () => nowMs + skippedMs,
    sleep: async (ms: number) => {
      skippedMs += ms;
    },
    skip: (ms: number) => {
      skippedMs += ms;
    },
  };
}

export interface Enqueued {
  readonly routing_key: string;
  readonly event_action: "trigger" | "resolve";
  readonly dedup_key: string;
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: string;
    readonly timestamp: string;
    readonly custom_details: Readonly<Record<string, string>>;
  };
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

export const enqueued = ({ body }: Seen): Enqueued => JSON.parse(body);

const invalid = (error: string): ServerReply => ({
  status: 400,
  body: { status: "invalid event", message: "Event object is invalid", errors: [error] },
});

/** Checks as PagerDuty does, written apart from the sink. */
export function taken(request: Seen): ServerReply {
  const { routing_key, event_action, dedup_key, payload } = enqueued(request);
  if (request.path !== "/v2/enqueue") return { status: 404, body: "" };
  if (Buffer.byteLength(request.body) > 512 * 1_024) return invalid("the event is too large");
  if (routing_key.length !== 32) return invalid("Length of 'routing_key' is incorrect");
  if (!["trigger", "resolve"].includes(event_action)) return invalid("'event_action' is invalid");
  if (dedup_key.length > 255) return invalid("'dedup_key' is too long");
  const { summary, source, severity } = payload;
  if (summary === "" || summary.length > 1_024 || source === "") return invalid("'payload' is invalid");
  if (!["critical", "error", "warning", "info"].includes(severity)) return invalid("'severity' is invalid");
  return { status: 202, body: { status: "success", message: "Event processed", dedup_key } };
}

const eventsOf = (task: string | undefined) => sampleEvents(3).filter(({ subject }) => subject === task);

export const pagerdutyService: Service = {
  module: pagerduty,
  options: { routingKey },
  at: (endpoint) => ({ endpoint }),
  // The contract's events are successes, which resolve.
  events: (request) => eventsOf(enqueued(request).payload.custom_details["task"]),
  answer: taken,
  failures: {
    "an error that repeats the request": ({ body }) => ({ status: 400, body: { message: body } }),
    "a key that is not valid": ({ body }) => invalid(`Invalid routing key in ${body}`),
    "too many events": { status: 429, body: { status: "throttle exceeded" } },
  },
  secrets: [routingKey],
};
