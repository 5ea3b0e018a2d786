import { startSimulator } from "../../lib/simulator/api.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import type { Benchmark } from "../benchmark.ts";
import { measured } from "../child.ts";
import { instanceId, projectId } from "../subjects/bridge.ts";
import type { BenchmarkSetup } from "./setup.ts";

/** One run over a thousand streams. */
export async function fleetBenchmark({ bundles, isQuick, onEnd }: BenchmarkSetup): Promise<Benchmark> {
  const count = isQuick ? 20 : 1_000;
  const simulator = await startSimulator({ random: seededRandom(1), auth: "none" });
  onEnd(() => simulator.close());
  for (let number = 0; number < count; number++) {
    const id = instanceId(number);
    simulator.world.addInstance({ id, engine: "kafka", name: `kafka-${number}`, projectId });
  }
  const subject = (mode: string) =>
    measured([bundles.subject("fleet"), mode, simulator.url, String(count)], {});
  return {
    title: `A fleet of ${count.toLocaleString("en")} streams`,
    about:
      "One warm run over all of them against the simulator, nothing new. Floor: as many bare GETs, with as many at once.",
    rounds: isQuick ? 1 : 5,
    figures: [
      { name: "fleet-wall", reading: "wallMs", unit: "ms" },
      { name: "fleet-cpu", reading: "cpuMs", unit: "ms of CPU" },
      { name: "fleet-connections", reading: "connections", unit: "connections" },
    ],
    subjects: { floor: () => subject("floor"), ours: () => subject("ours") },
  };
}
