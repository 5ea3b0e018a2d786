import { type CloudEvent, type EventContext, toEvent, toStreamEvent } from "../change/event.ts";
import type { StreamEventKind } from "../change/kind.ts";
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

/** The history of one task. */
type Story = readonly [
  task: string,
  from: string | null,
  to: string,
  seconds: number,
  usualSeconds: number | null,
  user: string,
  params?: object,
];

const topics = { reassignment_topics: ["page-views", "clicks"] };
const address = { enable_public_ip: true, public_ip_address: "203.0.113.7" };
const password = { user_name: "orders-app", password: "made-up" };
const flavor = { new_flavor: "c6.4u8g.cluster", storage_gb: 600 };
const offset = { group: "billing", topic: "orders" };
const auto = { old_auto_status: "false", new_auto_status: "true" };

const stories = {
  created: ["kafkaResetConsumerOffset", null, "CREATED", 0, null, "pipeline", offset],
  executing: ["kafkaAutoReassignment", "CREATED", "EXECUTING", 3, null, "lin.wei", topics],
  succeeded: ["EXTEND", "EXECUTING", "SUCCESS", 848, 720, "maria.silva", flavor],
  failed: ["bindInstancePublicIp", "EXECUTING", "FAILED", 48, 4, "lin.wei", address],
  cancelled: ["resetUserPassword", "CREATED", "CANCELLED", 40, null, "maria.silva", password],
  overdue: ["kafkaAutoReassignment", "EXECUTING", "OVERDUE", 1_860, 240, "pipeline", topics],
  vanished: ["unbindInstancePublicIp", "EXECUTING", "VANISHED", 120, null, "maria.silva"],
  unknown: ["kafkaConfigModify", "EXECUTING", "PAUSED", 12, null, "pipeline", auto],
} as const satisfies Readonly<Record<string, Story>>;

/** How long two outages last, seconds: one goes on, and one is over. */
const outages: readonly (readonly [StreamEventKind, number])[] = [
  ["unreadable", 900],
  ["recovered", 5_400],
];

/** A message of each kind, then one with `burst` changes at once. */
export function samples(burst: number): readonly Sample[] {
  const singles = Object.entries(stories).map(([name, story], index) => ({
    name,
    events: [told(story, index)],
  }));
  const ofStream = outages.map(([name, seconds]) => ({ name, events: [outage(name, seconds)] }));
  return [...singles, ...ofStream, { name: "digest", events: burstOf(burst) }];
}

/** Results of a nightly series, repeated. */
const series = [
  ["kafkaResetConsumerOffset", "CREATED", "SUCCESS"],
  ["kafkaConfigModify", "EXECUTING", "SUCCESS"],
  ["kafkaAutoReassignment", "CREATED", "EXECUTING"],
  ["bindInstancePublicIp", "EXECUTING", "FAILED"],
  ["modifyAutoTopic", "CREATED", "SUCCESS"],
  ["changeRetentionPolicy", "EXECUTING", "SUCCESS"],
] as const;

const burstOf = (count: number): readonly CloudEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const step = series[index % series.length] ?? series[0];
    return told([...step, 4 + 3 * index, null, "pipeline"], 100 + index);
  });

const outage = (kind: StreamEventKind, seconds: number): CloudEvent =>
  toStreamEvent(
    kind,
    {
      emittedMs: sampleNowMs - 1_000 * seconds,
      code: "unauthorized",
      message: "ListBackgroundTasks: HTTP 401 APIG.0301 Incorrect IAM authentication information",
      httpStatus: 401,
    },
    context,
  );

function told([name, from, to, seconds, usualSeconds, user, params]: Story, number: number): CloudEvent {
  // Changes other than status happen at the poll's instant; a status is seen some seconds after it changed.
  const isBeyondStatus = to === "OVERDUE" || to === "VANISHED";
  const createdAtMs = sampleNowMs - 1_000 * (seconds + (isBeyondStatus ? 0 : 4));
  const task: Task = {
    id: taskId(`ff80808272dcc90f0172df1e${number.toString(16).padStart(8, "0")}`),
    name,
    status: isBeyondStatus ? "EXECUTING" : to,
    params: params === undefined ? null : JSON.stringify(params),
    user: { id: "0a0a0a0a0a0a4a0a8a0a0a0a0a0a0a01", name: user },
    createdAtMs,
    updatedAtMs: createdAtMs + 1_000 * (isBeyondStatus ? 3 : seconds),
  };
  return toEvent({ task, from, to }, { ...context, usualMs: usualSeconds && usualSeconds * 1_000 });
}
