// A simulated day of tasks: how long after `updated_at` each event arrives, and what it costs in calls of the API.
import process from "node:process";
import { loadConfigValue } from "../../lib/config/load.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { openBridge } from "../../lib/wire/bridge.ts";
import { Network } from "../latency/network.ts";
import { instances, type SimulatedTask, tasksOf } from "../latency/tasks.ts";
import { VirtualTime } from "../latency/virtual-time.ts";
import { quantile } from "../statistics.ts";
import { instanceId, projectId } from "./bridge.ts";
import { tell } from "./reading.ts";

const [mode = "timer"] = process.argv.slice(2);
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const startMs = Date.UTC(2026, 0, 2);
/** A function's time limit of 65 s, less what it keeps for its last requests; and how much of the minute it follows. */
const budgetMs = 59_000;
const followForMs = 57_000;
const callMs = 150;
const deliveryMs = 50;
/** How long after a task's start the notice of it arrives, at most and at least. */
const noticeMs = [1_000, 3_000] as const;

const createdMs = ({ stages }: SimulatedTask): number => stages[0]?.atMs ?? 0;
const random = seededRandom(22);
const time = new VirtualTime(startMs - 5 * minuteMs);
const tasks = tasksOf(startMs, random);
const newestFirst = tasks.toSorted((a, b) => createdMs(b) - createdMs(a));
const byInstance = Map.groupBy(newestFirst, ({ instance }) => instance);
const digits = new Map(
  tasks.map((task) => [task.id, new Date(createdMs(task)).toISOString().replace(/\D/g, "").slice(0, 14)]),
);
const createdAt = ({ id }: SimulatedTask): string => digits.get(id) ?? "";
const latencies: { readonly status: string; readonly ms: number }[] = [];
let calls = 0;

const network = new Network(time, (url, body) => {
  if (url.hostname === "hook.example.com") {
    const { data, time: updatedAt } = JSON.parse(body);
    if (time.now() > startMs)
      latencies.push({ status: data.change.to, ms: time.now() + deliveryMs - Date.parse(updatedAt) });
    return { latencyMs: deliveryMs, json: {} };
  }
  if (time.now() >= startMs) calls += 1;
  return { latencyMs: callMs, json: listing(url) };
});

function listing(url: URL): unknown {
  const begin = url.searchParams.get("begin_time") ?? "";
  const start = Number(url.searchParams.get("start"));
  const all = byInstance.get(url.pathname.split("/").at(-2) ?? "") ?? [];
  const shown = all.filter((task) => createdMs(task) <= time.now() && createdAt(task) >= begin);
  return { task_count: String(shown.length), tasks: shown.slice(start - 1, start + 99).map(record) };
}

function record(task: SimulatedTask): unknown {
  const stage = task.stages.findLast(({ atMs }) => atMs <= time.now());
  return {
    id: task.id,
    name: task.name,
    status: stage?.status,
    params: "{}",
    user_name: "li.wei",
    user_id: "u1",
    created_at: new Date(createdMs(task)).toISOString(),
    updated_at: new Date(stage?.atMs ?? 0).toISOString(),
  };
}

const config = {
  sources: [
    {
      engine: "kafka",
      region: "cn-north-4",
      endpoint: "https://dms.example.com",
      projectId,
      instances: Array.from({ length: instances }, (_, index) => instanceId(index)),
      credentials: { ak: "a", sk: "b" },
      startFrom: "all",
    },
  ],
  checkpoint: { type: "memory" },
  polling: { follow: mode === "timer" ? "off" : "5s" },
  sinks: { hook: { type: "webhook", url: "https://hook.example.com/" } },
};
const loaded = await loadConfigValue(config, { environment: {}, folder: "." });
const bridge = await openBridge(loaded, { clock: time, random, log: () => {}, dispatcher: network });

/** Runs as a function is run: for so long at most. */
async function invoke(run: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const ended = new AbortController();
  void time.sleep(budgetMs, ended.signal).then(() => limit.abort());
  await run(limit.signal);
  ended.abort();
}

async function timer(): Promise<void> {
  for (let atMs = time.now(); atMs < startMs + dayMs; atMs += minuteMs) {
    await time.sleep(atMs - time.now());
    await invoke((signal) => bridge.run(signal, {}, { followForMs }));
  }
}

/** Notices of starts, as from CTS, which name the instance somewhere. */
const notices = tasks
  .filter((task) => createdMs(task) >= startMs)
  .map(async (task) => {
    if (mode !== "wake") return;
    const [least, most] = noticeMs;
    await time.sleep(createdMs(task) + least + (most - least) * random() - time.now());
    const event = { trace: { service_type: "DMS", resource_id: task.instance } };
    await invoke((signal) => bridge.wake(event, signal, {}, { followForMs }));
  });

await time.until(Promise.all([timer(), ...notices]));

const sorted = (of: readonly { readonly ms: number }[]): readonly number[] =>
  of.map(({ ms }) => ms / 1_000).sort((a, b) => a - b);
const all = sorted(latencies);
const ends = sorted(latencies.filter(({ status }) => status === "SUCCESS" || status === "FAILED"));
tell({
  p50: quantile(all, 0.5),
  p95: quantile(all, 0.95),
  p99: quantile(all, 0.99),
  endsP50: quantile(ends, 0.5),
  endsP95: quantile(ends, 0.95),
  endsP99: quantile(ends, 0.99),
  events: all.length,
  calls,
});
