import type { Dispatcher } from "undici";
import type { CallOptions } from "../../core/clock.ts";
import type { Refusal } from "../../core/result.ts";
import { exchange, headerOf, type Incoming, isCallersEnd, OutOfTime } from "../../net/exchange.ts";
import { networkRefusal } from "./network.ts";
import type { SinkResponse } from "./response.ts";

/** Some platforms return the whole message, with up to six bytes a character. */
const maxBodyBytes = 1_048_576;

/** A request and its limits. */
export interface Post {
  /** @default "POST" */
  readonly method?: "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The receiver's own header with the seconds to wait, where it has one beside Retry-After. */
  readonly waitHeader?: string;
  /** Time limit of the whole attempt, to the last byte of the response, milliseconds. */
  readonly timeoutMs: number;
}

/** Sends one request (POST by default). Returns the response, or why none came. Follows no redirect. Throws only on a defect. */
export async function post(
  dispatcher: Dispatcher,
  request: Post,
  options: CallOptions,
): Promise<SinkResponse | Refusal> {
  const { url, timeoutMs, waitHeader, method = "POST", headers, body } = request;
  const { origin, pathname, search } = url;
  const path = `${pathname}${search}`;
  // The status decides, so a body that breaks off or exceeds the time limit is only cut.
  const outgoing = { origin, path, method, headers, body, timeoutMs, maxBodyBytes, isStatusEnough: true };
  try {
    const response = await exchange(dispatcher, outgoing, options);
    const retryAfter = waitIn(response, waitHeader);
    return { kind: "response", status: response.status, retryAfter, body: response.text, cut: response.cut };
  } catch (error) {
    if (error instanceof OutOfTime || isCallersEnd(error, options))
      return outOfTime(origin, timeoutMs, options);
    const refusal = networkRefusal(error, origin);
    if (!refusal) throw error;
    return refusal;
  }
}

/** Wait from Retry-After, the receiver's own header, or the reset time of a rate limit (epoch seconds, as on GitHub). */
function waitIn(response: Incoming, ownName = ""): string | null {
  const one = (name: string): string | null => headerOf(response, name);
  const given = one("retry-after") ?? one(ownName);
  if (given !== null || one("x-ratelimit-remaining") !== "0") return given;
  const reset = one("x-ratelimit-reset") ?? "";
  return /^[1-9]\d{9}$/.test(reset) ? new Date(Number(reset) * 1_000).toUTCString() : null;
}

const outOfTime = (origin: string, timeoutMs: number, { signal }: CallOptions): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: signal.aborted
    ? `${origin}: the run's time budget ended before a response`
    : `${origin}: no response within ${timeoutMs / 1_000} s`,
});
