// Commits of one change and of its delivery to SQLite, with their journal entries or without.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { toEvent } from "../../lib/change/event.ts";
import type { KnownTask } from "../../lib/change/known.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { sinkName, streamKey, taskId } from "../../lib/core/names.ts";
import { deliveryEntry, type JournalEntry } from "../../lib/journal/entry.ts";
import { fileStores } from "../../lib/stores/sqlite/index.ts";
import { instanceId, projectId } from "./bridge.ts";
import { reading, tell } from "./reading.ts";

const [mode, count = "0", known = "0"] = process.argv.slice(2);
const stream = { engine: "kafka", region: "cn-north-4", projectId, instanceId: instanceId(0) } as const;
const key = streamKey(stream);
const sink = sinkName("ops");
const createdMs = Date.UTC(2026, 9, 1);
const idOf = (index: number) => taskId(`${index.toString(16).padStart(8, "0")}-0b9e-4c1d-9d6a-5e1f7a2b3c4d`);
const knownTask: KnownTask = {
  status: "SUCCESS",
  createdAtMs: createdMs,
  updatedAtMs: createdMs + 5_000,
  name: "",
  overdueEmitted: false,
  doubt: null,
  past: [],
  gone: null,
};
const idle: Checkpoint = {
  ...begin("all", 0, 0),
  known: new Map(Array.from({ length: Number(known) }, (_, index) => [idOf(index), knownTask])),
};

const eventOf = (index: number) => {
  const id = idOf(index);
  const user = { id: "0123456789abcdef0123456789abcdef", name: "li.wei" };
  const task = {
    id,
    name: "bindInstancePublicIp",
    status: "SUCCESS",
    params: "{}",
    user,
    createdAtMs: createdMs,
    updatedAtMs: createdMs + 5_000,
  };
  return toEvent(
    { task, from: "EXECUTING", to: "SUCCESS" },
    { stream, source: "https://localhost/", instanceName: "orders", observedAtMs: createdMs },
  );
};

const folder = mkdtempSync(path.join(tmpdir(), "bench-journal-"));
const stores = fileStores(folder, systemClock, { keepMs: 1e12, maxEvents: 100_000, failed: () => {} });
let version: Version | null = null;
async function commit(next: Checkpoint, entries: readonly JournalEntry[]): Promise<void> {
  const result = await stores.checkpoints.commit(key, next, version, mode === "ours" ? entries : []);
  if (result.kind !== "committed") throw new Error("the commit lost a race");
  version = result.version;
}

/** The commit of a change, and the commit of its delivery. */
async function once(index: number): Promise<void> {
  const event = eventOf(index);
  const atMs = createdMs;
  const pending = new Map([[sink, { attempts: 0, nextAttemptMs: 0 }]]);
  const outbox = [{ sequence: index, event, committedAtMs: atMs, pending }];
  await commit({ ...idle, outbox }, [{ kind: "event", atMs, stream: key, event, sinks: [sink] }]);
  const taken = deliveryEntry({
    atMs,
    stream: key,
    event,
    sink,
    attempt: 1,
    outcome: "accepted",
    failure: null,
  });
  await commit(idle, [taken]);
}

for (let index = 0; index < 20; index++) await once(index);
const readings = await reading(async () => {
  for (let index = 0; index < Number(count); index++) await once(index + 20);
  return {};
});
await stores.checkpoints.close();
rmSync(folder, { recursive: true });
tell({ ...readings, cpuMs: (readings["cpuMs"] ?? 0) / Number(count) / 2 });
