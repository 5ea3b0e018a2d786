import type { Dispatcher } from "undici";
import type { CallOptions, Clock } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import { encodePath, percentEncode, type SdkHmacRequest } from "../huawei/sign.ts";
import { exchange, headerOf, type Incoming, isCallersEnd, OutOfTime } from "../net/exchange.ts";
import { parseRetryAfter } from "../net/retry-after.ts";
import { hasMoreValues, parseExactJson, parseJson } from "../text/json.ts";
import { oneLine } from "../text/one-line.ts";
import { clockSkewMs } from "./api-time.ts";
import { responseError } from "./error-response.ts";
import { networkSourceError } from "./network-errors.ts";

interface ApiRequest {
  /** The API's name of the call, for messages. */
  readonly operation: string;
  readonly origin: string;
  /** The stream that is read. @default none */
  readonly stream?: StreamKey;
  /** The request, with the headers to send. */
  readonly request: SdkHmacRequest;
  /** Values that must not appear in messages. */
  readonly secrets: readonly string[];
  /** Setting that makes the response smaller, named when the response is too long. */
  readonly shortenedBy?: string;
  /** Called with the status when the response head arrives. */
  readonly answered?: (status: number) => void;
}

/** A successful response. */
export interface ApiResponse {
  readonly header: (name: string) => string | null;
  /** Parsed JSON of any shape. */
  readonly body: unknown;
  /** API clock minus local clock, milliseconds; null without a Date header. */
  readonly clockSkewMs: number | null;
  /** Creates the error for an unexpected body. */
  malformed(problem: string): SourceError;
}

/** Makes one exchange. @throws SourceError for anything but a success with a JSON body */
export type SendApiRequest = (outgoing: ApiRequest, options: CallOptions) => Promise<ApiResponse>;

/** Parts that sending needs. */
export interface HttpDeps {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Limit for one exchange, to the last byte of its body, milliseconds. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Called with the API clock minus the local clock, milliseconds, by each response that tells. */
  readonly measured: (skewMs: number) => void;
}

/** Creates a `Send` that makes one attempt; redirects are not followed. */
export function httpSend(deps: HttpDeps): SendApiRequest {
  const { dispatcher, clock, timeoutMs, maxBodyBytes } = deps;
  return async (outgoing, options) => {
    const { origin, request, answered } = outgoing;
    const sentMs = clock.now();
    let receivedMs = sentMs;
    const sent = {
      origin,
      method: request.method === "POST" ? "POST" : "GET",
      path: wirePath(request),
      headers: { ...request.headers, accept: "application/json", "user-agent": "dms-task-bridge" },
      body: request.body === "" ? null : request.body,
      timeoutMs,
      maxBodyBytes,
      answered: (status: number) => {
        receivedMs = clock.now();
        answered?.(status);
      },
    } as const;
    let incoming: Incoming;
    try {
      incoming = await exchange(dispatcher, sent, options);
    } catch (error) {
      throw exchangeError(error, outgoing, options, timeoutMs);
    }
    return responseOf(incoming, outgoing, { sentMs, receivedMs }, deps);
  };
}

/** Converts what an exchange threw; a defect stays as it is. */
function exchangeError(
  error: unknown,
  { operation }: ApiRequest,
  options: CallOptions,
  timeoutMs: number,
): unknown {
  if (error instanceof OutOfTime)
    return new SourceError("unavailable", `${operation}: no complete response within ${timeoutMs} ms`);
  if (isCallersEnd(error, options)) return outOfTime(operation, error);
  return networkSourceError(operation, error) ?? error;
}

/** Creates the error for a call that its caller's signal ended. */
export const outOfTime = (operation: string, cause: unknown): SourceError =>
  new SourceError("unavailable", `${operation}: the run's time budget ended first`, { cause });

/** Local instants of one exchange, epoch milliseconds. */
interface ExchangeTimes {
  readonly sentMs: number;
  /** When the response head arrived. */
  readonly receivedMs: number;
}

/** @throws SourceError for anything but a success with a JSON body */
function responseOf(
  incoming: Incoming,
  { operation, secrets, shortenedBy }: ApiRequest,
  { sentMs, receivedMs }: ExchangeTimes,
  { maxBodyBytes, measured }: HttpDeps,
): ApiResponse {
  const { status, text, cut } = incoming;
  const header = (name: string): string | null => headerOf(incoming, name);
  const requestId = header("x-request-id");
  const malformed = (problem: string): SourceError =>
    new SourceError(
      "malformed",
      `${operation}: HTTP ${status} with ${problem}${requestId === null ? "" : ` (request id ${oneLine(requestId, 64)})`}`,
      { api: { status, code: null } },
    );
  const tooMuch = (problem: string): SourceError =>
    malformed(shortenedBy ? `${problem}: make ${shortenedBy} smaller` : problem);
  if (cut !== null) throw cut.includes(String(maxBodyBytes)) ? tooMuch(cut) : malformed(cut);
  if (hasMoreValues(text, maxValues)) throw tooMuch(`a body of more than ${maxValues} values`);
  const body = bodyOf(text);
  const skewMs = clockSkewMs(header("date"), sentMs, receivedMs);
  if (status < 200 || status > 299) {
    if (skewMs !== null) measured(skewMs);
    const retryAfter = header("retry-after");
    const retryAfterMs = retryAfter === null ? null : parseRetryAfter(retryAfter, receivedMs);
    throw responseError({ operation, status, requestId, body, retryAfterMs, clockSkewMs: skewMs, secrets });
  }
  if (body === undefined) throw malformed(notJson(text));
  measured(skewMs ?? 0);
  return { header, body, clockSkewMs: skewMs, malformed };
}

/** Limit of JSON values in a body: many times more than a thousand tasks hold. */
const maxValues = 200_000;

/** Parses a body; some proxies add a byte order mark. */
function bodyOf(text: string): unknown {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  return hasParamsAsValue.test(json) ? parseExactJson(json) : parseJson(json);
}

function notJson(text: string): string {
  if (text.trim() === "") return "an empty body";
  return /^\s*<(!doctype|html|head|body)/i.test(text)
    ? "a web page instead of the API's response, perhaps from a proxy or a login; check the endpoint"
    : "a body that is not JSON";
}

/** `params` is JSON text, but related calls send an object, whose numbers must stay as written. */
const hasParamsAsValue = /"params"\s*:\s*[^\s"n]/;

function wirePath({ path, query }: SdkHmacRequest): string {
  const pairs = query.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`);
  return pairs.length === 0 ? encodePath(path) : `${encodePath(path)}?${pairs.join("&")}`;
}
