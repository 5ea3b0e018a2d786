import * as v from "valibot";
import type { CloudEvent } from "../../lib/change/event.ts";
import type { Clock } from "../../lib/core/clock.ts";
import { eventId, sinkName } from "../../lib/core/names.ts";
import type { Sink, SinkDeps, SinkModule } from "../../lib/sinks/sink.ts";
import * as webhookModule from "../../lib/sinks/webhook.ts";
import { silentLog } from "../../lib/telemetry/log.ts";

/** An event of the nth task. */
export function sampleEvent(number = 1, task: Partial<CloudEvent["data"]["task"]> = {}): CloudEvent {
  const id = `t-${String(number).padStart(4, "0")}`;
  return {
    specversion: "1.0",
    id: eventId(`i-0001/${id}/SUCCESS/1767225600000`),
    source: "https://dms.eu-west-101.myhuaweicloud.com/v2/p-0001/instances/i-0001",
    type: "com.huaweicloud.dms.task.succeeded",
    subject: id,
    time: "2026-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    dataschema: "https://example.com/event.json",
    partitionkey: id,
    data: {
      task: {
        id,
        name: "bindInstancePublicIp",
        status: "SUCCESS",
        params: { public_ip: "203.0.113.9" },
        user: { id: "u-1", name: "li.wei" },
        createdAt: "2025-12-31T23:59:55.000Z",
        updatedAt: "2026-01-01T00:00:00.000Z",
        ...task,
      },
      change: { from: "EXECUTING", to: "SUCCESS", durationMs: 5_000, observedAt: "2026-01-01T00:00:12.000Z" },
      instance: { engine: "rabbitmq", region: "eu-west-101", projectId: "p-0001", instanceId: "i-0001" },
    },
  };
}

export const sampleEvents = (count: number): readonly CloudEvent[] =>
  Array.from({ length: count }, (_, index) => sampleEvent(index + 1));

export const nowMs = Date.parse("2026-01-01T00:00:12.000Z");

/** Stands still. */
export const stillClock: Clock = { now: () => nowMs, sleep: async () => {} };

export const sampleDeps: SinkDeps = {
  clock: stillClock,
  random: () => 0.5,
  log: silentLog,
  folder: process.cwd(),
  environment: {},
};

export const running = (): { readonly signal: AbortSignal } => ({ signal: new AbortController().signal });

/** A sink from options as a user writes them. */
export const sinkOf = <Schema extends v.GenericSchema>(
  { schema, create }: SinkModule<Schema>,
  options: unknown,
  deps: SinkDeps = sampleDeps,
): Sink => create(sinkName("trial"), v.parse(schema, options), deps);

/** A webhook sink, private networks open. */
export const webhook = (
  options: Omit<v.InferInput<typeof webhookModule.schema>, "allowPrivateNetwork">,
): Sink => sinkOf(webhookModule, { allowPrivateNetwork: true, ...options });
