import * as v from "valibot";
import { sinkName } from "../../../lib/core/names.ts";
import { create, schema } from "../../../lib/sinks/pagerduty.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import type { Gateway, HttpSetup } from "../../contract/http.ts";
import type { Setup, Trial } from "../../contract/sink.ts";
import { type Answering, type Reply, type Seen, serve } from "../../harness/http.ts";
import { nowMs, sampleDeps, sampleEvents } from "../sample.ts";

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

const invalid = (error: string): Reply => ({
  status: 400,
  body: { status: "invalid event", message: "Event object is invalid", errors: [error] },
});

/** Checks as PagerDuty does, written apart from the sink. */
export function taken(request: Seen): Reply {
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

export const sinkAt = (endpoint: string, options: object = {}, deps: SinkDeps = sampleDeps): Sink =>
  create(sinkName("trial"), v.parse(schema, { routingKey, endpoint, ...options }), deps);

/** The contract's events are successes, which resolve. */
const trial =
  (answering: Answering, options: object = {}, gateway: Gateway = async (origin) => origin) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const { origin, seen } = await serve(answering);
    const idOf = (task: string | undefined) =>
      sampleEvents(3).flatMap(({ id, subject }) => (subject === task ? [id] : []));
    return {
      sink: sinkAt(await gateway(origin), options, deps),
      arrived: () => seen.flatMap((request) => idOf(enqueued(request).payload.custom_details["task"])),
    };
  };

export const pagerdutyHttpSetup: HttpSetup = { through: (gateway) => trial(taken, {}, gateway) };

export const pagerdutySetup: Setup = {
  working: trial(taken),
  failing: {
    "an error that repeats the request": trial(({ body }) => ({ status: 400, body: { message: body } })),
    "a key that is not valid": trial(({ body }) => invalid(`Invalid routing key in ${body}`)),
    "too many events": trial({ status: 429, body: { status: "throttle exceeded" } }),
    "a service that never answers": trial("hang", { timeout: "50ms" }),
    "a broken connection": trial("drop"),
    "a refused connection": async (deps) => ({
      sink: sinkAt("http://127.0.0.1:1", {}, deps),
      arrived: () => [],
    }),
  },
  secrets: [routingKey],
};
