import { hash } from "node:crypto";
import type { EventId } from "../core/names.ts";

/** Ids of a trace and of its first span, in lower-case hexadecimal. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * Returns the ids of an event's trace. They depend on the event's id alone, so every process that delivers it, and every
 * replay, adds to one trace.
 */
export function traceIdsOf(id: EventId): TraceIds {
  const digest = hash("sha256", id, "hex");
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

/**
 * Returns an event's `traceparent`, in W3C's format with the sampled flag.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md
 */
export function traceparentOf(id: EventId): string {
  const { traceId, spanId } = traceIdsOf(id);
  return `00-${traceId}-${spanId}-01`;
}
