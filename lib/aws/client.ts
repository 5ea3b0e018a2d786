import type { Dispatcher } from "undici";
import type { Clock, Random } from "../clock.ts";
import { parseJson } from "../json.ts";
import { AwsError, type AwsFailure } from "./errors.ts";
import { type Answer, exchange } from "./http.ts";
import { type Environment, openKeys } from "./keys.ts";
import { endpointOf, regionOf, type ServiceName, services } from "./services.ts";
import { signV4 } from "./sigv4.ts";

export interface AwsCallOptions {
  /** Ends the call, its waits included. */
  readonly signal?: AbortSignal;
  /** For one attempt; 5 s where left out. */
  readonly timeoutMs?: number;
  /** 4 where left out. */
  readonly maxAttempts?: number;
}

export interface AwsClient {
  /**
   * One operation of a service that speaks JSON: `call("ssm", "GetParameter", {...})`. Throttling, 5xx and network
   * failures are tried again, so an attempt that got no answer may have had its effect. Returns the parsed answer.
   * @throws AwsError
   */
  call(service: ServiceName, operation: string, body: object, options?: AwsCallOptions): Promise<unknown>;
}

export interface AwsDeps {
  /** Access key, region and endpoints, by AWS's own names. */
  readonly env: Environment;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly random: Random;
}

const defaultTimeoutMs = 5_000;
const defaultAttempts = 4;
const firstDelayMs = 100;
const maxDelayMs = 2_000;

/** Reads nothing and connects to nothing before the first call. */
export function openAws(deps: AwsDeps): AwsClient {
  const { env, dispatcher, clock, random } = deps;
  const keys = openKeys(deps);

  async function attempt(
    service: ServiceName,
    operation: string,
    body: string,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<unknown> {
    const name = `${service} ${operation}`;
    const region = regionOf(env);
    const url = endpointOf(service, region, env);
    const headers = {
      host: url.host,
      "content-type": services[service].contentType,
      "x-amz-target": `${services[service].target}.${operation}`,
    };
    const key = await keys.current(options);
    const signed = signV4({ path: url.pathname, headers, body }, key, { region, service }, clock.now());
    const answer = await exchange(
      dispatcher,
      name,
      { method: "POST", url, headers: { ...headers, ...signed }, body, timeoutMs: options.timeoutMs },
      options,
    );
    const parsed = parseJson(answer.text);
    if (answer.status !== 200) throw refusal(name, answer, parsed);
    if (parsed === undefined) throw new AwsError("malformed", "NOT_JSON", `${name}: the answer is no JSON`);
    return parsed;
  }

  return {
    async call(service, operation, body, options = {}) {
      const { signal = new AbortController().signal, timeoutMs = defaultTimeoutMs } = options;
      const text = JSON.stringify(body);
      for (let count = 1; ; count++) {
        try {
          return await attempt(service, operation, text, { signal, timeoutMs });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          if (count >= (options.maxAttempts ?? defaultAttempts) || signal.aborted) throw error;
          if (expiredCodes.has(error.code)) {
            if (!keys.renew()) throw error;
          } else if (error.reason !== "throttled" && error.reason !== "unavailable") throw error;
          await clock.sleep(random() * Math.min(maxDelayMs, firstDelayMs * 2 ** (count - 1)), signal);
          if (signal.aborted) throw error;
        }
      }
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

function refusal(name: string, answer: Answer, body: unknown): AwsError {
  const code = errorCode(answer, body);
  return new AwsError(reasonOf(answer.status, code), code, `${name}: refused with HTTP ${answer.status}`);
}

function reasonOf(status: number, code: string): AwsFailure {
  if (status === 429 || throttlingCodes.has(code)) return "throttled";
  if (status >= 500 || passingCodes.has(code)) return "unavailable";
  return status === 401 || status === 403 || credentialCodes.has(code) ? "unauthorized" : "rejected";
}

/** Out of `com.amazon.coral.service#AccessDeniedException` or `ParameterNotFound:http://…`, wherever it stands. */
function errorCode({ status, header }: Answer, body: unknown): string {
  const inBody = typeof body === "object" && body !== null && "__type" in body ? body.__type : null;
  const text = header("x-amzn-errortype") ?? (typeof inBody === "string" ? inBody : "");
  const [, code] = /^(?:[^#:]*#)?([A-Za-z][\w.]{0,79})(?::|$)/.exec(text) ?? [];
  return code ?? `HTTP_${status}`;
}
