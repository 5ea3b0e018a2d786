import { between, pick } from "../../../../lib/simulator/random.ts";
import { type Ground, instancesIn, minuteMs, moods, sinks } from "./fleet.ts";
import { virtualClock } from "./virtual-clock.ts";

interface Instance {
  /** When the last of its tasks ends; 0 without one. */
  settledMs: number;
  /** When the API last showed its tasks to a poll that was done. */
  readMs: number;
}

/** What happens beyond the fleet: instances and tasks come and go, and each part has its troubles. */
export class World {
  readonly #ground: Ground;
  readonly #instances = new Map<string, Instance>();
  #made = 0;
  #outage = { fromMs: 0, untilMs: 0 };
  #isApiDown = false;
  /** Instances that were deleted while the topic owed their events. */
  deleted = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
    for (let index = 0; index < 5; index++) this.#addInstance();
  }

  /** Never in the calm. */
  chance(probability: number): boolean {
    const dice = this.#ground.random();
    return !this.#ground.weather.isCalm && dice < probability;
  }

  minute(): void {
    const { weather, random, simulator } = this.#ground;
    const nowMs = virtualClock.now();
    this.#isApiDown = this.chance(0.1);
    if (this.#isApiDown) simulator.faults.on("error-503");
    else simulator.faults.off("error-503");
    if (nowMs > this.#outage.untilMs && this.chance(0.08))
      this.#outage = { fromMs: nowMs, untilMs: nowMs + between(random, 4, 10) * minuteMs };
    weather.isTopicDown = !weather.isCalm && nowMs < this.#outage.untilMs;
    for (const sink of sinks) {
      if (weather.isCalm) weather.moods[sink] = "well";
      else if (this.chance(0.15)) weather.moods[sink] = pick(random, moods);
    }
    if (this.chance(0.12)) {
      const id = this.#addInstance();
      if (this.chance(0.6)) this.#startTask(id);
    }
    for (let count = this.chance(0.05) ? 10 : this.chance(0.5) ? 1 : 0; count > 0; count--)
      this.#startTask(pick(random, [...this.#instances.keys()] as [string]));
    if (weather.isTopicDown && this.chance(0.7)) this.#deleteInstance();
  }

  /** Starts a task of an instance that the fleet has polled, and returns the instance; null while there is none. */
  startKnown(): string | null {
    const known = Array.from(this.#instances).filter(([, { readMs }]) => readMs > 0);
    if (known.length === 0) return null;
    const [id] = pick(this.#ground.random, known as [[string, Instance]]);
    this.#startTask(id);
    return id;
  }

  /** A poll of this shard, begun then, is done. */
  read(shard: string, startedMs: number): void {
    if (this.#isApiDown) return;
    for (const id of instancesIn(shard)) {
      const instance = this.#instances.get(id);
      if (instance) instance.readMs = Math.max(instance.readMs, startedMs);
    }
  }

  #addInstance(): string {
    const id = `i-${this.#made}`;
    this.#made += 1;
    this.#ground.simulator.world.addInstance({ id, engine: "rabbitmq", name: id, projectId: "p1" });
    this.#instances.set(id, { settledMs: 0, readMs: 0 });
    return id;
  }

  #startTask(id: string): void {
    const { random, simulator, judge } = this.#ground;
    const end = pick(random, ["SUCCESS", "FAILED"]);
    const lastsMs = between(random, 1_000, 8 * minuteMs);
    const steps = [
      { status: "EXECUTING", afterMs: 0 },
      { status: end, afterMs: lastsMs },
    ];
    const name = random() < 0.05 ? "refused" : "restart";
    const task = simulator.world.start({ instance: id, name, steps });
    judge.started(task, ["EXECUTING", end]);
    const instance = this.#instances.get(id);
    if (instance) instance.settledMs = Math.max(instance.settledMs, virtualClock.now() + lastsMs);
  }

  /** One whose tasks have all ended, and were seen to: its events wait for the topic. */
  #deleteInstance(): void {
    for (const [id, { settledMs, readMs }] of this.#instances) {
      if (settledMs < this.#outage.fromMs || readMs <= settledMs) continue;
      this.#ground.simulator.world.removeInstance(id);
      this.#instances.delete(id);
      this.deleted += 1;
      return;
    }
  }
}
