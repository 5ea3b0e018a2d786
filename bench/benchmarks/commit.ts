import type { Benchmark } from "../benchmark.ts";
import { measured } from "../child.ts";
import type { BenchmarkSetup } from "./setup.ts";

/** One change among many known tasks: compare, plan, encode, compress. */
export function commitBenchmark({ bundles, isQuick }: BenchmarkSetup, count: number): Benchmark {
  const times = isQuick ? 1 : Math.max(3, Math.round(100_000 / Math.max(count, 50)));
  const subject = (mode: string) =>
    measured([bundles.subject("commit"), mode, String(count), String(times)], {});
  return {
    title: `Diff and commit, ${count.toLocaleString("en")} known`,
    about:
      "One task changes: every known one is compared, the commit planned, the record encoded and compressed. Floor: JSON and gzip of id, status and instants alone.",
    rounds: isQuick ? 1 : 7,
    figures: [
      { name: `commit-${count}-cpu`, reading: "cpuMs", unit: "ms of CPU" },
      { name: `commit-${count}-bytes`, reading: "bytes", unit: "bytes" },
      { name: `commit-${count}-write-units`, reading: "writeUnits", unit: "write units" },
    ],
    subjects: { floor: () => subject("floor"), ours: () => subject("ours") },
  };
}
