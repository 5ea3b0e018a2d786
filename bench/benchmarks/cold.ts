import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "../benchmark.ts";
import { coldStart } from "../child.ts";
import { serveTable } from "../servers/table.ts";
import { serveTasks } from "../servers/tasks.ts";
import { awsKeys, type BenchmarkSetup, instance, peerEnvironment } from "./setup.ts";

const unbundledPeer = fileURLToPath(new URL("../peer/handler.mjs", import.meta.url));

/** From starting the process to the end of the first poll. */
export async function coldBenchmark(setup: BenchmarkSetup): Promise<Benchmark> {
  const { floor, ours, peer, rounds } = await coldStarts(setup);
  return {
    title: "Cold start",
    about:
      "A new process loads the handler and does its first poll: a record in DynamoDB, a page of ten tasks, nothing new. Floor: an empty handler. Peer: a handler on the official Huawei and AWS clients, bundled and minified.",
    rounds,
    figures: [
      { name: "cold-start", reading: "wallMs", unit: "ms", aim: { most: 2.6 }, peerAim: { most: 0.35 } },
    ],
    subjects: { floor, ours, peer: () => peer(setup.bundles.peer("handler")) },
  };
}

/** A cold start against the peer with its packages unbundled, as most users deploy it. */
export async function unbundledBenchmark(setup: BenchmarkSetup): Promise<Benchmark> {
  const { ours, peer, rounds } = await coldStarts(setup);
  return {
    title: "Cold start, the peer not bundled",
    about: "The same. Peer: the same handler with its packages in node_modules, as npm lays them.",
    rounds,
    figures: [{ name: "cold-start-unbundled", reading: "wallMs", unit: "ms", peerAim: { most: 0.35 } }],
    subjects: { ours, peer: () => peer(unbundledPeer) },
  };
}

async function coldStarts({ bundles, folder, isQuick, onEnd }: BenchmarkSetup) {
  const [tasks, table] = await Promise.all([serveTasks(10), serveTable()]);
  onEnd(() => Promise.all([tasks.close(), table.close()]));
  const configFile = join(folder, "bridge.config.json");
  const source = { engine: "kafka", region: "cn-north-4", endpoint: tasks.origin, projectId: "p1" };
  const config = {
    sources: [{ ...source, instances: [instance], credentials: { ak: "a", sk: "b" } }],
    checkpoint: { type: "dynamodb", table: "checkpoints", endpoint: table.origin },
    sinks: { hook: { type: "webhook", url: "http://127.0.0.1:9/", allowPrivateNetwork: true } },
  };
  await writeFile(configFile, JSON.stringify(config));
  const start = (handler: string, environment: Readonly<Record<string, string>>) =>
    coldStart([bundles.subject("cold"), handler], { ...awsKeys, ...environment });
  return {
    floor: () => start(bundles.subject("empty"), {}),
    ours: () => start(bundles.poll, { BRIDGE_CONFIG: configFile }),
    peer: (handler: string) => start(handler, peerEnvironment(tasks.origin, table.origin)),
    rounds: isQuick ? 1 : 31,
  };
}
