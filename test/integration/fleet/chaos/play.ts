import type { SQSBatchResponse } from "aws-lambda";
import { eachOf } from "../../../../lib/async/each.ts";
import { record } from "../../../serverless/sqs-event.ts";
import { snsEvent } from "../../../serverless/wake-events.ts";
import type { Container } from "./containers.ts";
import { deliverers, type Ground, minuteMs, type Sink, setGround, sinks } from "./fleet.ts";
import type { Violation } from "./judge.ts";
import type { Message, SimulatedQueue } from "./queue.ts";
import { sound, type Variant } from "./variants.ts";
import { virtualClock } from "./virtual-clock.ts";
import { World } from "./world.ts";

const stepsPerMinute = 4;
/** By default, a stream's longest time between two polls. */
const maxIdleMinutes = 5;
/** Each instance was polled once before: what it did before its first poll is no news. */
const faultyFrom = 2;
const faultyUntil = 32;
const lastMinute = 90;

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly tasks: number;
  /** Instances that were deleted while the topic owed their events. */
  readonly deleted: number;
  /** Containers that were killed in an invocation. */
  readonly killed: number;
}

/** Plays a fleet of one seed, half an hour of faults and then calm, up to the first violation. */
export async function play(seed: number, variant: Variant = sound): Promise<Outcome> {
  const ground = await setGround(seed, variant);
  const { judge, queues, weather } = ground;
  const world = new World(ground);
  const fleet = new Fleet(ground, world, variant);
  const left = (): number => sinks.reduce((total, sink) => total + queues[sink].messages.length, 0);
  const isDone = (): boolean => left() === 0 && sinks.every((sink) => judge.untold(sink).length === 0);
  const startMs = virtualClock.now();
  for (let minute = 0; minute < lastMinute && judge.violations.length === 0; minute++) {
    weather.isCalm = minute < faultyFrom || minute >= faultyUntil;
    if (minute > faultyUntil + maxIdleMinutes && isDone()) break;
    for (let step = 0; step < stepsPerMinute; step++) {
      virtualClock.advanceTo(startMs + (minute + step / stepsPerMinute) * minuteMs);
      if (step === 0) {
        world.minute();
        await fleet.plan();
      }
      await fleet.wake();
      await fleet.poll();
      await fleet.deliver();
    }
  }
  if (judge.violations.length === 0) judge.ended(sinks, left());
  return { violations: judge.violations, tasks: judge.tasks, deleted: world.deleted, killed: fleet.killed };
}

/** Lambda: the containers of each function, and who is invoked with what. */
class Fleet {
  readonly #ground: Ground;
  readonly #world: World;
  readonly #variant: Variant;
  #planner: Container | null = null;
  readonly #pollers: (Container | null)[] = [null, null];
  readonly #deliverers: Readonly<Record<Sink, (Container | null)[]>> = {
    ops: new Array(deliverers).fill(null),
    chat: new Array(deliverers).fill(null),
  };
  killed = 0;

  constructor(ground: Ground, world: World, variant: Variant) {
    this.#ground = ground;
    this.#world = world;
    this.#variant = variant;
  }

  /** The timer's event, which may be lost, or come twice. */
  async plan(): Promise<void> {
    const time = new Date(virtualClock.now()).toISOString();
    if (this.#world.chance(0.15)) return;
    for (let count = this.#world.chance(0.05) ? 2 : 1; count > 0; count--) {
      this.#planner = await this.#warm(this.#planner, this.#ground.start.plan);
      await this.#planner.invoke({ time });
    }
  }

  /** A notice of a task's start, which may come twice, or an event that names nothing. */
  async wake(): Promise<void> {
    if (!this.#world.chance(0.2)) return;
    const id = this.#world.chance(0.8) ? this.#world.startKnown() : null;
    const { judge, start } = this.#ground;
    const event = this.#variant.wakesAreTimers
      ? {}
      : snsEvent(JSON.stringify({ resource_id: id ?? "nothing" }));
    judge.waking();
    for (let count = this.#world.chance(0.3) ? 2 : 1; count > 0; count--) {
      this.#planner = await this.#warm(this.#planner, start.plan);
      if ((await this.#planner.invoke(event)) !== null && id !== null) judge.woken(id);
    }
  }

  async poll(): Promise<void> {
    const { polls, start } = this.#ground;
    await eachOf([...this.#pollers.keys()], this.#pollers.length, async (index) => {
      const batch = polls.receive(virtualClock.now(), this.#ground.random);
      if (batch.length === 0) return;
      const poller = await this.#warm(this.#pollers[index], start.shard);
      this.#pollers[index] = poller;
      const startedMs = virtualClock.now();
      const done = await this.#invoke(poller, polls, batch);
      for (const { body } of done) this.#world.read(body, startedMs);
    });
  }

  async deliver(): Promise<void> {
    const turns = sinks.flatMap((sink) =>
      [...this.#deliverers[sink].keys()].map((index) => ({ sink, index })),
    );
    await eachOf(turns, turns.length, async ({ sink, index }) => {
      const queue = this.#ground.queues[sink];
      const batch = this.#world.chance(0.2) ? [] : queue.receive(virtualClock.now(), this.#ground.random);
      if (batch.length === 0) return;
      const known = this.#deliverers[sink][index];
      const deliverer = await this.#warm(known, (as) => this.#ground.start.deliver(sink, as));
      this.#deliverers[sink][index] = deliverer;
      const done = await this.#invoke(deliverer, queue, batch, this.#variant.deletesAll);
      for (const { body } of done) this.#ground.judge.deleted(sink, JSON.parse(body));
    });
  }

  /** The container at hand, or another where it was killed, or the platform replaces it. */
  async #warm(
    known: Container | null | undefined,
    start: (as?: Container) => Promise<Container>,
  ): Promise<Container> {
    if (known?.isDead) this.killed += 1;
    if (!known || known.isDead || this.#world.chance(0.05)) return start();
    return this.#variant.isAlwaysCold ? start(known) : known;
  }

  /** Hands a function its batch, and deletes what it does not fail. Returns what is done. */
  async #invoke(
    container: Container,
    queue: SimulatedQueue,
    batch: readonly Message[],
    deletesAll = false,
  ): Promise<readonly Message[]> {
    const receipts = new Map(batch.map(({ id, receipt }) => [id, receipt]));
    const Records = batch.map(({ id, body, fifo, receipt, receives, sentMs }) =>
      record(body, {
        messageId: id,
        receiptHandle: receipt ?? "",
        receiveCount: receives,
        sentMs,
        ...fifo,
      }),
    );
    const answer = (await container.invoke({ Records })) as SQSBatchResponse | null;
    if (answer === null) return [];
    const failed = new Set(
      deletesAll ? [] : answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
    );
    const done = batch.filter(({ id }) => !failed.has(id));
    for (const { id } of done) {
      // A deletion may be lost: the message comes again.
      if (!this.#world.chance(0.03)) queue.remove(receipts.get(id) ?? null);
    }
    return done;
  }
}
