import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { onTestFinished, vi } from "vitest";
import type { CloudEvent } from "../../../../lib/change/event.ts";
import type { Random } from "../../../../lib/core/clock.ts";
import { type Simulator, startSimulator } from "../../../../lib/simulator/api.ts";
import { demoKey } from "../../../../lib/simulator/auth.ts";
import { pick, seededRandom } from "../../../../lib/simulator/random.ts";
import { type Receiver, type Reply, startReceiver } from "../../../../lib/simulator/receiver.ts";
import { createTable, startEngine } from "../../../harness/dynamodb.ts";
import { calm, type QueueEnd, startCloud, type Trouble } from "./cloud.ts";
import { type Container, Containers } from "./containers.ts";
import { Judge, type Rate } from "./judge.ts";
import { SimulatedQueue } from "./queue.ts";
import type { Variant } from "./variants.ts";
import { virtualClock } from "./virtual-clock.ts";

export const minuteMs = 60_000;
/** What the sink `chat` is allowed in all. */
const rate: Rate = { events: 6, perMs: minuteMs };
/** Containers of each function that delivers, as BRIDGE_CONTAINERS says. */
export const deliverers = 2;
/** Far above what a message is received that waits as long as it should. */
const maxReceives = 60;
/** Six times a function's time limit, as in serverless.fleet.yml. */
const visibilityMs = 180_000;
const faulty: Trouble = { loseRequest: 0.03, loseAnswer: 0.04, throttle: 0.04, kill: 0.02 };

export const sinks = ["ops", "chat"] as const;
export type Sink = (typeof sinks)[number];

/** How a sink's receiver behaves for some minutes. */
export const moods = ["well", "flaky", "busy", "blocked"] as const;

/** What goes wrong now. */
export interface Weather {
  isCalm: boolean;
  isTopicDown: boolean;
  readonly moods: Record<Sink, (typeof moods)[number]>;
}

/** The world, the cloud and the receivers around a fleet's functions, and who judges it. */
export interface Ground {
  readonly random: Random;
  readonly weather: Weather;
  readonly judge: Judge;
  readonly simulator: Simulator;
  readonly polls: SimulatedQueue;
  readonly queues: Readonly<Record<Sink, SimulatedQueue>>;
  /** Starts containers of each function. */
  readonly start: {
    plan(as?: Container): Promise<Container>;
    shard(as?: Container): Promise<Container>;
    deliver(sink: Sink, as?: Container): Promise<Container>;
  };
}

export async function setGround(seed: number, variant: Variant): Promise<Ground> {
  const random = seededRandom(seed);
  const judge = new Judge();
  const weather: Weather = { isCalm: false, isTopicDown: false, moods: { ops: "well", chat: "well" } };
  virtualClock.advanceTo(Date.parse("2026-11-24T12:00:00Z"));
  const queueOf = (sink: Sink): SimulatedQueue =>
    new SimulatedQueue({
      visibilityMs,
      maxReceives,
      exhausted: ({ body }) => judge.buried(sink, JSON.parse(body), undefined),
    });
  const polls = new SimulatedQueue({ visibilityMs, maxReceives: 5, exhausted: () => {} });
  const queues = { ops: queueOf("ops"), chat: queueOf("chat") };
  const containers = new Containers(seed, judge);
  const [engine, simulator, ops, chat] = await Promise.all([
    startEngine(),
    startSimulator({ random: seededRandom(seed), clock: virtualClock }),
    receiverOf("ops", { judge, weather, containers }),
    receiverOf("chat", { judge, weather, containers }),
  ]);
  await createTable(engine.raw, "checkpoints");
  const url = await startCloud({
    queues: {
      polls: pollsEnd(polls, { judge, weather, random: seededRandom(seed + 1), variant }),
      ops: hidingEnd(queues.ops, variant),
      chat: hidingEnd(queues.chat, variant),
      "ops-dead": deadEnd("ops", judge),
      "chat-dead": deadEnd("chat", judge),
    },
    subscribed: Object.values(queues),
    dynamodb: engine.origin,
    now: () => virtualClock.now(),
    containers,
    trouble: () => (weather.isCalm ? calm : faulty),
    isTopicDown: () => weather.isTopicDown,
  });
  const folder = await mkdtemp(join(tmpdir(), "bridge-chaos-"));
  const configFile = join(folder, "bridge.config.json");
  await writeFile(configFile, JSON.stringify(configOf(simulator, { ops, chat })));
  onTestFinished(async () => {
    vi.restoreAllMocks();
    await Promise.all([simulator.close(), engine.close(), ops.close(), chat.close()]);
    await rm(folder, { recursive: true });
  });
  vi.spyOn(Math, "random").mockImplementation(seededRandom(seed + 2));
  vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    if (/"code":"DEFECT"|defect/i.test(String(line))) judge.defect(String(line));
    return true;
  });
  const shared = { BRIDGE_CONFIG: configFile, AWS_ENDPOINT_URL: url };
  const bus = { ...shared, BRIDGE_SINKS: "bus" };
  return {
    random,
    weather,
    judge,
    simulator,
    polls,
    queues,
    start: {
      plan: (as) => containers.start("plan", { ...bus, BRIDGE_POLL_QUEUE: `${url}/1/polls` }, as),
      shard: (as) => containers.start("shard", bus, as),
      deliver: (sink, as) => {
        const queues = {
          BRIDGE_QUEUE: `${url}/1/${sink}`,
          BRIDGE_DEAD_LETTER_QUEUE: `${url}/1/${sink}-dead`,
        };
        const own = { BRIDGE_SINKS: sink, BRIDGE_CONTAINERS: String(deliverers), ...queues };
        return containers.start("deliver", { ...shared, ...own }, as);
      },
    },
  };
}

const configOf = (simulator: Simulator, receivers: Readonly<Record<Sink, Receiver>>): object => {
  const webhook = (sink: Sink): object => ({
    type: "webhook",
    url: receivers[sink].url,
    allowPrivateNetwork: true,
    headers: { "x-container": "${" + "CONTAINER}" },
  });
  return {
    sources: [
      {
        engine: "rabbitmq",
        region: "cn-north-4",
        endpoint: simulator.url,
        projectId: "p1",
        instances: "all",
        startFrom: "now",
        credentials: demoKey,
      },
    ],
    checkpoint: { type: "dynamodb", table: "checkpoints" },
    sinks: {
      bus: { type: "sns", topicArn: "arn:aws:sns:eu-west-1:000000000000:tasks.fifo" },
      ops: webhook("ops"),
      chat: { ...webhook("chat"), rate: { events: rate.events, per: "1m" } },
    },
  };
};

interface ReceiverParts {
  readonly judge: Judge;
  readonly weather: Weather;
  readonly containers: Containers;
}

/** A sink's receiver, which tells the judge what it was sent and what it took. */
function receiverOf(sink: Sink, { judge, weather, containers }: ReceiverParts): Promise<Receiver> {
  const share: Rate = { ...rate, events: rate.events / deliverers };
  return startReceiver({
    clock: virtualClock,
    respond: (_, { events, headers }) => {
      const { id, random } = containers.of(String(headers["x-container"]));
      if (sink === "chat") judge.attempted(sink, id, virtualClock.now(), share);
      const reply = replyOf(events, weather.moods[sink], random);
      for (const event of events) {
        if (reply.status === 400) judge.refused(sink, event);
        // What is taken may be answered by nothing.
        if (reply.status === undefined) judge.accepted(sink, event);
      }
      return reply;
    },
  });
}

function replyOf([event]: readonly CloudEvent[], mood: Weather["moods"][Sink], random: Random): Reply {
  const isHopeless = event !== undefined && event.data.task.name === "refused";
  if (mood === "busy") return { status: 503, ...(random() < 0.5 && { headers: { "retry-after": "90" } }) };
  if (mood === "blocked") return { status: 401 };
  if (mood === "flaky" && random() < 0.5)
    return pick(random, [{ status: 503 }, { status: 429 }, { reset: true }]);
  return isHopeless ? { status: 400 } : {};
}

interface EndParts {
  readonly judge: Judge;
  readonly weather: Weather;
  readonly random: Random;
  readonly variant: Variant;
}

/** Instances in a shard's message. */
export const instancesIn = (shard: string): readonly string[] =>
  (JSON.parse(shard) as { readonly instances: readonly { readonly id: string }[] }).instances.map(
    ({ id }) => id,
  );

/** A planner's messages are lost, doubled and late. */
function pollsEnd(queue: SimulatedQueue, { judge, weather, random, variant }: EndParts): QueueEnd {
  const chance = (probability: number): boolean => !weather.isCalm && random() < probability;
  return {
    hide: () => {},
    add: (message, nowMs) => {
      if (!message.delayMs) judge.sentAtOnce(instancesIn(message.body));
      const body = variant.shard ? variant.shard(message.body) : message.body;
      if (body === null || chance(0.1)) return;
      const delayMs = (message.delayMs ?? 0) + (chance(0.1) ? 5 * minuteMs : 0);
      for (let copies = chance(0.15) ? 2 : 1; copies > 0; copies--)
        queue.add({ ...message, body, delayMs }, nowMs);
    },
  };
}

const hidingEnd = (
  queue: SimulatedQueue,
  { maxHiddenSeconds = Number.POSITIVE_INFINITY }: Variant,
): QueueEnd => ({
  add: (message, nowMs) => queue.add(message, nowMs),
  hide: (receipt, seconds, nowMs) => queue.hide(receipt, Math.min(seconds, maxHiddenSeconds), nowMs),
});

const deadEnd = (sink: Sink, judge: Judge): QueueEnd => ({
  add: ({ body, attributes }) => judge.buried(sink, JSON.parse(body), attributes?.["reason"]),
  hide: () => {},
});
