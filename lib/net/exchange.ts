import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { CallOptions } from "../core/clock.ts";
import { decoded } from "./decode.ts";

export interface Outgoing {
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** For the whole exchange, to the last byte of the answer. */
  readonly timeoutMs: number;
  /** More of an answer's body is not read, nor decoded. */
  readonly maxBodyBytes: number;
  /** An answer whose body breaks off or takes too long counts all the same, with as much of it as there is. */
  readonly isStatusEnough?: boolean;
  /** Told the status when the answer's head is there. */
  readonly answered?: (status: number) => void;
}

export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** UTF-8, decoded, without what is over the limit. */
  readonly text: string;
  /** Why this is not all of the body, for messages: `a body of more than 16384 bytes`. Null when it is. */
  readonly cut: string | null;
}

/** An answer's header, the first of several; null without. */
export function headerOf({ headers }: Pick<Incoming, "headers">, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** What `cut` says of an answer whose end never came. */
export const brokeOff = "a body that broke off";

/** The exchange took longer than it may. */
export class OutOfTime extends Error {}

/** Whether it was the caller's signal that ended the exchange. */
export const isCallersEnd = (error: unknown, { signal }: CallOptions): boolean =>
  signal.aborted && error === signal.reason;

/**
 * Sends one request and reads its answer; redirects are not followed. Compression is declined, and undone where the
 * answer has one all the same. Rejects with the signal's reason, with OutOfTime, or with what undici says of the network.
 * It uses undici's dispatch: the streams and signals of its request cost more than the exchange itself.
 */
export function exchange(
  dispatcher: Dispatcher,
  { timeoutMs, maxBodyBytes, isStatusEnough = false, answered, headers, ...options }: Outgoing,
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
    const answer = (cut: string | null): void => {
      if (head) resolve(incoming(head, Buffer.concat(chunks), maxBodyBytes, cut));
    };
    const fail = (error: unknown): void => {
      if (hasEnded) return;
      end();
      if (isStatusEnough && head) answer(brokeOff);
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
        // undici does not take back what still waits for its connection: it is stopped before it is sent.
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
        answer(tooLong(maxBodyBytes));
        started.abort(new OutOfTime());
      },
      onResponseEnd() {
        if (hasEnded) return;
        end();
        // undici frees the connection one turn later, and a request made sooner opens another.
        queueMicrotask(() => setImmediate(answer, null));
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
