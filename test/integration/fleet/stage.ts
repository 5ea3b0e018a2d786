import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { onTestFinished, vi } from "vitest";
import { openQueue } from "../../../lib/aws/queue.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import type { planMetrics } from "../../../lib/serverless/metrics.ts";
import { type Simulator, startSimulator } from "../../../lib/simulator/api.ts";
import { demoKey } from "../../../lib/simulator/auth.ts";
import { seededRandom } from "../../../lib/simulator/random.ts";
import { type Receiver, type ReceiverOptions, startReceiver } from "../../../lib/simulator/receiver.ts";
import { createTable, type Engine, environment, startEngine } from "../../harness/dynamodb.ts";
import { contextOf, type EventSource, eventSource, type Handler } from "./event-source.ts";

type SqsHandler = Handler<SQSEvent, SQSBatchResponse>;
type TimerHandler = Handler<unknown, Partial<ReturnType<typeof planMetrics>>>;

/** How a function's handler comes from its module, with an environment of its own. */
export interface Containers {
  plan(env: Variables): Promise<TimerHandler>;
  shard(env: Variables): Promise<SqsHandler>;
  deliver(env: Variables): Promise<SqsHandler>;
}
type Variables = Readonly<Record<string, string>>;

export interface FleetStage {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly engine: Engine;
  readonly sqs: FauxqsServer;
  /** The nth minute's plan. */
  plan(minute: number): Promise<Partial<ReturnType<typeof planMetrics>>>;
  /** An event that is not the timer's, at the planner. */
  wake(event: unknown): Promise<Partial<ReturnType<typeof planMetrics>>>;
  /** A container of the function that polls, cold. */
  poller(): Promise<SqsHandler>;
  /** A container of the function that delivers to `ops`, cold. */
  deliverer(): Promise<SqsHandler>;
  readonly polls: EventSource;
  readonly tasks: EventSource;
  /** Puts a message into the queue of shards. */
  post(body: string): Promise<void>;
  /** What a queue holds, ready or delayed. */
  bodies(queue: string): readonly string[];
}

const startMs = Date.parse("2026-11-24T12:00:00Z");
const minuteMs = 60_000;
export const instanceId = (number: number): string =>
  `11111111-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** Each call loads the module anew, in this process. */
const inProcess: Containers = {
  plan: async (env) => handlerOf(env, () => import("../../../functions/plan.ts")) as Promise<TimerHandler>,
  shard: async (env) => handlerOf(env, () => import("../../../functions/shard.ts")) as Promise<SqsHandler>,
  deliver: async (env) =>
    handlerOf(env, () => import("../../../functions/deliver.ts")) as Promise<SqsHandler>,
};

async function handlerOf(
  env: Variables,
  load: () => Promise<{ readonly handler: unknown }>,
): Promise<unknown> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.resetModules();
  return (await load()).handler;
}

export interface FleetStageOptions extends Pick<ReceiverOptions, "respond"> {
  readonly instances?: number;
  readonly fleet?: object;
  readonly containers?: Containers;
}

/** The three functions between a simulated API, DynamoDB, SQS and SNS of emulators, and a webhook. */
export async function setFleetStage(options: FleetStageOptions = {}): Promise<FleetStage> {
  const { containers = inProcess } = options;
  const folder = await mkdtemp(join(tmpdir(), "bridge-fleet-"));
  const [simulator, receiver, engine, sqs] = await Promise.all([
    startSimulator({ random: seededRandom(1) }),
    startReceiver(options),
    startEngine(),
    startFauxqs({ port: 0, logger: false, defaultRegion: "eu-west-1" }),
  ]);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await Promise.all([simulator.close(), receiver.close(), engine.close(), sqs.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  for (let number = 1; number <= (options.instances ?? 1); number++) {
    simulator.world.addInstance({
      id: instanceId(number),
      engine: "rabbitmq",
      name: `i${number}`,
      projectId: "p1",
    });
  }
  await createTable(engine.raw, "checkpoints");
  const endpoint = `http://127.0.0.1:${sqs.port}`;
  const queues = makeQueues(sqs);
  const configFile = join(folder, "bridge.config.json");
  await writeFile(
    configFile,
    JSON.stringify(configOf({ simulator, receiver, engine, endpoint }, options.fleet)),
  );
  const poster = openQueue(queues.polls, {
    environment: { ...environment, AWS_ENDPOINT_URL: endpoint },
    clock: systemClock,
    random: Math.random,
  });
  onTestFinished(() => poster.close());

  const shared = { ...environment, BRIDGE_CONFIG: configFile, AWS_ENDPOINT_URL_SQS: endpoint };
  const planner = await containers.plan({ ...shared, BRIDGE_SINKS: "bus", BRIDGE_POLL_QUEUE: queues.polls });

  return {
    simulator,
    receiver,
    engine,
    sqs,
    plan: (minute) =>
      planner({ time: new Date(startMs + minute * minuteMs).toISOString() }, contextOf("plan")),
    wake: (event) => planner(event, contextOf("plan")),
    poller: () => containers.shard({ ...shared, BRIDGE_SINKS: "bus" }),
    deliverer: () =>
      containers.deliver({
        ...shared,
        BRIDGE_SINKS: "ops",
        BRIDGE_QUEUE: queues.tasks,
        BRIDGE_DEAD_LETTER_QUEUE: queues.dead,
      }),
    polls: eventSource(endpoint, queues.polls),
    tasks: eventSource(endpoint, queues.tasks),
    post: (body) => poster.send([{ body }], { signal: new AbortController().signal }),
    bodies: (queue) => {
      const { ready = [], delayed = [] } = sqs.inspectQueue(queue)?.messages ?? {};
      return [...ready, ...delayed].map(({ body }) => body);
    },
  };
}

/** As serverless.fleet.yml makes them, but that a message which failed is back at once. */
function makeQueues(sqs: FauxqsServer) {
  const fifo = { FifoQueue: "true" };
  const dead = sqs.createQueue("ops-dead.fifo", { attributes: fifo });
  const deadPolls = sqs.createQueue("polls-dead");
  const redrive = (deadLetterTargetArn: string, maxReceiveCount: number) =>
    JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  const polls = sqs.createQueue("polls", {
    attributes: { VisibilityTimeout: "0", RedrivePolicy: redrive(deadPolls.queueArn, 3) },
  });
  const tasks = sqs.createQueue("ops.fifo", {
    attributes: { ...fifo, VisibilityTimeout: "30", RedrivePolicy: redrive(dead.queueArn, 1_000) },
  });
  sqs.createTopic("tasks.fifo", { attributes: { FifoTopic: "true" } });
  sqs.subscribe({ topic: "tasks.fifo", queue: "ops.fifo", attributes: { RawMessageDelivery: "true" } });
  sqs.createQueue("wrapped.fifo", { attributes: fifo });
  sqs.subscribe({ topic: "tasks.fifo", queue: "wrapped.fifo" });
  return { polls: polls.queueUrl, tasks: tasks.queueUrl, dead: dead.queueUrl };
}

interface Places {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly engine: Engine;
  readonly endpoint: string;
}

const configOf = ({ simulator, receiver, engine, endpoint }: Places, fleet: object = {}) => ({
  // An invocation that follows an open task lasts a minute.
  polling: { follow: "off" },
  sources: [
    {
      engine: "rabbitmq",
      region: "cn-north-4",
      endpoint: simulator.url,
      projectId: "p1",
      instances: "all",
      startFrom: "all",
      credentials: demoKey,
    },
  ],
  checkpoint: { type: "dynamodb", table: "checkpoints", endpoint: engine.origin },
  fleet,
  sinks: {
    bus: { type: "sns", topicArn: "arn:aws:sns:eu-west-1:000000000000:tasks.fifo", endpoint },
    ops: {
      type: "webhook",
      url: receiver.url,
      allowPrivateNetwork: true,
      retry: { attemptsPerRun: 1, initialDelay: "0s", maxDelay: "0s" },
    },
  },
});
