import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
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
  { timeoutMs, maxBodyBytes, isStatusEnough = false, answered, headers, ...options }: HttpRequest,
  { signal }: CallOptions,
): Promise<Incoming> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: Pick<Incoming, "status" | "headers"> | null = null;
    let controller: Dispatcher.DispatchController | null = null;
    let hasEnded = false;

    const end = (): void => {
      hasEnded = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const response = (cut: string | null): void => {
      if (head) resolve(incoming(head, Buffer.concat(chunks), maxBodyBytes, cut));
    };
    const fail = (error: unknown): void => {
      if (hasEnded) return;
      end();
      if (isStatusEnough && head) response(brokeOff);
      else reject(error);
    };
    const stop = (error: Error): void => {
      fail(error);
      controller?.abort(error);
    };
    const abort = (): void => stop(signal.reason);
    const timer = setTimeout(() => stop(new OutOfTime()), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });

    const request = { ...options, headers: { "accept-encoding": "identity", ...headers } };
    dispatcher.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        // undici cannot cancel a request that waits for a connection; this stops it before it is sent.
        if (hasEnded) started.abort(new OutOfTime());
      },
      onResponseStart(_, status, headers) {
        if (status < 200) return;
        head = { status, headers };
        answered?.(status);
      },
      onResponseData(started, chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= maxBodyBytes || hasEnded) return;
        end();
        response(tooLong(maxBodyBytes));
        started.abort(new OutOfTime());
      },
      onResponseEnd() {
        if (hasEnded) return;
        end();
        // undici frees the connection one turn later; a request made sooner would open another.
        queueMicrotask(() => setImmediate(response, null));
      },
      onResponseError: (_, error) => fail(error),
    });
  });
}

const tooLong = (maxBodyBytes: number): string => `a body of more than ${maxBodyBytes} bytes`;

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
