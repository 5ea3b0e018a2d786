import type { Benchmark } from "../benchmark.ts";
import { measured, measuredProgram } from "../child.ts";
import { buildBenthos } from "../peer/benthos.ts";
import { serveHook } from "../servers/hook.ts";
import { serveTasks, type TaskTimes } from "../servers/tasks.ts";
import type { BenchmarkSetup } from "./setup.ts";

const atOnce = 64;
const minutes: TaskTimes = { startMs: Date.UTC(2026, 0, 1), stepMs: 60_000 };
const withinLookback: TaskTimes = { startMs: Date.UTC(2026, 0, 1), stepMs: 10 };

/** The first read of an instance with very many ended tasks, each of them an event. */
export async function firstReadBenchmark(setup: BenchmarkSetup, tasks: number): Promise<Benchmark> {
  const { count, ours, hook, rounds } = await firstReads(setup, tasks, minutes);
  const name = `first-read-${tasks}`;
  const benthos = await buildBenthos(setup.note);
  const api = await serveTasks(count, minutes);
  setup.onEnd(() => api.close());
  const places = { TASKS: `${api.origin}/v2/p1/instances/i1/tasks`, HOOK: `${hook.origin}/hook` };
  return {
    title: `A first read of ${count.toLocaleString("en")} tasks`,
    about: `One instance with \`startFrom: all\`, its tasks a minute apart: a new process lists them, commits them to SQLite, synced, and delivers an event of each to a webhook, ${atOnce} at once. Floor: a quarter of the tasks, so ×4 is linear growth. Peer: Benthos 4.60, which pages through the same listing, drops repeats in memory, sends a CloudEvent of each task to the same webhook, and keeps nothing.`,
    rounds,
    isWithoutWarmUp: true,
    figures: [
      { name, reading: "lifeS", unit: "s", aim: { most: 4.4 }, peerAim: { most: 0.7 } },
      { name: `${name}-memory`, reading: "peakMiB", unit: "MiB", limit: { most: 250 } },
    ],
    subjects: {
      floor: await ours(count / 4),
      ours: await ours(count),
      ...(benthos && { peer: () => measuredProgram(benthos, [], places) }),
    },
  };
}

/** A first read of tasks that were all created within the lookback: each commit writes all of them again. */
export async function burstReadBenchmark(setup: BenchmarkSetup): Promise<Benchmark> {
  const { count, ours, rounds } = await firstReads(setup, 80_000, withinLookback);
  return {
    title: `A first read of ${count.toLocaleString("en")} tasks of one moment`,
    about:
      "The same with tasks 10 ms apart, all within the lookback. A record keeps every task of that time, and each commit writes it whole, so commits are the larger, the more it knows. Floor: a quarter of the tasks.",
    rounds,
    isWithoutWarmUp: true,
    figures: [{ name: "first-read-80000-burst", reading: "lifeS", unit: "s" }],
    subjects: { floor: await ours(count / 4), ours: await ours(count) },
  };
}

async function firstReads({ bundles, isQuick, onEnd }: BenchmarkSetup, tasks: number, times: TaskTimes) {
  const count = isQuick ? tasks / 50 : tasks;
  const hook = await serveHook(0);
  onEnd(() => hook.close());
  return {
    hook,
    count,
    rounds: isQuick || tasks > 20_000 ? 1 : 3,
    ours: async (number: number) => {
      const api = await serveTasks(number, times);
      onEnd(() => api.close());
      const args = [api.origin, `${hook.origin}/hook`, number, atOnce].map(String);
      return () => measured([bundles.subject("first-read"), ...args], {});
    },
  };
}
