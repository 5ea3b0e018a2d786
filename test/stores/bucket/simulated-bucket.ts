import { setImmediate as turn } from "node:timers/promises";
import type { Random } from "../../../lib/core/clock.ts";
import { StoreError } from "../../../lib/core/errors.ts";
import { between } from "../../../lib/simulator/random.ts";
import type { Bucket } from "../../../lib/stores/bucket/bucket.ts";

const secondMs = 1_000;
const hourMs = 3_600_000;
/** What a listing may be behind. */
const maxStaleMs = hourMs;
/** A request that lingers on its way is refused after this time, for its signature's date. */
const maxLingerMs = 15 * 60_000;

interface Life {
  readonly key: string;
  readonly text: string;
  readonly sinceMs: number;
  untilMs: number;
}

interface Waiting {
  /** The step from which on it may go on: a frozen process waits while others work. */
  readonly fromStep: number;
  go(): void;
}

/** A bucket in memory whose calls come one at a time, in an order and with faults that chance decides. */
export class SimulatedBucket {
  nowMs = Date.parse("2026-03-01T00:00:00Z");
  readonly lives: Life[] = [];
  readonly objects = new Map<string, Life>();
  readonly hits = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  readonly #random: Random;
  #step = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** One process's way to it. */
  client(): Bucket {
    return {
      name: "bucket simulated",
      create: (key, text) => this.#call(() => this.#create(key, text), { again: () => false, isWrite: true }),
      put: (key, text) => this.#call(() => this.#write(key, text), { isWrite: true }),
      get: (key) => this.#call(() => this.objects.get(key)?.text ?? null),
      list: (prefix, { after = "", max = 1_000 } = {}) =>
        this.#call(() => {
          const found = this.#shown().filter(({ key }) => key.startsWith(prefix) && key > after);
          const sorted = found.sort((a, b) => (a.key < b.key ? -1 : 1));
          return sorted.slice(0, max).map(({ key, sinceMs }) => ({ key, modifiedMs: sinceMs }));
        }),
      remove: (key) => this.#call(() => this.#remove(key), { isWrite: true }),
      close: async () => {},
    };
  }

  /** Lets calls through until none waits; `check` looks at the objects after each. */
  async play(check: () => void): Promise<void> {
    await turn();
    while (this.#waiting.length > 0) {
      this.#step += 1;
      this.#pass();
      const ready = this.#waiting.filter(({ fromStep }) => fromStep <= this.#step);
      const next = ready[between(this.#random, 0, ready.length)];
      // All are frozen: time goes on.
      if (!next) continue;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.go();
      check();
      await turn();
    }
  }

  #call<Result>(
    effect: () => Result,
    { again = effect, isWrite = false }: { readonly again?: () => Result; readonly isWrite?: boolean } = {},
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fail = (kind: string): void => {
        this.#hit(kind);
        reject(new StoreError("unavailable", kind));
      };
      this.#wait(() => {
        const luck = this.#random();
        if (luck < 0.04) return fail("unavailable");
        if (!isWrite || luck > 0.16) return resolve(effect());
        if (luck < 0.08) {
          effect();
          return fail("no answer after the effect");
        }
        if (luck < 0.12) {
          // The client asked again after it had no answer.
          effect();
          this.#hit("answer of the repeat");
          return resolve(again());
        }
        this.#linger(effect);
        return fail("no answer before the effect");
      });
    });
  }

  #linger(effect: () => unknown): void {
    const untilMs = this.nowMs + maxLingerMs;
    this.#wait(() => {
      if (this.nowMs <= untilMs) effect();
    });
  }

  #wait(go: () => void): void {
    const isFrozen = this.#random() < 0.02;
    if (isFrozen) this.#hit("frozen");
    this.#waiting.push({ fromStep: this.#step + (isFrozen ? between(this.#random, 50, 800) : 0), go });
  }

  #pass(): void {
    const luck = this.#random();
    if (luck < 0.01) this.nowMs += between(this.#random, 10, 40) * hourMs;
    else this.nowMs += between(this.#random, 0, luck < 0.05 ? hourMs : secondMs);
  }

  /** What a listing shows: now and then an older state. */
  #shown(): Life[] {
    if (this.#random() >= 0.2) return [...this.objects.values()];
    this.#hit("stale listing");
    const atMs = this.nowMs - between(this.#random, 0, maxStaleMs);
    return this.lives.filter(({ sinceMs, untilMs }) => sinceMs <= atMs && atMs < untilMs);
  }

  #create(key: string, text: string): boolean {
    if (this.objects.has(key)) return false;
    this.#write(key, text);
    return true;
  }

  #write(key: string, text: string): void {
    this.#remove(key);
    const life: Life = { key, text, sinceMs: this.nowMs, untilMs: Number.POSITIVE_INFINITY };
    this.lives.push(life);
    this.objects.set(key, life);
  }

  #remove(key: string): void {
    const found = this.objects.get(key);
    if (found) found.untilMs = this.nowMs;
    this.objects.delete(key);
  }

  #hit(kind: string): void {
    this.hits.set(kind, (this.hits.get(kind) ?? 0) + 1);
  }
}
