import { join } from "node:path";
import process from "node:process";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { onTestFinished, vi } from "vitest";
import { openQueue } from "../../../lib/aws/queue.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import type { planMetrics } from "../../../lib/serverless/metrics.ts";
import type { Simulator } from "../../../lib/simulator/api.ts";
import { demoKey } from "../../../lib/simulator/auth.ts";
import type { Receiver, ReceiverOptions } from "../../../lib/simulator/receiver.ts";
import { folderWith } from "../../config/sample.ts";
import { instance, receiving, sourceAt, startApi, webhookTo } from "../../harness/api.ts";
import { type DynamodbEngine, environment, startCheckpoints } from "../../harness/dynamodb.ts";
import { contextOf, type EventSource, eventSource, type QueueHandler } from "./event-source.ts";

type SqsHandler = QueueHandler<SQSEvent, SQSBatchResponse>;
type TimerHandler = QueueHandler<unknown, Partial<ReturnType<typeof planMetrics>>>;

/** How a function's handler comes from its module, with an environment of its own. */
export interface Containers {
  plan(env: Variables): Promise<TimerHandler>;
  shard(env: Variables): Promise<SqsHandler>;
  deliver(env: Variables): Promise<SqsHandler>;
}
type Variables = Readonly<Record<string, string>>;

export interface FleetHarness {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly engine: DynamodbEngine;
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

export interface FleetHarnessOptions extends Pick<ReceiverOptions, "respond"> {
  readonly instances?: number;
  readonly fleet?: object;
  readonly containers?: Containers;
}

/** The three functions between a simulated API, DynamoDB, SQS and SNS of emulators, and a webhook. */
export async function fleetHarness(options: FleetHarnessOptions = {}): Promise<FleetHarness> {
  const { containers = inProcess } = options;
  const instances = Array.from({ length: options.instances ?? 1 }, (_, index) => ({
    ...instance,
    id: instanceId(index + 1),
    name: `i${index + 1}`,
  }));
  const [simulator, receiver, engine, sqs] = await Promise.all([
    startApi({ instances }),
    receiving(options),
    startCheckpoints(),
    startFauxqs({ port: 0, logger: false, defaultRegion: "eu-west-1" }),
  ]);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await sqs.stop();
  });
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const endpoint = `http://127.0.0.1:${sqs.port}`;
  const queues = makeQueues(sqs);
  const config = {
    // An invocation that follows an open task lasts a minute.
    polling: { follow: "off" },
    sources: [sourceAt(simulator, { credentials: demoKey })],
    checkpoint: { type: "dynamodb", table: "checkpoints", endpoint: engine.origin },
    fleet: options.fleet ?? {},
    sinks: {
      bus: { type: "sns", topicArn: "arn:aws:sns:eu-west-1:000000000000:tasks.fifo", endpoint },
      ops: webhookTo(receiver.url, { retry: { attemptsPerRun: 1, initialDelay: "0s", maxDelay: "0s" } }),
    },
  };
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(config) });
  const configFile = join(folder, "bridge.config.json");
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
