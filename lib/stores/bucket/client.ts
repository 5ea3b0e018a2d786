import type { Dispatcher } from "undici";
import { backoffMs } from "../../async/backoff.ts";
import type { Clock, Random } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import { percentEncode } from "../../huawei/sign.ts";
import { brokeOff, exchange, headerOf, type Incoming, OutOfTime } from "../../net/exchange.ts";
import { networkFailure, networkFailureText } from "../../net/network-errors.ts";
import { tooLarge } from "../too-large.ts";
import type { Bucket, ListedObject } from "./bucket.ts";

/** An unsigned request for an object or a listing. */
export interface ObjectRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Escaped as sent. */
  readonly path: string;
  /** Bucket and key, escaped, regardless of how the URL addresses the bucket. */
  readonly resource: string;
  /** Sorted by name. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names, `host` included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Differences between object stores. */
export interface Provider {
  /** Returns the store's endpoint. @throws StoreError when neither configuration nor environment names one */
  endpoint(): Endpoint;
  /** Returns the headers that sign the request. @throws StoreError without a key */
  sign(request: ObjectRequest): Promise<Readonly<Record<string, string>>>;
  /** Called when the store reported an expired key; returns whether a retry would use another. */
  renewKey(): boolean;
  /** Request that writes an object only if it does not exist. */
  readonly create: Pick<ObjectRequest, "method" | "query" | "headers">;
  /** Error codes that mean the object exists. */
  readonly existsCodes: ReadonlySet<string>;
}

/** Address of a bucket. */
export interface Endpoint {
  readonly url: URL;
  /** Whether the URL's host includes the bucket; otherwise the path starts with it. */
  readonly isBucketsOwn: boolean;
}

/** Settings of a bucket client. */
export interface ClientOptions {
  readonly bucket: string;
  /** Prefix of every key, with its trailing slash. */
  readonly prefix: string;
  readonly provider: Provider;
}

/** Injected parts of a bucket client. */
export interface ClientDeps {
  readonly dispatcher: Dispatcher;
  /** Called when the client is closed. */
  close(): Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
}

const timeoutMs = 5_000;
const maxAttempts = 4;
const delays = { firstMs: 100, maxMs: 2_000 };
/** Maximum object size; far above a record, which holds a bounded outbox and the open tasks. */
export const maxObjectBytes = 4 * 1_048_576;
const maxBodyBytes = 16 * 1_048_576;
const passingStatuses: ReadonlySet<number> = new Set([408, 429]);
/** Codes for concurrent writes of one key, which do not say who was first. */
const passingCodes: ReadonlySet<string> = new Set([
  "ConditionalRequestConflict",
  "OperationAborted",
  "RequestTimeout",
]);
const expiredCodes: ReadonlySet<string> = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidToken"]);

interface ObjectCall extends Pick<ObjectRequest, "method"> {
  readonly key?: string;
  readonly query?: ObjectRequest["query"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Refusals that count as responses. */
  readonly responses?: (status: number, code: string) => boolean;
}

/** Opens a client. It does not connect before the first call. */
export function openBucketClient(
  { bucket, prefix, provider }: ClientOptions,
  { dispatcher, close, clock, random }: ClientDeps,
): Bucket {
  const signal = new AbortController().signal;
  const name = `bucket ${bucket}`;

  async function attempt(call: ObjectCall): Promise<Incoming> {
    const { url, isBucketsOwn } = provider.endpoint();
    const { method, key = null, query = [], body = "" } = call;
    const objectPath = key === null ? "/" : `/${escaped(prefix + key)}`;
    const base = url.pathname.replace(/\/$/, "");
    const path = isBucketsOwn ? objectPath : `${base}/${bucket}${objectPath}`;
    // Some HTTP clients default to a form's content type, which some stores then parse.
    const headers = { host: url.host, "content-type": "application/json", ...call.headers };
    const request = { method, path, resource: `/${bucket}${objectPath}`, query, headers, body };
    const signed = await provider.sign(request);
    return exchange(
      dispatcher,
      {
        origin: url.origin,
        path: query.length > 0 ? `${path}?${queryText(query)}` : path,
        method,
        headers: { ...headers, ...signed },
        body: body === "" ? null : body,
        timeoutMs,
        maxBodyBytes,
        isStatusEnough: method !== "GET",
      },
      { signal },
    );
  }

  /**
   * Sends a call and returns a success or an expected refusal. Rejects with StoreError; `repeatable` errors are
   * retried.
   */
  async function send(call: ObjectCall): Promise<Incoming & { readonly code: string }> {
    for (let count = 1; ; count++) {
      const outcome = await attempt(call).catch(problemOf);
      if (typeof outcome !== "string") {
        const code = codeOf(outcome);
        const { status } = outcome;
        const isWhole = outcome.cut !== brokeOff || call.method !== "GET";
        if (isWhole && ((status >= 200 && status < 300) || call.responses?.(status, code)))
          return { ...outcome, code };
        const isExpired = expiredCodes.has(code) && provider.renewKey();
        const isPassing =
          !isWhole || status >= 500 || passingStatuses.has(status) || passingCodes.has(code) || isExpired;
        if (!isPassing || count === maxAttempts)
          throw failure(call, isWhole ? `HTTP ${status} ${code}` : brokeOff);
      } else if (count === maxAttempts) throw failure(call, outcome);
      await clock.sleep(backoffMs(count, delays, random), signal);
    }
  }

  const failure = ({ method, key }: ObjectCall, problem: string): StoreError =>
    new StoreError("unavailable", `${name}: ${method} ${key ?? "of a listing"}: ${problem}`);

  function checkSize(key: string, text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxObjectBytes) throw tooLarge({ store: name, what: key, bytes, maxBytes: maxObjectBytes });
  }

  return {
    name,
    create: async (key, body) => {
      checkSize(key, body);
      const { status } = await send({
        ...provider.create,
        key,
        body,
        responses: (_, code) => provider.existsCodes.has(code),
      });
      return status < 300;
    },
    put: async (key, body) => {
      checkSize(key, body);
      await send({ method: "PUT", key, body });
    },
    get: async (key) => {
      const response = await send({
        method: "GET",
        key,
        responses: (status, code) => status === 404 && code !== "NoSuchBucket",
      });
      if (response.cut) throw new StoreError("corrupt", `${name}: ${key} has ${response.cut}`);
      return response.status === 404 ? null : response.text;
    },
    list: async (folder, { after, max = 1_000 } = {}) => {
      const query = [
        ...(after === undefined ? [] : [["marker", prefix + after] as const]),
        ["max-keys", String(max)] as const,
        ["prefix", prefix + folder] as const,
      ];
      const { text } = await send({ method: "GET", query });
      return listedIn(text, prefix, name);
    },
    remove: async (key) => {
      await send({
        method: "DELETE",
        key,
        responses: (status, code) => status === 404 && code !== "NoSuchBucket",
      });
    },
    close,
  };
}

/** Escapes a key as a path; its segments contain no slashes. */
const escaped = (key: string): string => key.split("/").map(percentEncode).join("/");

/** Query text as sent; sorted, as signatures need it. */
export const queryText = (query: ObjectRequest["query"]): string =>
  query.map(([name, value]) => (value ? `${percentEncode(name)}=${percentEncode(value)}` : name)).join("&");

/** Describes why no response arrived. */
function problemOf(error: unknown): string {
  if (error instanceof OutOfTime) return `no complete response within ${timeoutMs} ms`;
  const failure = networkFailure(error);
  if (failure && !(error instanceof StoreError)) return networkFailureText(failure);
  throw error;
}

/** Error code of a refusal; empty when missing. */
function codeOf(response: Incoming): string {
  if (response.status < 300) return "";
  const found =
    headerOf(response, "x-obs-error-code") ?? /<Code>([^<]*)<\/Code>/.exec(response.text)?.[1] ?? "";
  return /^[A-Za-z][\w.]{0,79}$/.test(found) ? found : "";
}

/** Parses a listing; our keys contain nothing that XML escapes. */
function listedIn(xml: string, prefix: string, name: string): readonly ListedObject[] {
  if (!xml.includes("<ListBucketResult"))
    throw new StoreError("unavailable", `${name}: the response is not a listing`);
  return Array.from(xml.matchAll(/<Contents>(.*?)<\/Contents>/gs), ([, entry = ""]) => {
    const key = /<Key>([^<]*)<\/Key>/.exec(entry)?.[1] ?? "";
    const modifiedMs = Date.parse(/<LastModified>([^<]*)<\/LastModified>/.exec(entry)?.[1] ?? "");
    return { key: key.slice(prefix.length), modifiedMs };
  });
}
