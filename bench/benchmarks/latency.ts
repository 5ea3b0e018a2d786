import type { Benchmark } from "../benchmark.ts";
import { measured } from "../child.ts";
import type { BenchmarkSetup } from "./setup.ts";

const seconds = "s";
const about =
  "A simulated day of 200 tasks on 20 instances, from 2 s to 40 min, eight of them shorter than a minute and four failing at any moment; each name's usual duration is known. From `updated_at` to arrival, on a simulated clock, so every round is the same.";

/** How soon events arrive with following: the floor is the timer of a minute alone. */
export const latencyBenchmark = (setup: BenchmarkSetup): Benchmark => ({
  title: "Latency with following",
  about: `${about} Floor: the timer of a minute alone, without following.`,
  rounds: 1,
  isWithoutWarmUp: true,
  figures: [
    { name: "latency-p50", reading: "p50", unit: seconds, limit: { most: 6 } },
    { name: "latency-p95", reading: "p95", unit: seconds },
    { name: "latency-p99", reading: "p99", unit: seconds },
    { name: "latency-ends-p50", reading: "endsP50", unit: seconds },
    { name: "latency-ends-p95", reading: "endsP95", unit: seconds, limit: { most: 6 } },
    { name: "latency-ends-p99", reading: "endsP99", unit: seconds },
    { name: "latency-calls", reading: "calls", unit: "calls a day", aim: { most: 1.5 } },
  ],
  subjects: { floor: subject(setup, "timer"), ours: subject(setup, "follow") },
});

/** How soon events arrive when each task's start wakes the bridge, too. */
export const wakeLatencyBenchmark = (setup: BenchmarkSetup): Benchmark => ({
  title: "Latency with following and wakes",
  about: `${about} A notice of each start arrives one to three seconds after it and wakes the bridge. Floor: the timer alone.`,
  rounds: 1,
  isWithoutWarmUp: true,
  figures: [
    { name: "latency-wake-p50", reading: "p50", unit: seconds },
    { name: "latency-wake-p95", reading: "p95", unit: seconds, limit: { most: 6 } },
    { name: "latency-wake-p99", reading: "p99", unit: seconds },
    { name: "latency-wake-calls", reading: "calls", unit: "calls a day", aim: { most: 1.5 } },
  ],
  subjects: { floor: subject(setup, "timer"), ours: subject(setup, "wake") },
});

const subject =
  ({ bundles }: BenchmarkSetup, mode: string): (() => ReturnType<typeof measured>) =>
  () =>
    measured([bundles.subject("latency"), mode], {});
