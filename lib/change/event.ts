import { type EventId, eventId, type Stream, type TaskId, taskId } from "../core/names.ts";
import type { Change } from "./diff.ts";
import { type EventKind, kindOfTaskStatus, type StreamEventKind } from "./kind.ts";
import { maskedParams } from "./mask.ts";
import { stampMs } from "./task.ts";
import { traceparentOf } from "./trace.ts";

/** A CloudEvent 1.0 for one status change. Property order is fixed, so equal events have equal bytes. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: EventId;
  readonly source: string;
  readonly type:
    | `com.huaweicloud.dms.task.${Exclude<EventKind, StreamEventKind>}`
    | `com.huaweicloud.dms.stream.${StreamEventKind}`;
  readonly subject: string;
  /** The task's `updated_at`, or its creation time when that is missing; ISO 8601 UTC. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly dataschema: string;
  readonly partitionkey: string;
  /** Trace that the event belongs to, in W3C's format; only when `events.traceparent` is on. */
  readonly traceparent?: string;
  readonly data: EventData;
}

/** An event's `data`. */
export interface EventData {
  readonly task: {
    readonly id: string;
    readonly name: string;
    readonly status: string;
    /** Parsed task params with secrets masked; null when the task has none. */
    readonly params: unknown;
    readonly user: { readonly id: string | null; readonly name: string | null };
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  readonly change: {
    /** Null for a task seen for the first time; VANISHED for one that reappeared. */
    readonly from: string | null;
    readonly to: string;
    /** Milliseconds from the task's creation to this change. */
    readonly durationMs: number;
    /**
     * Median duration of recent successful tasks of this name on this instance, milliseconds; omitted while fewer than
     * three are known.
     */
    readonly usualMs?: number;
    readonly observedAt: string;
  };
  readonly instance: {
    readonly engine: string;
    readonly region: string;
    readonly projectId: string;
    readonly instanceId: string;
    readonly name?: string;
  };
}

/** Stream metadata that an event needs. */
export interface EventContext {
  readonly stream: Stream;
  /** API URL of the instance: scheme, host and path. */
  readonly source: string;
  readonly instanceName: string | null;
  readonly observedAtMs: number;
  /** Whether events carry `traceparent`. @default false */
  readonly traced?: boolean;
  /** Typical duration of such a task, milliseconds; null when unknown. */
  readonly usualMs?: number | null;
}

/** URI of the schema of an event's `data`. */
export const eventSchemaId = "urn:dms-task-bridge:schema:task-event:1";

/** Statuses that the bridge adds; the task's own update time does not describe them. */
const added: ReadonlySet<string> = new Set(["OVERDUE", "VANISHED", "UNREADABLE", "RECOVERED"]);

/** Builds the CloudEvent for a change. Its id depends on the task alone, so retries and replays repeat it. */
export const toEvent = (change: Change, context: EventContext): CloudEvent =>
  eventOf(change, `com.huaweicloud.dms.task.${kindOfTaskStatus(change.to)}`, context);

/** An outage of a stream, for its events. */
export interface StreamOutage {
  /** Begin of the outage, epoch milliseconds. */
  readonly emittedMs: number;
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number | null;
}

/** Id that stands for a stream's reading in the events of one outage. */
export const readingId = (emittedMs: number | null): TaskId => taskId(`reading-${emittedMs}`);

/** Name of the API's operation that reads a stream; stands for the reading in an outage's events. */
const reading = "ListBackgroundTasks";

/**
 * Builds the CloudEvent that a stream cannot be read, or can be read again. `data.task` stands for the reading, so every
 * sink can show it; its id depends on the outage alone.
 */
export function toStreamEvent(
  kind: StreamEventKind,
  outage: StreamOutage,
  context: EventContext,
): CloudEvent {
  const { emittedMs, code, message, httpStatus } = outage;
  const to = kind.toUpperCase();
  const task = {
    id: readingId(emittedMs),
    name: reading,
    status: to,
    params: JSON.stringify({ code, message, httpStatus }),
    user: { id: null, name: null },
    createdAtMs: emittedMs,
    updatedAtMs: emittedMs,
  };
  const from = kind === "recovered" ? "UNREADABLE" : null;
  return eventOf({ task, from, to }, `com.huaweicloud.dms.stream.${kind}`, context);
}

function eventOf({ task, from, to }: Change, type: CloudEvent["type"], context: EventContext): CloudEvent {
  const { engine, region, projectId, instanceId } = context.stream;
  const changedAtMs = added.has(to) ? context.observedAtMs : stampMs(task);
  const updatedAt = new Date(stampMs(task)).toISOString();
  const id = eventId(`${idPart(instanceId)}/${idPart(task.id)}/${idPart(to)}/${stampMs(task)}`);
  return {
    specversion: "1.0",
    id,
    source: context.source,
    type,
    subject: task.id,
    time: updatedAt,
    datacontenttype: "application/json",
    dataschema: eventSchemaId,
    partitionkey: task.id,
    ...(context.traced ? { traceparent: traceparentOf(id) } : {}),
    data: {
      task: {
        id: task.id,
        name: task.name,
        status: task.status,
        params: maskedParams(task.params),
        user: task.user,
        createdAt: new Date(task.createdAtMs).toISOString(),
        updatedAt,
      },
      change: {
        from,
        to,
        durationMs: Math.max(0, changedAtMs - task.createdAtMs),
        ...(typeof context.usualMs === "number" ? { usualMs: context.usualMs } : {}),
        observedAt: new Date(context.observedAtMs).toISOString(),
      },
      instance: {
        engine,
        region,
        projectId,
        instanceId,
        ...(context.instanceName === null ? {} : { name: context.instanceName }),
      },
    },
  };
}

/** Percent-encodes unexpected characters: ids travel in headers and are joined by dots in signatures. */
const idPart = (text: string): string => encodeURIComponent(text).replaceAll(".", "%2E");

/** The time with which an event's id ends, epoch milliseconds; null where it has none. */
export function timeInId(id: EventId): number | null {
  const [, ms] = /\/(\d{1,15})$/.exec(id) ?? [];
  return ms === undefined ? null : Number(ms);
}

const written = new WeakMap<CloudEvent, string>();

/** An event as JSON. Cached, since events never change: records, the journal and sinks write each several times. */
export function eventJson(event: CloudEvent): string {
  const found = written.get(event);
  if (found !== undefined) return found;
  const json = JSON.stringify(event);
  written.set(event, json);
  return json;
}

/** Size of an event as JSON, bytes. */
export const eventBytes = (event: CloudEvent): number => Buffer.byteLength(eventJson(event));
