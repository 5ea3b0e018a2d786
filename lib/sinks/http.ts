import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { CallOptions } from "../clock.ts";
import type { Answer, Refusal } from "./answer.ts";
import { networkRefusal } from "./network-errors.ts";

const maxBodyBytes = 16_384;

export interface Post {
  readonly method?: "POST" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The receiver's own header for how many seconds to wait, where it has one beside Retry-After. */
  readonly waitHeader?: string;
  /** For the whole attempt, to the last byte read of the answer. */
  readonly timeoutMs: number;
}

/** One request, a POST unless it says otherwise: what the receiver answered, or why no answer came. Redirects are not followed. Throws only on a defect. */
export async function post(
  dispatcher: Dispatcher,
  request: Post,
  options: CallOptions,
): Promise<Answer | Refusal> {
  const { url, timeoutMs } = request;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method ?? "POST",
      headers: request.headers,
      body: request.body,
      signal,
    });
    const status = response.statusCode;
    const waits = [response.headers["retry-after"], response.headers[request.waitHeader ?? ""]];
    const retryAfter = waits.flat().find((wait) => wait !== undefined) ?? null;
    return { kind: "answer", status, retryAfter, body: await readBody(response.body, signal, url.origin) };
  } catch (error) {
    if (signal.aborted && error === signal.reason) return outOfTime(url.origin, timeoutMs, options);
    const refusal = networkRefusal(error, url.origin);
    if (!refusal) throw error;
    return refusal;
  }
}

const outOfTime = (origin: string, timeoutMs: number, { signal }: CallOptions): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: signal.aborted
    ? `${origin}: the run's time ended before an answer came`
    : `${origin}: no answer within ${timeoutMs} ms`,
});

/** The body's beginning. The status is the verdict, so a body that breaks off or drips past the time-out is only cut. */
async function readBody(body: AsyncIterable<Buffer>, signal: AbortSignal, origin: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBodyBytes) break;
    }
    // undici frees the connection one turn later; a request made sooner opens another.
    await setImmediate();
  } catch (error) {
    const isCut = (signal.aborted && error === signal.reason) || networkRefusal(error, origin) !== null;
    if (!isCut) throw error;
  }
  return Buffer.concat(chunks).toString("utf8", 0, maxBodyBytes);
}
