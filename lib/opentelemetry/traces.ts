import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { IdGenerator } from "@opentelemetry/sdk-trace";
import type { CloudEvent } from "../change/event.ts";
import { type TraceIds, traceIdsOf } from "../change/trace.ts";
import type { BridgeObserver } from "../wire/observer.ts";

/** Gives a span the ids that are asked for; all others get those of another generator. */
export interface ChosenIds extends IdGenerator {
  /** Calls `start` with these ids as those of the next trace and span. */
  use<Result>(ids: TraceIds, start: () => Result): Result;
}

/** Creates a generator whose next ids can be chosen. */
export function chosenIds(others: IdGenerator): ChosenIds {
  let chosen: TraceIds | null = null;
  return {
    use: (ids, start) => {
      chosen = ids;
      try {
        return start();
      } finally {
        chosen = null;
      }
    },
    generateTraceId: () => chosen?.traceId ?? others.generateTraceId(),
    generateSpanId: () => chosen?.spanId ?? others.generateSpanId(),
  };
}

/**
 * Records a bridge's traces: one for each run with its requests to the API, and one for each event. An event's trace
 * begins when the task changed, so its first span lasts until the change was recorded; each attempt to deliver it
 * follows, from whatever process.
 */
export function bridgeTraces(tracer: Tracer, ids: ChosenIds, now: () => number): BridgeObserver {
  let run: Span | null = null;
  const runSpan = (startMs: number): Span => {
    run ??= tracer.startSpan("run", { root: true, startTime: startMs });
    return run;
  };

  return {
    requested: ({ operation, stream, startedMs, endedMs, status, failure }) => {
      const span = tracer.startSpan(
        operation,
        {
          kind: SpanKind.CLIENT,
          startTime: startedMs,
          attributes: {
            ...(stream === null ? {} : { "dms_task_bridge.stream": stream }),
            ...(status === null ? {} : { "http.response.status_code": status }),
          },
        },
        trace.setSpan(ROOT_CONTEXT, runSpan(startedMs)),
      );
      if (failure !== null) fail(span, failure);
      span.end(endedMs);
    },

    committed: (stream, event) => {
      const nowMs = now();
      const span = ids.use(traceIdsOf(event.id), () =>
        tracer.startSpan(event.type, {
          root: true,
          kind: SpanKind.PRODUCER,
          startTime: Math.min(Date.parse(event.time), nowMs),
          attributes: { ...attributesOf(event), "dms_task_bridge.stream": stream },
          links: [{ context: runSpan(nowMs).spanContext() }],
        }),
      );
      span.end(nowMs);
    },

    attempted: ({ stream, sink, event, result, startedMs, endedMs }) => {
      const parent = { ...traceIdsOf(event.id), traceFlags: TraceFlags.SAMPLED, isRemote: true };
      const span = tracer.startSpan(
        `deliver ${sink}`,
        {
          kind: SpanKind.CLIENT,
          startTime: startedMs,
          attributes: {
            ...attributesOf(event),
            "dms_task_bridge.stream": stream,
            "dms_task_bridge.sink": sink,
            "dms_task_bridge.result": result.kind,
          },
          links: [{ context: runSpan(startedMs).spanContext() }],
        },
        trace.setSpanContext(ROOT_CONTEXT, parent),
      );
      if (result.kind !== "accepted") fail(span, result.reason, result.detail);
      span.end(endedMs);
    },

    ran: ({ runId, startedAt, durationMs, streams }) => {
      const startedMs = Date.parse(startedAt);
      const span = runSpan(startedMs);
      const failed = streams.filter(({ error }) => error !== null).length;
      span.setAttributes({
        "dms_task_bridge.run_id": runId,
        "dms_task_bridge.streams": streams.length,
        "dms_task_bridge.changes": streams.reduce((sum, { changes }) => sum + changes, 0),
      });
      if (failed > 0) fail(span, "streams_failed", `${failed} of ${streams.length} streams failed`);
      span.end(startedMs + durationMs);
      run = null;
    },
  };
}

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/cloudevents/ */
const attributesOf = ({ id, source, type, subject }: CloudEvent) => ({
  "cloudevents.event_id": id,
  "cloudevents.event_source": source,
  "cloudevents.event_type": type,
  "cloudevents.event_subject": subject,
});

function fail(span: Span, type: string, message?: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
}
