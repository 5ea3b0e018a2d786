import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { RunSummary } from "../../lib/run/summary.ts";
import type { Simulator } from "../../lib/simulator/api.ts";
import type { Receiver } from "../../lib/simulator/receiver.ts";
import { folderWith } from "../config/sample.ts";
import { atOnce, instance, receiving, sourceAt, startApi } from "../harness/api.ts";
import { type DynamodbEngine, environment, startCheckpoints } from "../harness/dynamodb.ts";
import type { FunctionGraphOutcome, RuntimeInvocation } from "./runtime.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const runtime = fileURLToPath(new URL("runtime.ts", import.meta.url));

/** Builds the artifact as `npm run package:functiongraph` does, into a folder of its own. */
export function buildArtifact(folder: string): string {
  return execFileSync(
    process.execPath,
    [join(root, "build/main.ts"), "functiongraph", folder, "--no-config"],
    {
      encoding: "utf8",
    },
  );
}

/** Two sets of an agency's temporary key; the API knows both. */
export const agencyKeys = [
  { ak: "AGENCYKEY1", sk: "agency-secret-1", securityToken: "agency-token-1" },
  { ak: "AGENCYKEY2", sk: "agency-secret-2", securityToken: "agency-token-2" },
] as const;
export const noAgency = { ak: "", sk: "", securityToken: "" };

export interface FunctionGraphContainer {
  invoke(invocation?: Partial<RuntimeInvocation>): Promise<FunctionGraphOutcome>;
}

export interface FunctionHarness {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly engine: DynamodbEngine;
  /** `userData` are the variables that the function's owner has set, beside what the store needs. */
  start(userData?: Readonly<Record<string, string>>): Promise<FunctionGraphContainer>;
  task(name: string): string;
}

/** The artifact between a simulated API that knows the agency's keys, a local DynamoDB or another store, and a webhook. */
export async function functionHarness(
  artifact: string,
  checkpoint?: Readonly<Record<string, unknown>>,
): Promise<FunctionHarness> {
  const [simulator, receiver, engine] = await Promise.all([
    startApi({ keys: agencyKeys }),
    receiving(),
    startCheckpoints(),
  ]);
  const config = {
    // An invocation that follows an open task lasts a minute.
    polling: { follow: "off" },
    sources: [sourceAt(simulator, { projectId: `\${PROJECT}`, instances: [instance.id] })],
    checkpoint: checkpoint ?? { type: "dynamodb", table: "checkpoints", endpoint: engine.origin },
    delivery: { timeBudget: "2s" },
    sinks: { ops: { type: "webhook", url: receiver.url, allowPrivateNetwork: true } },
  };
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(config) });
  const configFile = join(folder, "bridge.config.json");
  return {
    simulator,
    receiver,
    engine,
    start: (userData = {}) =>
      startContainer(artifact, {
        ...environment,
        BRIDGE_CONFIG: configFile,
        PROJECT: instance.projectId,
        ...userData,
      }),
    task: (name) => simulator.world.start({ instance: instance.id, name, steps: atOnce("SUCCESS") }),
  };
}

async function startContainer(
  artifact: string,
  userData: Readonly<Record<string, string>>,
): Promise<FunctionGraphContainer> {
  const child = fork(runtime, [artifact], {
    env: { RUNTIME_USERDATA: JSON.stringify(userData), RUNTIME_CODE_ROOT: artifact },
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  });
  return {
    invoke: async (invocation = {}) => {
      const answered = once(child, "message");
      child.send({ timeoutMs: 30_000, agency: agencyKeys[0], ...invocation });
      const [outcome] = await answered;
      return outcome as FunctionGraphOutcome;
    },
  };
}

/** The summary that a run returned. @throws Error with what the function said instead */
export function summaryOf(outcome: FunctionGraphOutcome): RunSummary {
  if (outcome.kind === "result") return outcome.value as RunSummary;
  throw new Error(`${outcome.errorType}: ${outcome.errorMessage}`);
}
