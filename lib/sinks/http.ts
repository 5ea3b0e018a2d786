import type { IncomingHttpHeaders } from "node:http";
import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { CallOptions } from "../clock.ts";
import { withTimeLimit } from "../time-limit.ts";
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
  return withTimeLimit(options.signal, timeoutMs, async (signal) => {
    try {
      const response = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method ?? "POST",
        headers: request.headers,
        body: request.body,
        signal,
      });
      const retryAfter = waitIn(response.headers, request.waitHeader);
      const body = await readBody(response.body, signal, url.origin);
      return { kind: "answer", status: response.statusCode, retryAfter, body };
    } catch (error) {
      if (signal.aborted && error === signal.reason) return outOfTime(url.origin, timeoutMs, options);
      const refusal = networkRefusal(error, url.origin);
      if (!refusal) throw error;
      return refusal;
    }
  });
}

/** Retry-After or the receiver's own header, or the instant at which a spent rate limit begins anew, an epoch as on GitHub. */
function waitIn(headers: IncomingHttpHeaders, ownName = ""): string | null {
  const one = (name: string): string | undefined => [headers[name] ?? []].flat()[0];
  const given = one("retry-after") ?? one(ownName);
  if (given !== undefined || one("x-ratelimit-remaining") !== "0") return given ?? null;
  const reset = one("x-ratelimit-reset") ?? "";
  return /^[1-9]\d{9}$/.test(reset) ? new Date(Number(reset) * 1_000).toUTCString() : null;
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
