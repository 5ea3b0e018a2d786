import { type CloudEvent, toEvent } from "../../lib/change/event.ts";
import type { OutboxEntry } from "../../lib/checkpoint/checkpoint.ts";
import { type SinkName, type Stream, taskId } from "../../lib/core/names.ts";

const createdMs = Date.UTC(2026, 9, 1);

/** The event of the n-th task of a stream: about 1 KB of JSON. */
export const eventOf = (stream: Stream, number: number): CloudEvent =>
  toEvent(
    {
      task: {
        id: taskId(`${number.toString(16).padStart(8, "0")}-0b9e-4c1d-9d6a-5e1f7a2b3c4d`),
        name: "bindInstancePublicIp",
        status: "SUCCESS",
        params: JSON.stringify({ public_ip_address: "203.0.113.25", enable_public_ip: true }),
        user: { id: "0123456789abcdef0123456789abcdef", name: "li.wei" },
        createdAtMs: createdMs + number,
        updatedAtMs: createdMs + number + 5_000,
      },
      from: "EXECUTING",
      to: "SUCCESS",
    },
    {
      stream,
      source: `https://dms.cn-north-4.myhuaweicloud.com/v2/${stream.projectId}/instances/${stream.instanceId}`,
      instanceName: "orders",
      observedAtMs: createdMs + number + 6_000,
    },
  );

/** `count` events of one stream, each pending for the sink. */
export const outboxOf = (stream: Stream, sink: SinkName, count: number): readonly OutboxEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    sequence: index + 1,
    event: eventOf(stream, index + 1),
    committedAtMs: Date.now(),
    pending: new Map([[sink, { attempts: 0, nextAttemptMs: 0 }]]),
  }));
