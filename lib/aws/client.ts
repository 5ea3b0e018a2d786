import type { Dispatcher } from "undici";
import { backoffMs } from "../async/backoff.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { parseJson } from "../text/json.ts";
import { AwsError, type AwsFailure } from "./errors.ts";
import { type AwsResponse, ask } from "./http.ts";
import { openKeys } from "./keys.ts";
import { endpointOf, type JsonServiceName, regionOf, type ServiceName, services } from "./services.ts";
import { signV4 } from "./sigv4.ts";

/** Limits of one call. */
export interface AwsCallOptions {
  /** Aborts the call, its waits included. @default only the time limit aborts */
  readonly signal?: AbortSignal;
  /** Time limit of one attempt, milliseconds. @default 5 s */
  readonly timeoutMs?: number;
  /** @default 4 */
  readonly maxAttempts?: number;
}

/** An unsigned POST in the service's own form. */
export interface AwsRequest {
  /** The operation's name, for messages only. */
  readonly operation: string;
  /** Path as on the wire, below the endpoint's own. @default the endpoint's path */
  readonly path?: string;
  /** Headers besides the host and content type; lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** The only status that means success. @default any 2xx */
  readonly success?: number;
}

/** Makes signed calls of AWS services. */
export interface AwsClient {
  /**
   * Calls an operation of a JSON service: `call("ssm", "GetParameter", {...})`. Retries throttling, 5xx and network
   * failures, so an attempt without a response may have taken effect. Returns the parsed response.
   * @throws AwsError
   */
  call(service: JsonServiceName, operation: string, body: object, options?: AwsCallOptions): Promise<unknown>;
  /** Sends a request to a service with a protocol of its own. Returns the text of a 2xx response. @throws AwsError */
  send(service: ServiceName, request: AwsRequest, options?: AwsCallOptions): Promise<string>;
}

/** Dependencies of an AWS client. */
export interface AwsDeps {
  /** Environment with the access key, region and endpoints, by AWS's own names. */
  readonly env: Environment;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly random: Random;
}

const defaultTimeoutMs = 5_000;
const defaultAttempts = 4;
const delays = { firstMs: 100, maxMs: 2_000 };

/** Opens a client. Reads no key and opens no connection before the first call. */
export function openAws(deps: AwsDeps): AwsClient {
  const { env, dispatcher, clock, random } = deps;
  const keys = openKeys(deps);

  async function attempt(
    service: ServiceName,
    request: AwsRequest,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<string> {
    const name = `${service} ${request.operation}`;
    const region = regionOf(env);
    const endpoint = endpointOf(service, region, env);
    const url = request.path
      ? new URL(`${endpoint.pathname.replace(/\/$/, "")}${request.path}`, endpoint)
      : endpoint;
    const headers = { host: url.host, "content-type": services[service].contentType, ...request.headers };
    const { body } = request;
    const key = await keys.current(options);
    const signed = signV4({ path: url.pathname, headers, body }, key, { region, service }, clock.now());
    const response = await ask(
      dispatcher,
      name,
      { method: "POST", url, headers: { ...headers, ...signed }, body, timeoutMs: options.timeoutMs },
      options,
    );
    const { status } = response;
    if (status < 200 || status > 299) throw refusal(name, response);
    if (status === (request.success ?? status)) return response.text;
    throw new AwsError(
      "malformed",
      `HTTP_${status}`,
      `${name}: HTTP ${status} in place of ${request.success}`,
    );
  }

  async function send(
    service: ServiceName,
    request: AwsRequest,
    options: AwsCallOptions = {},
  ): Promise<string> {
    const { signal = new AbortController().signal, timeoutMs = defaultTimeoutMs } = options;
    for (let count = 1; ; count++) {
      try {
        return await attempt(service, request, { signal, timeoutMs });
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (expiredCodes.has(error.code)) {
          if (!keys.renew()) throw error;
        } else if (error.reason !== "throttled" && error.reason !== "unavailable") throw error;
        if (count >= (options.maxAttempts ?? defaultAttempts) || signal.aborted) throw error;
        await clock.sleep(backoffMs(count, delays, random), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  return {
    send,
    async call(service, operation, body, options) {
      const headers = { "x-amz-target": `${services[service].target}.${operation}` };
      const text = await send(service, { operation, headers, body: JSON.stringify(body) }, options);
      const parsed = parseJson(text);
      if (parsed !== undefined) return parsed;
      throw new AwsError("malformed", "NOT_JSON", `${service} ${operation}: the response is not JSON`);
    },
  };
}

const throttlingCodes: ReadonlySet<string> = new Set([
  "BandwidthLimitExceeded",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException",
]);
const passingCodes: ReadonlySet<string> = new Set([
  "InternalError",
  "InternalException",
  "InternalFailure",
  "RequestTimeout",
  "RequestTimeoutException",
]);
const expiredCodes: ReadonlySet<string> = new Set(["ExpiredToken", "ExpiredTokenException"]);
const credentialCodes: ReadonlySet<string> = new Set([
  ...expiredCodes,
  "AccessDenied",
  "AccessDeniedException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

function refusal(name: string, response: AwsResponse): AwsError {
  const code = errorCode(response);
  return new AwsError(
    reasonOf(response.status, code),
    code,
    `${name}: refused with HTTP ${response.status}`,
    {
      status: response.status,
    },
  );
}

/** Maps AWS's error code and the response's status to a failure. */
export function reasonOf(status: number, code: string): AwsFailure {
  if (status === 429 || throttlingCodes.has(code)) return "throttled";
  if (status >= 500 || passingCodes.has(code)) return "unavailable";
  return status === 401 || status === 403 || credentialCodes.has(code) ? "unauthorized" : "rejected";
}

/** The code in `com.amazon.coral.service#AccessDeniedException` or `ParameterNotFound:http://…`. */
function errorCode({ status, header, text }: AwsResponse): string {
  const body = parseJson(text);
  const inBody = typeof body === "object" && body !== null && "__type" in body ? body.__type : null;
  const inXml = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? "";
  const found = header("x-amzn-errortype") ?? (typeof inBody === "string" ? inBody : inXml);
  const [, code] = /^(?:[^#:]*#)?([A-Za-z][\w.]{0,79})(?::|$)/.exec(found) ?? [];
  return code ?? `HTTP_${status}`;
}
