import type { Benchmark } from "../benchmark.ts";
import { measured } from "../child.ts";
import { serveHook } from "../servers/hook.ts";
import { serveTasks } from "../servers/tasks.ts";
import type { BenchmarkSetup } from "./setup.ts";

const atOnce = 64;
/** So that retained memory counts and not garbage. */
const smallHeap = "--max-old-space-size=256";

/** Events to a webhook with a fixed latency: all of them, and the first, which includes compilation in a new process. */
export async function deliveryBenchmark(
  { bundles, isQuick, onEnd }: BenchmarkSetup,
  latencyMs: number,
  events: number,
): Promise<Benchmark> {
  const hook = await serveHook(latencyMs);
  onEnd(() => hook.close());
  const count = isQuick ? 200 : events;
  const first = count / 5;
  const numbers = [count, first, atOnce].map(String);
  const subject = (mode: string) =>
    measured([bundles.subject("delivery"), mode, `${hook.origin}/hook`, ...numbers], {});
  return {
    title: `Delivery at ${latencyMs} ms`,
    about: `${count.toLocaleString("en")} events of 1 KB to a webhook that answers after ${latencyMs} ms, ${atOnce} requests at once. Floor: a bare undici loop with as many. The first ${first.toLocaleString("en")} are told apart: a new process compiles while it sends them.`,
    rounds: isQuick ? 1 : 7,
    figures: [
      {
        name: `delivery-${latencyMs}ms`,
        reading: "eventsPerSecond",
        unit: "events/s",
        aim: { least: 0.9 },
      },
      { name: `delivery-${latencyMs}ms-first`, reading: "firstPerSecond", unit: "events/s" },
    ],
    subjects: { floor: () => subject("floor"), ours: () => subject("ours") },
  };
}

/** A backlog drained from the embedded store; the floor is a tenth of it, so the ratio shows growth. */
export async function backlogBenchmark({ bundles, isQuick, onEnd }: BenchmarkSetup): Promise<Benchmark> {
  const [hook, tasks] = await Promise.all([serveHook(0), serveTasks(0)]);
  onEnd(() => Promise.all([hook.close(), tasks.close()]));
  const streams = isQuick ? 10 : 250;
  // As many as a record's outbox has room for.
  const each = isQuick ? 20 : 400;
  const drain = (instances: number) =>
    measured(
      [
        smallHeap,
        bundles.subject("backlog"),
        tasks.origin,
        `${hook.origin}/hook`,
        String(instances),
        String(each),
      ],
      {},
    );
  return {
    title: `A backlog of ${(streams * each).toLocaleString("en")}`,
    about: `${streams} streams with ${each.toLocaleString("en")} events each, drained from the embedded store in as many runs as it takes. Floor: a tenth of the streams.`,
    rounds: isQuick ? 1 : 2,
    figures: [
      { name: "backlog-memory", reading: "peakMiB", unit: "MiB" },
      { name: "backlog-rate", reading: "eventsPerSecond", unit: "events/s" },
    ],
    subjects: { floor: () => drain(streams / 10), ours: () => drain(streams) },
  };
}
