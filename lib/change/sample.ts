import { taskId } from "../core/names.ts";
import { type CloudEvent, toEvent, toStreamEvent } from "./event.ts";
import type { StreamEventKind } from "./kind.ts";
import { firstStatus } from "./task.ts";

const stream = {
  engine: "rabbitmq",
  region: "cn-north-4",
  projectId: "sample-project",
  instanceId: "sample-instance",
} as const;

/** Statuses added by the bridge for open tasks, unknown to the API. */
const beyondStatus: ReadonlySet<string> = new Set(["OVERDUE", "VANISHED"]);

/** One status for each event type, and one unknown status. */
export const sampleStatuses = [
  firstStatus,
  "EXECUTING",
  "SUCCESS",
  "FAILED",
  "CANCELLED",
  "DELETED",
  ...beyondStatus,
  "SOMETHING_NEW",
  "UNREADABLE",
  "RECOVERED",
] as const;

/** Statuses of a stream, not of a task. */
const ofStream: Readonly<Record<string, StreamEventKind>> = {
  UNREADABLE: "unreadable",
  RECOVERED: "recovered",
};

/** Creates a test event. Its instance and task are called `sample`, so that no consumer takes it for a real one. */
export function sampleEvent(nowMs: number, to = "SUCCESS"): CloudEvent {
  const kind = ofStream[to];
  if (kind) return sampleStreamEvent(nowMs, kind);
  const task = {
    id: taskId("sample-task"),
    name: "bindInstancePublicIp",
    status: beyondStatus.has(to) ? "EXECUTING" : to,
    params: JSON.stringify({ enable_public_ip: true }),
    user: { id: "sample-user", name: "dms-task-bridge sink test" },
    createdAtMs: to === firstStatus ? nowMs : nowMs - 42_000,
    updatedAtMs: nowMs,
  };
  return toEvent({ task, from: to === firstStatus ? null : "EXECUTING", to }, sampleContext(nowMs));
}

/** Creates a test event of the sample instance's outage, which began a quarter of an hour before. */
function sampleStreamEvent(nowMs: number, kind: StreamEventKind): CloudEvent {
  const outage = {
    emittedMs: nowMs - 900_000,
    code: "APIGW.0301",
    message: "Incorrect IAM authentication information",
    httpStatus: 401,
  };
  return toStreamEvent(kind, outage, sampleContext(nowMs));
}

const sampleContext = (nowMs: number) => ({
  stream,
  source: `https://dms.${stream.region}.myhuaweicloud.com/v2/${stream.projectId}/instances/${stream.instanceId}`,
  instanceName: "sample",
  observedAtMs: nowMs,
});
