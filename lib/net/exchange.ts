import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { CallOptions } from "../core/clock.ts";

export interface Outgoing {
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PATCH";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** For the whole exchange, to the last byte of the answer. */
  readonly timeoutMs: number;
  /** More of an answer's body is not read. */
  readonly maxBodyBytes: number;
  /** An answer whose body breaks off or takes too long counts all the same, with as much of it as there is. */
  readonly isStatusEnough?: boolean;
  /** Told the status when the answer's head is there. */
  readonly answered?: (status: number) => void;
}

export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** UTF-8, without what is over the limit. */
  readonly text: string;
  /** Whether this is all of the body. */
  readonly isWhole: boolean;
}

/** An answer's header, the first of several; null without. */
export function headerOf({ headers }: Pick<Incoming, "headers">, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** The exchange took longer than it may. */
export class OutOfTime extends Error {}

/** Whether it was the caller's signal that ended the exchange. */
export const isCallersEnd = (error: unknown, { signal }: CallOptions): boolean =>
  signal.aborted && error === signal.reason;

/**
 * Sends one request and reads its answer; redirects are not followed. Rejects with the signal's reason, with OutOfTime,
 * or with what undici says of the network. It uses undici's dispatch: the streams and signals of its request cost more
 * than the exchange itself.
 */
export function exchange(
  dispatcher: Dispatcher,
  { timeoutMs, maxBodyBytes, isStatusEnough = false, answered, ...options }: Outgoing,
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
    const answer = (isWhole: boolean): void => {
      if (head) resolve({ ...head, text: Buffer.concat(chunks).toString("utf8", 0, maxBodyBytes), isWhole });
    };
    const fail = (error: unknown): void => {
      if (hasEnded) return;
      end();
      if (isStatusEnough && head) answer(false);
      else reject(error);
    };
    const stop = (error: Error): void => {
      fail(error);
      controller?.abort(error);
    };
    const abort = (): void => stop(signal.reason);
    const timer = setTimeout(() => stop(new OutOfTime()), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });

    dispatcher.dispatch(options, {
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
        answer(false);
        started.abort(new OutOfTime());
      },
      onResponseEnd() {
        if (hasEnded) return;
        end();
        // undici frees the connection one turn later, and a request made sooner opens another.
        queueMicrotask(() => setImmediate(answer, true));
      },
      onResponseError: (_, error) => fail(error),
    });
  });
}
