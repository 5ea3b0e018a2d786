import { isDeepStrictEqual } from "node:util";
import type { CloudEvent } from "../../../../lib/change/event.ts";

/** The promises that a fleet is judged by. */
export type Check =
  | "no loss"
  | "order"
  | "same id"
  | "accepted before deleted"
  | "given up with a reason"
  | "rate"
  | "progress"
  | "woken at once"
  | "no defect";

export interface Violation {
  readonly check: Check;
  readonly message: string;
}

export interface Rate {
  readonly events: number;
  readonly perMs: number;
}

/** The world's clock runs on by what other parts sleep while an attempt is on its way: as long as a batch at most. */
const onTheWayMs = 15_000;

/** Knows each task's true story from the world, and what each sink took from the receivers; nothing from the product. */
export class Judge {
  readonly violations: Violation[] = [];
  readonly #stories = new Map<string, readonly string[]>();
  /** By sink and task. */
  readonly #accepted = new Map<string, string[]>();
  readonly #events = new Map<string, CloudEvent>();
  /** Events that a sink has, or refused for good, by sink and id. */
  readonly #settled = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #attempts = new Map<string, number[]>();
  /** Instances that the planner sent without a delay since the last wake. */
  readonly #sent = new Set<string>();

  get tasks(): number {
    return this.#stories.size;
  }

  /** A task of the world, with the statuses that it goes through. */
  started(task: string, statuses: readonly string[]): void {
    this.#stories.set(task, statuses);
  }

  /** Messages that the planner sends from now on may be a wake's. */
  waking(): void {
    this.#sent.clear();
  }

  /** A planner's message that the queue hands out at once. */
  sentAtOnce(instances: readonly string[]): void {
    for (const id of instances) this.#sent.add(id);
  }

  /** A wake that names an instance the fleet knows was taken by the planner. */
  woken(id: string): void {
    if (!this.#sent.has(id)) this.#violated("woken at once", `${id} was named, and its poll not sent`);
  }

  /** An attempt of a container to deliver to a sink, whatever comes of it. */
  attempted(sink: string, container: string, nowMs: number, rate: Rate): void {
    const key = `${sink} from ${container}`;
    const times = this.#attempts.get(key) ?? [];
    this.#attempts.set(key, times);
    times.push(nowMs);
    const within = times.filter((ms) => ms > nowMs - rate.perMs + onTheWayMs).length;
    if (within > rate.events) this.#violated("rate", `${key}: ${within} attempts in ${rate.perMs} ms`);
  }

  /** An event that a sink's receiver has taken. */
  accepted(sink: string, event: CloudEvent): void {
    const first = this.#events.get(event.id);
    if (first && !isDeepStrictEqual(first, event)) this.#violated("same id", `${event.id} has two contents`);
    this.#events.set(event.id, event);
    this.#settled.add(`${sink} ${event.id}`);
    const key = `${sink} ${event.subject}`;
    const statuses = this.#accepted.get(key) ?? [];
    this.#accepted.set(key, statuses);
    const { to } = event.data.change;
    if (statuses.includes(to)) return;
    statuses.push(to);
    const story = this.#stories.get(event.subject) ?? [];
    const places = statuses.map((status) => story.indexOf(status));
    if (places.includes(-1) || places.some((place, index) => place < (places[index - 1] ?? 0)))
      this.#violated("order", `${key}: ${statuses.join()} of ${story.join()}`);
  }

  /** An event that a sink's receiver has refused for good. */
  refused(sink: string, event: CloudEvent): void {
    this.#refused.add(`${sink} ${event.id}`);
  }

  /** A message that was deleted from a sink's queue at the function's word. */
  deleted(sink: string, event: CloudEvent): void {
    if (!this.#settled.has(`${sink} ${event.id}`))
      this.#violated("accepted before deleted", `${sink}: ${event.id} was deleted and never taken`);
  }

  /** A message in a sink's dead-letter queue; `reason` is undefined when SQS itself moved it there. */
  buried(sink: string, event: CloudEvent, reason: string | undefined): void {
    const key = `${sink} ${event.id}`;
    this.#settled.add(key);
    if (reason !== "rejected" || !this.#refused.has(key))
      this.#violated("given up with a reason", `${key}: ${reason ?? "by SQS itself"}`);
  }

  /** An error that a part did not expect. */
  defect(line: string): void {
    this.#violated("no defect", line);
  }

  /** What a sink was never told of the ends of tasks, though it did not refuse them. */
  untold(sink: string): readonly string[] {
    return Array.from(this.#stories).flatMap(([task, story]) => {
      const end = story.at(-1) ?? "";
      const isTold = this.#accepted.get(`${sink} ${task}`)?.includes(end) ?? false;
      const isRefused = this.#refused
        .values()
        .some((key) => key.startsWith(`${sink} `) && key.includes(`/${task}/${end}/`));
      return isTold || isRefused ? [] : `${sink} was never told that ${task} is ${end}`;
    });
  }

  /** After the calm: whatever began was told to each sink, and no queue holds anything. */
  ended(sinks: readonly string[], left: number): void {
    for (const message of sinks.flatMap((sink) => this.untold(sink))) this.#violated("no loss", message);
    if (left > 0) this.#violated("progress", `${left} messages are left in the queues`);
  }

  #violated(check: Check, message: string): void {
    this.violations.push({ check, message });
  }
}
