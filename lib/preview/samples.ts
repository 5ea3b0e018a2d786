import { type CloudEvent, type EventContext, toEvent } from "../change/event.ts";
import type { Task } from "../change/task.ts";
import { taskId } from "../core/names.ts";

/** A named sample: the events of one message. */
export interface Sample {
  readonly name: string;
  readonly events: readonly CloudEvent[];
}

/** The instant of every sample, fixed so that previews are reproducible to the byte. */
export const sampleNowMs = Date.UTC(2026, 0, 1, 0, 30);

const stream = {
  engine: "kafka",
  region: "cn-north-4",
  projectId: "0123456789abcdef0123456789abcdef",
  instanceId: "1a2b3c4d-0000-4000-8000-1234567890ab",
} as const;

const context: EventContext = {
  stream,
  source: `https://dms.${stream.region}.myhuaweicloud.com/v2/${stream.projectId}/instances/${stream.instanceId}`,
  instanceName: "clickstream",
  observedAtMs: sampleNowMs,
};

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/** The history of one task. */
interface Story {
  readonly name: string;
  readonly from: string | null;
  readonly to: string;
  readonly durationMs: number;
  readonly usualMs?: number;
  readonly params?: object;
  readonly user: string;
}

const stories = {
  created: {
    name: "kafkaResetConsumerOffset",
    from: null,
    to: "CREATED",
    durationMs: 0,
    params: { group: "billing", topic: "orders" },
    user: "pipeline",
  },
  executing: {
    name: "kafkaAutoReassignment",
    from: "CREATED",
    to: "EXECUTING",
    durationMs: 3 * secondMs,
    params: { reassignment_topics: ["page-views", "clicks"] },
    user: "lin.wei",
  },
  succeeded: {
    name: "EXTEND",
    from: "EXECUTING",
    to: "SUCCESS",
    durationMs: 14 * minuteMs + 8 * secondMs,
    usualMs: 12 * minuteMs,
    params: { new_flavor: "c6.4u8g.cluster", storage_gb: 600 },
    user: "maria.silva",
  },
  failed: {
    name: "bindInstancePublicIp",
    from: "EXECUTING",
    to: "FAILED",
    durationMs: 48 * secondMs,
    usualMs: 4 * secondMs,
    params: { enable_public_ip: true, public_ip_address: "203.0.113.7" },
    user: "lin.wei",
  },
  cancelled: {
    name: "resetUserPassword",
    from: "CREATED",
    to: "CANCELLED",
    durationMs: 40 * secondMs,
    params: { user_name: "orders-app", password: "made-up" },
    user: "maria.silva",
  },
  overdue: {
    name: "kafkaAutoReassignment",
    from: "EXECUTING",
    to: "OVERDUE",
    durationMs: 31 * minuteMs,
    usualMs: 4 * minuteMs,
    params: { reassignment_topics: ["page-views", "clicks"] },
    user: "pipeline",
  },
  vanished: {
    name: "unbindInstancePublicIp",
    from: "EXECUTING",
    to: "VANISHED",
    durationMs: 2 * minuteMs,
    user: "maria.silva",
  },
  unknown: {
    name: "kafkaConfigModify",
    from: "EXECUTING",
    to: "PAUSED",
    durationMs: 12 * secondMs,
    params: { old_auto_status: "false", new_auto_status: "true" },
    user: "pipeline",
  },
} as const satisfies Readonly<Record<string, Story>>;

/** A message of each kind, then one with `burst` changes at once. */
export function samples(burst: number): readonly Sample[] {
  const singles = Object.entries(stories).map(([name, story], index) => ({
    name,
    events: [told(story, index)],
  }));
  return [...singles, { name: "digest", events: burstOf(burst) }];
}

/** Results of a nightly series, repeated. */
const series = [
  { name: "kafkaResetConsumerOffset", from: "CREATED", to: "SUCCESS" },
  { name: "kafkaConfigModify", from: "EXECUTING", to: "SUCCESS" },
  { name: "kafkaAutoReassignment", from: "CREATED", to: "EXECUTING" },
  { name: "bindInstancePublicIp", from: "EXECUTING", to: "FAILED" },
  { name: "modifyAutoTopic", from: "CREATED", to: "SUCCESS" },
  { name: "changeRetentionPolicy", from: "EXECUTING", to: "SUCCESS" },
] as const;

const burstOf = (count: number): readonly CloudEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const step = series[index % series.length] ?? series[0];
    return told({ ...step, durationMs: (4 + 3 * index) * secondMs, user: "pipeline" }, 100 + index);
  });

function told({ name, from, to, durationMs, usualMs, params, user }: Story, number: number): CloudEvent {
  // Changes other than status happen at the poll's instant; a status is seen some seconds after it changed.
  const isBeyondStatus = to === "OVERDUE" || to === "VANISHED";
  const createdAtMs = sampleNowMs - durationMs - (isBeyondStatus ? 0 : 4 * secondMs);
  const task: Task = {
    id: taskId(`ff80808272dcc90f0172df1e${number.toString(16).padStart(8, "0")}`),
    name,
    status: isBeyondStatus ? "EXECUTING" : to,
    params: params === undefined ? null : JSON.stringify(params),
    user: { id: "0a0a0a0a0a0a4a0a8a0a0a0a0a0a0a01", name: user },
    createdAtMs,
    updatedAtMs: createdAtMs + (isBeyondStatus ? 3 * secondMs : durationMs),
  };
  return toEvent({ task, from, to }, { ...context, usualMs: usualMs ?? null });
}
