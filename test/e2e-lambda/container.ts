import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { RunSummary } from "../../lib/run/summary.ts";
import type { Simulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import type { Receiver, ReceiverOptions } from "../../lib/simulator/receiver.ts";
import { folderWith } from "../config/sample.ts";
import { instance, receiving, sourceAt, startApi, webhookTo } from "../harness/api.ts";
import { run } from "../harness/cli.ts";
import { type DynamodbEngine, environment, startCheckpoints } from "../harness/dynamodb.ts";
import { serve } from "../harness/http.ts";
import { type LambdaOutcome, type RuntimeApi, startRuntimeApi } from "./runtime-api.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const runtimeClient = (): string => createRequire(import.meta.url).resolve("aws-lambda-ric");

/** Builds the artifact as `npm run package` does, into a folder of its own. */
export function buildArtifact(folder: string): string {
  return execFileSync(process.execPath, [join(root, "build/main.ts"), "lambda", folder, "--no-config"], {
    encoding: "utf8",
  });
}

/** The platform's wrap of one process: started, invoked, frozen between events, killed. */
export interface LambdaContainer {
  readonly api: RuntimeApi;
  /** With the timer's event where none is given. */
  invoke(requestId: string, timeoutMs?: number, event?: unknown): Promise<LambdaOutcome>;
  /** Ends it at once, as the platform does at its deadline. */
  kill(): Promise<void>;
  /** What it has written to stdout, line by line. */
  lines(): readonly Record<string, unknown>[];
}

export interface LambdaHarness {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly engine: DynamodbEngine;
  start(env?: Readonly<Record<string, string>>): Promise<LambdaContainer>;
  /** The command line on the same table, as an operator runs it. */
  cli(...args: readonly string[]): ReturnType<typeof run>;
  task(name: string, ...steps: readonly { readonly status: string; readonly afterMs: number }[]): string;
}

export interface LambdaContainerOptions extends Pick<ReceiverOptions, "respond"> {
  readonly timeBudget?: string;
  /** Beside the webhook. */
  readonly sinks?: Readonly<Record<string, object>>;
}

/** The artifact between a simulated API, a local DynamoDB, a store of secrets and a webhook. */
export async function lambdaHarness(
  artifact: string,
  { timeBudget = "2s", sinks = {}, ...options }: LambdaContainerOptions = {},
): Promise<LambdaHarness> {
  const [simulator, receiver, engine] = await Promise.all([
    startApi(),
    receiving(options),
    startCheckpoints(),
  ]);
  const secrets = await serve({ body: { Parameter: { Value: demoKey.sk } } });
  const variables = { ...environment, AK: demoKey.ak, AWS_ENDPOINT_URL_SSM: secrets.origin };
  const config = {
    // An invocation that follows an open task lasts a minute.
    polling: { follow: "off" },
    sources: [
      sourceAt(simulator, {
        instances: [instance.id],
        credentials: { ak: `\${AK}`, sk: "ssm:/bridge/sk" },
      }),
    ],
    checkpoint: { type: "dynamodb", table: "checkpoints", endpoint: engine.origin },
    delivery: { timeBudget },
    sinks: { ops: webhookTo(receiver.url, { retry: { attemptsPerRun: 1, maxDelay: "0s" } }), ...sinks },
  };
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(config) });
  const configFile = join(folder, "bridge.config.json");
  return {
    simulator,
    receiver,
    engine,
    start: (env = {}) => startContainer(artifact, { ...variables, BRIDGE_CONFIG: configFile, ...env }),
    cli: (...args) => run(args, { cwd: folder, env: variables }),
    task: (name, ...steps) => simulator.world.start({ instance: instance.id, name, steps }),
  };
}

/** A container of one of the artifact's functions. */
export async function startContainer(
  artifact: string,
  env: Readonly<Record<string, string>>,
  name = "poll",
): Promise<LambdaContainer> {
  const api = await startRuntimeApi();
  const child = spawn(process.execPath, [runtimeClient()], {
    cwd: artifact,
    env: {
      AWS_LAMBDA_RUNTIME_API: api.host,
      LAMBDA_TASK_ROOT: artifact,
      _HANDLER: `${name}.handler`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: "stream",
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const death = once(child, "exit").then(([code, signal]): never => {
    throw new Error(`the container ended: ${code ?? signal}`);
  });
  death.catch(() => {});
  const kill = async (): Promise<void> => {
    if (isRunning(child) && child.kill("SIGKILL")) await once(child, "exit");
  };
  onTestFinished(async () => {
    await kill();
    api.close();
  });
  return {
    api,
    kill,
    invoke: (requestId, timeoutMs = 30_000, event = undefined) =>
      Promise.race([api.invoke({ requestId, timeoutMs, ...(event !== undefined && { event }) }), death]),
    lines: () =>
      output
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** The summary that a run returned. @throws Error with what the function said instead */
export function summaryOf(outcome: LambdaOutcome): RunSummary {
  if (outcome.kind === "response") return outcome.value as RunSummary;
  throw new Error(`${outcome.errorType}: ${outcome.errorMessage}`);
}
