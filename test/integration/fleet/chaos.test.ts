import { describe, expect, it, onTestFinished } from "vitest";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { loadConfigValue } from "../../../lib/config/load.ts";
import { type Clock, type Random, systemClock } from "../../../lib/core/clock.ts";
import { sinkName } from "../../../lib/core/names.ts";
import { CircuitBreaker } from "../../../lib/delivery/circuit-breaker.ts";
import { SinkDispatcher } from "../../../lib/delivery/sink-dispatcher.ts";
import { openDeliverer } from "../../../lib/fleet/deliverer.ts";
import { openPlanner } from "../../../lib/fleet/planner.ts";
import { pollShards } from "../../../lib/serverless/shards.ts";
import { startSimulator } from "../../../lib/simulator/api.ts";
import { demoKey } from "../../../lib/simulator/auth.ts";
import { between, pick, seededRandom } from "../../../lib/simulator/random.ts";
import { startReceiver } from "../../../lib/simulator/receiver.ts";
import { cachedCheckpoints } from "../../../lib/stores/cached.ts";
import { memoryStores } from "../../../lib/stores/memory.ts";
import { silentLog } from "../../../lib/telemetry/log.ts";
import { openBridge } from "../../../lib/wire/bridge.ts";
import { accepted, busy, locked, scriptedSink } from "../../delivery/scripted-sink.ts";
import { memoryQueue } from "../../fleet/fleet-sample.ts";
import { record } from "../../serverless/sqs-event.ts";
import { manualClock } from "../../simulator/clock.ts";

const minuteMs = 60_000;
const faultyMinutes = 40;
const calmMinutes = 40;
const visibilityMs = 180_000;
const { signal } = new AbortController();

interface Message {
  readonly id: string;
  readonly body: string;
  /** Null in a standard queue, which keeps no order. */
  readonly group: string | null;
  readonly sentMs: number;
  visibleMs: number;
  receives: number;
}

/** SQS, as far as a function notices: visibility, groups that wait for their first, and repeats. */
class SimulatedQueue {
  readonly messages: Message[] = [];
  #made = 0;

  add(body: string, group: string | null, sentMs: number, delayMs = 0): void {
    this.#made += 1;
    this.messages.push({
      id: `m${this.#made}`,
      body,
      group,
      sentMs,
      visibleMs: sentMs + delayMs,
      receives: 0,
    });
  }

  receive(nowMs: number, random: Random): readonly Message[] {
    const isFirst = ({ group, id }: Message): boolean =>
      group === null || this.messages.find((each) => each.group === group)?.id === id;
    const ready = this.messages.filter((each) => each.visibleMs <= nowMs && isFirst(each));
    const batch = ready.toSorted(() => random() - 0.5).slice(0, between(random, 1, 10));
    for (const message of batch) {
      message.receives += 1;
      message.visibleMs = nowMs + visibilityMs;
    }
    return batch;
  }

  remove(ids: ReadonlySet<string>): void {
    const kept = this.messages.filter(({ id }) => !ids.has(id));
    this.messages.splice(0, this.messages.length, ...kept);
  }
}

const recordsOf = (batch: readonly Message[]) =>
  batch.map(({ id, body, receives, sentMs }) =>
    record(body, { messageId: id, receiptHandle: id, receiveCount: receives, sentMs }),
  );

/** Plays a fleet of one seed: forty minutes of faults, then calm. The world itself says what was to be told. */
async function play(seed: number) {
  const random = seededRandom(seed);
  const clock = manualClock(Date.parse("2026-11-24T12:00:00Z"));
  const simulator = await startSimulator({ random: seededRandom(seed), clock });
  const topic = new SimulatedQueue();
  const polls = new SimulatedQueue();
  let isCalm = false;
  const chance = (probability: number): boolean => !isCalm && random() < probability;
  const published = new Set<string>();
  const receiver = await startReceiver({
    respond: (_, { events }) => {
      const isLost = chance(0.1);
      if (isLost && random() < 0.5) return { status: 503 };
      // A FIFO topic drops a repeat within five minutes; later ones come through.
      for (const event of events) {
        if (!published.has(event.id) || chance(0.3))
          topic.add(JSON.stringify(event), event.subject, clock.now());
        published.add(event.id);
      }
      return isLost ? { status: 503 } : {};
    },
  });
  const loaded = await loadConfigValue(
    {
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
      checkpoint: { type: "memory" },
      sinks: {
        bus: { type: "webhook", url: receiver.url, allowPrivateNetwork: true, retry: { attemptsPerRun: 1 } },
      },
    },
    { environment: {}, folder: "/nowhere" },
  );
  // Requests take real time on loopback: waits and time-outs stand still in the world, and are short outside it.
  const patient: Clock = { now: () => clock.now(), sleep: (ms, until) => systemClock.sleep(ms / 50, until) };
  const shared = memoryStores(clock);
  const bridges: Awaited<ReturnType<typeof openBridge>>[] = [];
  /** A container's own bridge, over the table that all share. */
  const coldBridge = async () => {
    const stores = { ...shared, checkpoints: cachedCheckpoints(shared.checkpoints, clock) };
    const bridge = await openBridge(loaded, { clock: patient, random, log: silentLog, stores });
    bridges.push(bridge);
    return bridge;
  };
  onTestFinished(async () => {
    await Promise.all([...bridges.map((bridge) => bridge.close()), receiver.close(), simulator.close()]);
  });

  const pollQueue = {
    ...memoryQueue(),
    send: async (messages: readonly { readonly body: string; readonly delaySeconds?: number }[]) => {
      for (const { body, delaySeconds = 0 } of messages) {
        if (chance(0.15)) continue;
        const delayMs = delaySeconds * 1_000 + (chance(0.1) ? 5 * minuteMs : 0);
        for (let copies = chance(0.15) ? 2 : 1; copies > 0; copies--)
          polls.add(body, null, clock.now(), delayMs);
      }
    },
  };
  const rules = { everyMs: minuteMs, maxIdleMs: 5 * minuteMs, shardSize: 3, burst: 2 };
  const coldPlanner = async () => {
    const bridge = await coldBridge();
    const planner = openPlanner({ activity: shared.activity, queue: pollQueue, rules });
    let known: Awaited<ReturnType<typeof bridge.discover>> | null = null;
    return async () => {
      known ??= await bridge.discover(signal);
      await planner.plan(known, clock.now(), { signal });
      known = await bridge.discover(signal);
    };
  };

  const sink = scriptedSink(sinkName("ops"), () =>
    isCalm ? accepted : pick(random, [accepted, accepted, busy, locked]),
  );
  const policy = {
    attemptsPerRun: 1,
    initialDelayMs: 1_000,
    maxDelayMs: 2 * minuteMs,
    maxRetryAfterMs: 3_600_000,
    maxAttempts: null,
    maxAgeMs: 7 * 86_400_000,
  };
  const deadLetters = memoryQueue();
  const hiding = {
    ...memoryQueue(),
    changeVisibility: async (
      changes: readonly { readonly receiptHandle: string; readonly seconds: number }[],
    ) => {
      for (const { receiptHandle, seconds } of changes) {
        const message = topic.messages.find(({ id }) => id === receiptHandle);
        if (message) message.visibleMs = clock.now() + seconds * 1_000;
      }
    },
  };
  const coldDeliverer = () =>
    openDeliverer({
      dispatcher: () =>
        new SinkDispatcher({
          breaker: new CircuitBreaker({ sink, policy, clock, concurrency: 4, rate: null }),
          clock,
          random,
          log: silentLog,
        }),
      matches: () => true,
      queue: hiding,
      deadLetters,
      clock,
      log: silentLog,
    });

  let plan = await coldPlanner();
  let poller = await coldBridge();
  let deliverer = coldDeliverer();
  /** By task, the statuses that every poll had time to see. */
  const truth = new Map<string, string>();
  const instances: string[] = [];
  const addInstance = (): void => {
    const id = `i-${instances.length}`;
    instances.push(id);
    simulator.world.addInstance({ id, engine: "rabbitmq", name: id, projectId: "p1" });
  };
  for (let index = 0; index < 5; index++) addInstance();
  await plan();

  for (let minute = 0; minute < faultyMinutes + calmMinutes; minute++) {
    isCalm = minute >= faultyMinutes;
    if (isCalm) simulator.faults.off("error-503");
    else if (chance(0.1)) simulator.faults.on("error-503");
    else simulator.faults.off("error-503");
    if (chance(0.1)) addInstance();
    if (chance(0.5)) {
      const end = pick(random, ["SUCCESS", "FAILED"]);
      const steps = [
        { status: "EXECUTING", afterMs: 0 },
        { status: end, afterMs: between(random, 1_000, 10 * minuteMs) },
      ];
      truth.set(
        simulator.world.start({
          instance: pick(random, instances as [string, ...string[]]),
          name: "restart",
          steps,
        }),
        end,
      );
    }
    if (chance(0.15)) plan = await coldPlanner();
    if (!chance(0.15)) await plan();
    for (let step = 0; step < 6; step++) {
      if (chance(0.1)) poller = await coldBridge();
      if (chance(0.1)) deliverer = coldDeliverer();
      const shards = polls.receive(clock.now(), random);
      if (shards.length > 0) {
        const { response } = await pollShards({ Records: recordsOf(shards) }, poller, silentLog, signal);
        const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        if (!chance(0.1)) polls.remove(new Set(shards.map(({ id }) => id).filter((id) => !failed.has(id))));
      }
      const batch = topic.receive(clock.now(), random);
      if (batch.length > 0) {
        const time = { stopAtMs: clock.now() + 1, sending: signal, settling: signal };
        const failed = new Set((await deliverer.deliver(recordsOf(batch), time)).failed);
        // A function that dies after its work: the whole batch comes again.
        if (!chance(0.1)) topic.remove(new Set(batch.map(({ id }) => id).filter((id) => !failed.has(id))));
      }
      await clock.advance(minuteMs / 6);
    }
  }
  return { truth, told: sink.accepted, left: topic.messages.length, deadLetters: deadLetters.sent };
}

/** Each task's statuses in the order in which the sink took them first. */
function statusesOf(events: readonly CloudEvent[], task: string): readonly string[] {
  const mine = events.filter(({ subject }) => subject === task).map(({ data }) => data.change.to);
  return [...new Set(mine)];
}

describe("a fleet in trouble", () => {
  it.each([1, 2, 3])(
    "tells every task's end, in order, whatever its queues, containers and lists lose: seed %i",
    async (seed) => {
      const { truth, told, left, deadLetters } = await play(seed);
      expect(truth.size).toBeGreaterThan(5);
      for (const [task, end] of truth) {
        const statuses = statusesOf(told, task);
        expect(statuses.at(-1), `the end of ${task}`).toBe(end);
        expect(["EXECUTING", end].join().endsWith(statuses.join()), `${task}: ${statuses.join()}`).toBe(true);
      }
      expect([left, deadLetters]).toEqual([0, []]);
    },
    60_000,
  );
});
