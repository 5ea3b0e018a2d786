import type { EventId } from "../names.ts";

export type EventKind =
  | "created"
  | "executing"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "deleted"
  | "overdue"
  | "vanished"
  | "unknown";

/** A CloudEvent 1.0 that states one change. Its property order is fixed, so equal events have equal bytes. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: EventId;
  readonly source: string;
  readonly type: `com.huaweicloud.dms.task.${EventKind}`;
  readonly subject: string;
  /** The task's updated_at, ISO 8601 UTC. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly dataschema: string;
  readonly partitionkey: string;
  readonly data: EventData;
}

export interface EventData {
  readonly task: {
    readonly id: string;
    readonly name: string;
    readonly status: string;
    /** The API's params, parsed, with secrets masked; null when the task has none. */
    readonly params: unknown;
    readonly user: { readonly id: string | null; readonly name: string | null };
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  readonly change: {
    /** Null for a task seen for the first time. */
    readonly from: string | null;
    readonly to: string;
    /** From the task's creation to this change, milliseconds. */
    readonly durationMs: number;
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
