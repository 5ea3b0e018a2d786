import type { Benchmark } from "../benchmark.ts";
import { measured } from "../child.ts";
import { serveTasks } from "../servers/tasks.ts";
import { type BenchmarkSetup, peerEnvironment } from "./setup.ts";

/** Reading a very long listing, page by page. */
export async function listingBenchmark({ bundles, isQuick, onEnd }: BenchmarkSetup): Promise<Benchmark> {
  const count = isQuick ? 1_000 : 100_000;
  const tasks = await serveTasks(count);
  onEnd(() => tasks.close());
  const subject = (mode: string) =>
    measured([bundles.subject("listing"), mode, tasks.origin, String(count)], {});
  return {
    title: `Listing ${count.toLocaleString("en")} tasks`,
    about:
      "All pages of one instance, validated, joined and compared with what is known. Floor: bare undici, JSON.parse and the comparison. Peer: the official client, without the comparison.",
    rounds: isQuick ? 1 : 7,
    figures: [
      {
        name: "listing-cpu",
        reading: "cpuMs",
        unit: "ms of CPU",
        aim: { most: 1.2 },
      },
      { name: "listing-memory", reading: "peakMiB", unit: "MiB" },
    ],
    subjects: {
      floor: () => subject("floor"),
      ours: () => subject("ours"),
      peer: () => measured([bundles.peer("listing")], peerEnvironment(tasks.origin, tasks.origin)),
    },
  };
}
