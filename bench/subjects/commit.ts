// One task with very many changes: compare them, plan the commit, encode the record. The floor only writes the same facts.
import process from "node:process";
import { gzipSync } from "node:zlib";
import type { KnownTask } from "../../lib/change/known.ts";
import type { Task } from "../../lib/change/task.ts";
import { encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import { batchId } from "../../lib/checkpoint/parked.ts";
import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { type Stream, streamKey, type TaskId, taskId } from "../../lib/core/names.ts";
import { planCommit } from "../../lib/run/commit-plan.ts";
import { differencesOf } from "../../lib/run/snapshot.ts";
import { instanceId, projectId } from "./bridge.ts";
import { reading, tell } from "./reading.ts";

const [mode, count = "0", times = "1"] = process.argv.slice(2);
const stream: Stream = { engine: "kafka", region: "cn-north-4", projectId, instanceId: instanceId(0) };
const createdMs = Date.UTC(2026, 9, 1);
const tasks: readonly Task[] = Array.from({ length: Number(count) }, (_, index) => ({
  id: taskId(`${index.toString(16).padStart(8, "0")}-0b9e-4c1d-9d6a-5e1f7a2b3c4d`),
  name: "bindInstancePublicIp",
  status: "SUCCESS",
  params: "{}",
  user: { id: "0123456789abcdef0123456789abcdef", name: "li.wei" },
  createdAtMs: createdMs + index * 1_000,
  updatedAtMs: createdMs + index * 1_000 + 5_000,
}));
const knownAs = (task: Task, status: string): KnownTask => ({
  status,
  createdAtMs: task.createdAtMs,
  updatedAtMs: task.createdAtMs + 1,
  name: status === "SUCCESS" ? "" : task.name,
  overdueEmitted: false,
  doubt: null,
  past: [],
  gone: null,
});
const known = new Map(
  tasks.map((task, index): [TaskId, KnownTask] => [
    task.id,
    index === 0 ? knownAs(task, "EXECUTING") : { ...knownAs(task, "SUCCESS"), updatedAtMs: task.updatedAtMs },
  ]),
);
const [changed] = tasks;
if (!changed) throw new Error("no task can change");
const checkpoint = { ...begin("all", 0, 0), watermarkMs: createdMs, newestCreatedMs: createdMs, known };
const nowMs = createdMs + tasks.length * 1_000 + 60_000;
const rules = { nowMs, overdueAfterMs: () => null, baselineMs: null, maxOpenAgeMs: 1e12 };

function ours(): string {
  const snapshot = {
    beginMs: createdMs,
    count: tasks.length,
    unreadable: 0,
    tasks: new Map(tasks.map((task) => [task.id, task])),
    gone: new Set<TaskId>(),
    unreadMs: [],
    clockSkewMs: 0,
    apiNowMs: nowMs,
  };
  const differences = differencesOf(snapshot, checkpoint, rules);
  const { next } = planCommit(
    checkpoint,
    differences,
    [],
    {
      stream: streamKey(stream),
      lookbackMs: 1e12,
      maxOpenAgeMs: 1e12,
      maxBacklog: 1_000,
      maxBytes: smallRoomBytes,
      policies: new Map(),
      filters: new Map(),
      unreadableAfterMs: null,
      context: { stream, source: "https://localhost/", instanceName: null },
    },
    {
      agingMs: nowMs,
      nowMs,
      apiNowMs: nowMs,
      leaseFor: () => null,
      outageBefore: null,
      isFull: false,
      isOthers: false,
      mayWait: false,
      atHand: new Map(),
      newBatchId: () => batchId("run/1"),
    },
  );
  return encodeCheckpoint(streamKey(stream), next);
}

const bare = (): string =>
  JSON.stringify(
    tasks.map(({ id, status, createdAtMs, updatedAtMs }) => [id, status, createdAtMs, updatedAtMs]),
  );

let bytes = 0;
const once = (): void => {
  bytes = gzipSync(mode === "floor" ? bare() : ours()).length;
};
once();
const readings = await reading(async () => {
  for (let time = 0; time < Number(times); time++) once();
  return {};
});
tell({
  ...readings,
  cpuMs: (readings["cpuMs"] ?? 0) / Number(times),
  bytes,
  writeUnits: Math.ceil(bytes / 1_024),
});
