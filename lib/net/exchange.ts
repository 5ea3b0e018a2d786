import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { onAbort } from "../async/on-abort.ts";
import type { CallOptions } from "../core/clock.ts";
import { decoded } from "./decode.ts";

/** An HTTP request. */
export interface HttpRequest {
  readonly origin: string;
  /** Path with its query. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Limit for the whole exchange, to the last byte of the response, milliseconds. */
  readonly timeoutMs: number;
  /** Limit for the response body, also once decoded; the rest is not read. */
  readonly maxBodyBytes: number;
  /** Accepts a response whose body breaks off or takes too long, with the part that arrived. @default false */
  readonly isStatusEnough?: boolean;
  /** Called with the status when the response head arrives. */
  readonly answered?: (status: number) => void;
}

/** An HTTP response. */
export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body: UTF-8, decoded, cut at the limit. */
  readonly text: string;
  /** Why the body is incomplete, for messages: `a body of more than 16384 bytes`. Null when it is complete. */
  readonly cut: string | null;
}

/** Returns a response header, the first of several; null when missing. */
export function headerOf({ headers }: Pick<Incoming, "headers">, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** Value of `cut` for a response that ended early. */
export const brokeOff = "a body that broke off";

/** The exchange exceeded its time limit. */
export class OutOfTime extends Error {}

/** Whether the caller's signal ended the exchange. */
export const isCallersEnd = (error: unknown, { signal }: CallOptions): boolean =>
  signal.aborted && error === signal.reason;

/**
 * Sends one request and reads the response; redirects are not followed. Asks for no compression, but decodes a
 * compressed body. Uses undici's `dispatch`: the streams and signals of `request` cost more than the exchange itself.
 * @throws the signal's reason, OutOfTime, or undici's network error
 */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  { signal }: CallOptions,
): Promise<Incoming> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { origin, path, method, body, headers } = request;
  return new Promise((resolve, reject) => {
    const outgoing = { origin, path, method, body, headers: { "accept-encoding": "identity", ...headers } };
    dispatcher.dispatch(outgoing, new Exchange(request, signal, resolve, reject));
  });
}

/** A request under way. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #unfollow: () => void;
  readonly #resolve: (response: Incoming | Promise<Incoming>) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: Pick<Incoming, "status" | "headers"> | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #hasEnded = false;

  constructor(
    request: HttpRequest,
    signal: AbortSignal,
    resolve: (response: Incoming | Promise<Incoming>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(outOfTime, request.timeoutMs, this);
    this.#unfollow = onAbort(signal, () => this.stop(signal.reason));
  }

  /** Ends the exchange with an error. */
  stop(error: Error): void {
    this.#fail(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // undici cannot cancel a request that waits for a connection; this stops it before it is sent.
    if (this.#hasEnded) controller.abort(new OutOfTime());
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#head = { status, headers };
    this.#request.answered?.(status);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxBodyBytes } = this.#request;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= maxBodyBytes || this.#hasEnded) return;
    this.#end();
    this.#respond(`a body of more than ${maxBodyBytes} bytes`);
    controller.abort(new OutOfTime());
  }

  onResponseEnd(): void {
    if (this.#hasEnded) return;
    this.#end();
    // undici frees the connection one turn later; a request made sooner would open another.
    queueMicrotask(() => setImmediate(() => this.#respond(null)));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#unfollow();
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#end();
    if (this.#request.isStatusEnough && this.#head) this.#respond(brokeOff);
    else this.#reject(error);
  }

  #respond(cut: string | null): void {
    const body = this.#bytes === 0 ? nothing : Buffer.concat(this.#chunks);
    if (this.#head) this.#resolve(incoming(this.#head, body, this.#request.maxBodyBytes, cut));
  }
}

const nothing = Buffer.alloc(0);

const outOfTime = (exchange: Exchange): void => exchange.stop(new OutOfTime());

function incoming(
  head: Pick<Incoming, "status" | "headers">,
  body: Buffer,
  maxBodyBytes: number,
  cut: string | null,
): Incoming | Promise<Incoming> {
  const plain = body.subarray(0, maxBodyBytes);
  const encoding = headerOf(head, "content-encoding");
  if (encoding === null || plain.length === 0) return { ...head, text: plain.toString(), cut };
  return decoded(plain, encoding, maxBodyBytes).then((found) => ({
    ...head,
    text: found?.toString() ?? "",
    cut: cut ?? (found ? null : `a body that cannot be decoded to at most ${maxBodyBytes} bytes`),
  }));
}
