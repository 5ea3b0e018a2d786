import type { Benchmark } from "../benchmark.ts";
import { measured } from "../child.ts";
import type { BenchmarkSetup } from "./setup.ts";

const known = 1_000;

/** Commits to SQLite with the journal, compared with the same ones without it. */
export function journalBenchmark({ bundles, isQuick }: BenchmarkSetup): Benchmark {
  const count = isQuick ? 5 : 300;
  const subject = (mode: string) =>
    measured([bundles.subject("journal"), mode, String(count), String(known)], {});
  return {
    title: "Commit with its journal",
    about:
      "A change, and then its delivery, is committed to SQLite beside 1,000 known tasks, with the journal's entries in the same transaction. Floor: the same commits without a journal.",
    rounds: isQuick ? 1 : 11,
    figures: [{ name: "journal-commit-cpu", reading: "cpuMs", unit: "ms of CPU", aim: { most: 1.1 } }],
    subjects: { floor: () => subject("floor"), ours: () => subject("ours") },
  };
}
