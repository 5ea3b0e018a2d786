import { Dispatcher } from "undici";
import type { Clock } from "../../../lib/core/clock.ts";
import type { Loop } from "../loop.ts";
import type { Random } from "./life.ts";
import type { Reply, Request } from "./messages.ts";

const never = new Promise<never>(() => {});

export interface HostOptions {
  readonly loop: Loop;
  readonly random: Random;
}

/** One operating system process that the bridge runs in: its clock, its network, and its end. */
export class Host {
  #isAlive = true;
  #lastWords: (() => void) | null = null;
  /** Its clock less the world's. */
  clockOffsetMs = 0;
  /** Awaits of a port until it dies; null: it lives. */
  dieAtAwait: number | null = null;
  readonly random: Random;
  readonly clock: Clock;
  readonly #loop: Loop;

  constructor({ loop, random }: HostOptions) {
    this.#loop = loop;
    this.random = random;
    this.clock = {
      now: () => Math.floor(loop.nowMs + this.clockOffsetMs),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  kill(): void {
    this.#isAlive = false;
    this.#lastWords?.();
  }

  /** Runs once when the process dies. */
  onDeath(say: () => void): void {
    this.#lastWords = say;
    if (!this.#isAlive) say();
  }

  /** An await of a port: whether the process is alive after it. */
  step(): boolean {
    if (this.isAlive && this.dieAtAwait !== null) {
      this.dieAtAwait -= 1;
      if (this.dieAtAwait <= 0) this.kill();
    }
    return this.isAlive;
  }

  /** Lets time pass; without end in a dead process. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#loop.after(ms, () => {
        if (this.isAlive) resolve();
      });
    });
  }

  /** A call over a port that has its effect on the other side, if the process dies before or after it. */
  async call<Result>(effect: () => Result | Promise<Result>): Promise<Result> {
    if (!this.step()) return never;
    await this.wait(1 + this.random() * 5);
    const result = await effect();
    if (!this.step()) return never;
    return result;
  }

  after(ms: number, then: () => void): void {
    this.#loop.after(ms, then);
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || ms <= 0) return resolve();
      const wake = (): void => {
        cancel();
        signal.removeEventListener("abort", wake);
        if (this.isAlive) resolve();
      };
      const cancel = this.#loop.after(ms, wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

/** What the other side makes of a request. */
export interface Served {
  readonly reply: Reply;
  /** Called when the whole answer has reached the process. */
  readonly arrived: () => void;
}

/** A network in memory, as undici's clients see one. */
export class Network extends Dispatcher {
  readonly #host: Host;
  readonly #serve: (request: Request) => Served;

  constructor(host: Host, serve: (request: Request) => Served) {
    super();
    this.#host = host;
    this.#serve = serve;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const host = this.#host;
    const exchange = new Exchange(host, handler);
    handler.onRequestStart?.(exchange, {});
    if (exchange.aborted || !host.step()) return true;
    const request: Request = {
      method: options.method,
      url: new URL(options.path, String(options.origin)),
      headers: lowerCase(options.headers as Readonly<Record<string, string>>),
      body: typeof options.body === "string" ? options.body : null,
    };
    const halfMs = 5 + host.random() * 30;
    host.after(halfMs, () => {
      // What was cut off on its way may still arrive.
      if ((exchange.aborted || !host.isAlive) && host.random() < 0.5) return;
      const { reply, arrived } = this.#serve(request);
      if (!host.step()) return;
      if (reply.kind === "hang") return;
      host.after(halfMs + (reply.kind === "answer" ? (reply.delayMs ?? 0) : 0), () =>
        exchange.end(reply, arrived),
      );
    });
    return true;
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    if (!callback) return Promise.resolve();
    callback();
  }
}

class Exchange implements Dispatcher.DispatchController {
  readonly paused = false;
  reason: Error | null = null;
  readonly #host: Host;
  readonly #handler: Dispatcher.DispatchHandler;
  #isOver = false;

  constructor(host: Host, handler: Dispatcher.DispatchHandler) {
    this.#host = host;
    this.#handler = handler;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.reason = reason;
    this.#fail(reason);
  }

  pause(): void {}
  resume(): void {}

  end(reply: Exclude<Reply, { kind: "hang" }>, arrived: () => void): void {
    if (this.#isOver || !this.#host.isAlive) return;
    if (reply.kind === "broken") {
      this.#fail(networkError(reply.code));
      return;
    }
    const { status, headers, body, isPacked, brokenAfter } = reply;
    this.#handler.onResponseStart?.(this, status, headers);
    const text = Buffer.from(body.slice(0, brokenAfter), isPacked ? "latin1" : "utf8");
    if (!this.#isOver && text.length > 0) this.#handler.onResponseData?.(this, text);
    if (this.#isOver) return;
    if (brokenAfter !== undefined) {
      this.#fail(networkError("UND_ERR_SOCKET"));
      return;
    }
    arrived();
    this.#isOver = true;
    this.#handler.onResponseEnd?.(this, {});
  }

  #fail(error: Error): void {
    this.#isOver = true;
    this.#handler.onResponseError?.(this, error);
  }
}

const networkError = (code: string): Error => Object.assign(new Error(`the network: ${code}`), { code });

const lowerCase = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
