import type { Clock, Random } from "../../lib/core/clock.ts";
import type { RunId } from "../../lib/core/names.ts";
import type { FaultCounts } from "./faults.ts";
import type { Loop } from "./loop.ts";

/** What a dead process waits for. */
export const never = new Promise<never>(() => {});

export interface ProcessOptions {
  readonly loop: Loop;
  readonly run: RunId;
  readonly random: Random;
  readonly faults: FaultCounts;
  /** The process's clock less the world's. */
  readonly clockOffsetMs: number;
  /** Dies at this await of a port, counted before and after each effect; null: lives. */
  readonly dieAtAwait: number | null;
}

/**
 * One run of the bridge as an operating system sees it. Every call of a port goes through here, so that it can die at
 * each await: from then on no call has an effect or an answer, and no timer fires.
 */
export class Process {
  readonly run: RunId;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: FaultCounts;
  isAlive = true;
  isFinished = false;
  readonly #loop: Loop;
  readonly #dieAtAwait: number | null;
  #awaits = 0;
  readonly #lastWords = new Set<() => void>();

  constructor({ loop, run, random, faults, clockOffsetMs, dieAtAwait }: ProcessOptions) {
    this.run = run;
    this.random = random;
    this.faults = faults;
    this.#loop = loop;
    this.#dieAtAwait = dieAtAwait;
    this.clock = {
      now: () => Math.floor(loop.nowMs + clockOffsetMs),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isOver(): boolean {
    return this.isFinished || !this.isAlive;
  }

  kill(): void {
    if (this.isOver) return;
    this.isAlive = false;
    for (const say of this.#lastWords) say();
    this.#lastWords.clear();
  }

  /** Runs once when the process dies, unless taken back. */
  onDeath(say: () => void): () => void {
    this.#lastWords.add(say);
    return () => this.#lastWords.delete(say);
  }

  /** A call that reaches its other side after some time, has its effect there, and brings the answer back. */
  async call<Result>(latencyMs: number, effect: () => Result): Promise<Result> {
    await this.#await("run: killed before a call");
    const forget = this.onDeath(() => {
      // What was on its way may still arrive.
      if (this.random() < 0.5) effect();
    });
    await this.wait(latencyMs / 2);
    forget();
    const result = effect();
    await this.#await("run: killed between effect and reply");
    await this.wait(latencyMs / 2);
    return result;
  }

  /** Like `call`, cut short by the signal; null when it was. What is cut off may have had its effect. */
  async request<Result>(
    latencyMs: number,
    signal: AbortSignal,
    effect: () => Result,
    cutLagMs = 0,
  ): Promise<Result | null> {
    await this.#await("run: killed before a call");
    let result: { readonly value: Result } | null = null;
    const forget = this.onDeath(() => {
      if (!result && this.random() < 0.5) effect();
    });
    const whole = await this.#race(latencyMs, signal, () => {
      result ??= { value: effect() };
    });
    if (!whole) {
      const accepts = result === null && this.random() < 0.5;
      await this.wait(cutLagMs);
      if (accepts) effect();
    }
    forget();
    await this.#await("run: killed between effect and reply");
    return whole ? ((result as { readonly value: Result } | null)?.value ?? null) : null;
  }

  /** Passes time; never ends in a dead process. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#loop.after(ms, () => {
        if (this.isAlive) resolve();
      });
    });
  }

  async #await(kind: "run: killed before a call" | "run: killed between effect and reply"): Promise<void> {
    if (!this.isAlive) await never;
    this.#awaits += 1;
    if (this.#awaits !== this.#dieAtAwait) return;
    this.faults.hit(kind);
    this.kill();
    await never;
  }

  /** Whether the time passed before the signal; `arrive` happens on the way. */
  #race(ms: number, signal: AbortSignal, arrive: () => void): Promise<boolean> {
    return new Promise((resolve) => {
      let over = false;
      const end = (whole: boolean): void => {
        if (over || !this.isAlive) return;
        over = true;
        signal.removeEventListener("abort", cut);
        resolve(whole);
      };
      function cut(): void {
        end(false);
      }
      if (signal.aborted) return end(false);
      signal.addEventListener("abort", cut, { once: true });
      this.#loop.after(ms * 0.5, () => {
        if (!over && this.isAlive) arrive();
      });
      this.#loop.after(ms, () => end(true));
    });
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        if (this.isAlive) resolve();
      };
      if (signal.aborted || ms <= 0) return wake();
      signal.addEventListener("abort", wake, { once: true });
      this.#loop.after(ms, wake);
    });
  }
}
