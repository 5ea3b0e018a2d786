import fc from "fast-check";
import { toEvent } from "../../lib/change/event.ts";
import type { Checkpoint, OutboxEntry } from "../../lib/checkpoint/checkpoint.ts";
import { batchId } from "../../lib/checkpoint/parked.ts";
import { runId, type SinkName, sinkName, streamKey, taskId } from "../../lib/core/names.ts";
import { failureReasons } from "../../lib/core/result.ts";
import { createdMs, sampleTask } from "../change/sample.ts";

export const stream = {
  engine: "rabbitmq",
  region: "cn-north-4",
  projectId: "p1",
  instanceId: "i1",
} as const;
export const key = streamKey(stream);
export const ops = sinkName("ops");
export const chat = sinkName("chat");

export const sampleEvent = (task = "t1", to = "EXECUTING", updatedAtMs = createdMs) =>
  toEvent(
    { task: sampleTask({ id: taskId(task), status: to, updatedAtMs }), from: null, to },
    { stream, source: "https://dms.example/v2/p1/instances/i1", instanceName: null, observedAtMs: createdMs },
  );

export const entry = (sequence: number, task: string, sinks: readonly SinkName[] = [ops]): OutboxEntry => ({
  sequence,
  event: sampleEvent(task, "EXECUTING", createdMs + sequence),
  committedAtMs: createdMs,
  pending: new Map(sinks.map((sink) => [sink, { attempts: 0, nextAttemptMs: 0 }])),
});

const instantMs = fc.integer({ min: 0, max: 4e12 });
const name = fc.constantFrom(ops, chat, sinkName("__proto__"), sinkName("队列"));

export const anyCheckpoint: fc.Arbitrary<Checkpoint> = fc.record({
  watermarkMs: instantMs,
  newestCreatedMs: fc.option(instantMs),
  baselineMs: fc.option(instantMs),
  goneMs: fc.option(instantMs),
  instanceName: fc.option(fc.string()),
  outage: fc.option(
    fc.record({
      sinceMs: instantMs,
      code: fc.string(),
      message: fc.string(),
      httpStatus: fc.option(fc.integer({ min: 100, max: 599 })),
      emittedMs: fc.option(instantMs),
    }),
  ),
  known: fc
    .array(
      fc.tuple(
        fc.oneof(fc.string(), fc.constant("__proto__")).map(taskId),
        fc.record({
          status: fc.string(),
          createdAtMs: instantMs,
          updatedAtMs: fc.option(instantMs),
          name: fc.string(),
          overdueEmitted: fc.boolean(),
          doubt: fc.option(fc.record({ status: fc.string(), sinceMs: instantMs })),
          past: fc.array(fc.record({ status: fc.string(), updatedAtMs: fc.option(instantMs) })),
          gone: fc.option(fc.record({ sinceMs: instantMs, nextLookMs: fc.option(instantMs) })),
        }),
      ),
    )
    .map((rows) => new Map(rows)),
  durations: fc
    .array(fc.tuple(fc.oneof(fc.string(), fc.constant("__proto__")), fc.array(instantMs)))
    .map((rows) => new Map(rows)),
  outbox: fc
    .uniqueArray(fc.integer({ min: 1, max: 999 }))
    .map((sequences) =>
      sequences.sort((a, b) => a - b).map((sequence) => entry(sequence, `t${sequence % 5}`, [ops, chat])),
    ),
  parked: fc
    .array(
      fc.tuple(
        name,
        fc.array(
          fc.record({
            id: fc.string().map(batchId),
            returned: fc.nat(),
            count: fc.nat(),
            bytes: fc.nat(),
            oldestMs: instantMs,
          }),
        ),
      ),
    )
    .map((rows) => new Map(rows)),
  nextSequence: fc.integer({ min: 1_000, max: 2_000 }),
  lease: fc.option(fc.record({ run: fc.uuid().map(runId), untilMs: instantMs })),
  breakers: fc
    .array(
      fc.tuple(
        name,
        fc.record({
          kind: fc.constantFrom("retrying" as const, "failing" as const, "blocked" as const),
          reason: fc.constantFrom(...failureReasons),
          sinceMs: instantMs,
          notBeforeMs: instantMs,
          message: fc.string(),
          httpStatus: fc.option(fc.integer({ min: 100, max: 599 })),
        }),
      ),
    )
    .map((rows) => new Map(rows)),
  messages: fc
    .array(
      fc.tuple(
        fc.oneof(fc.string(), fc.constant("__proto__")).map(taskId),
        fc.array(fc.tuple(name, fc.string())).map((rows) => new Map(rows)),
      ),
    )
    .map((rows) => new Map(rows)),
});
