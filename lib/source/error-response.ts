import { SourceError, type SourceFailure } from "../core/errors.ts";
import { fieldsOf } from "../text/json.ts";
import { oneLine } from "../text/one-line.ts";

/** An unsuccessful response. */
export interface ErrorResponse {
  readonly operation: string;
  readonly status: number;
  readonly requestId: string | null;
  /** Parsed body; undefined when it is not JSON. */
  readonly body: unknown;
  readonly retryAfterMs: number | null;
  /** API clock minus local clock, milliseconds; null without a Date header. */
  readonly clockSkewMs: number | null;
  /** Values to mask in messages, since the gateway may echo them. */
  readonly secrets: readonly string[];
}

/** Codes whose meaning differs from their status. */
const reasonByCode: ReadonlyMap<string, SourceFailure> = new Map([
  ["400 DMS.00400026", "unavailable"], // The instance's state forbids it for now.
  ["404 DMS.00404001", "rejected"], // No such URL: a wrong endpoint, not a missing instance.
  ["404 APIG.0101", "rejected"],
]);

/** Throttling codes; they come with several statuses, 404 among them. */
const throttlingCodes: ReadonlySet<string | null> = new Set(["APIG.0308", "DMS.10240407"]);

/** Codes for an instance that does not exist: DMS and DCS. */
export const instanceGoneCodes: ReadonlySet<string> = new Set(["DMS.00404022", "111404022"]);

/** Whether the API reported that the stream's instance does not exist. */
export const isInstanceGone = (error: unknown): boolean =>
  error instanceof SourceError && error.api?.status === 404 && instanceGoneCodes.has(error.api.code ?? "");

/** Converts a refusal to an error by its status and code. */
export function responseError(refusal: ErrorResponse): SourceError {
  const { operation, status, requestId, retryAfterMs } = refusal;
  const said = errorBody(refusal.body);
  const written = said.code === null ? null : oneLine(said.code, 64);
  const code = written?.replace(/^APIGW\./, "APIG.") ?? null;
  const reason = throttlingCodes.has(code)
    ? "throttled"
    : (reasonByCode.get(`${status} ${code}`) ?? reasonByStatus(status));
  const message = [
    `${operation}: HTTP ${status}`,
    refusal.body === undefined ? "with a body that is not JSON" : written,
    said.message === null ? null : oneLine(masked(said.message, refusal.secrets), 200),
    status === 401 ? clockHint(refusal.clockSkewMs) : null,
    isRedirect(status) ? "a redirect, which is not followed; check the endpoint" : null,
    requestId === null ? null : `(request id ${oneLine(requestId, 64)})`,
  ];
  return new SourceError(reason, message.filter(Boolean).join(" "), {
    retryAfterMs,
    api: { status, code },
    clockSkewMs: refusal.clockSkewMs,
  });
}

/** The gateway refuses signatures whose time differs by fifteen minutes; a Date header has whole seconds. */
const refusedSkewMs = 14 * 60_000;

function clockHint(skewMs: number | null): string | null {
  if (skewMs === null || Math.abs(skewMs) < refusedSkewMs) return null;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const which = skewMs > 0 ? "behind" : "ahead of";
  return `(this machine's clock is ${minutes} minutes ${which} the API's, which refuses signatures from 15 minutes on: set the clock)`;
}

function reasonByStatus(status: number): SourceFailure {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 429) return "throttled";
  if (status === 408 || status >= 500) return "unavailable";
  return "rejected";
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** Parses the different error bodies of the services, the gateway and IAM; a code may be a number. */
function errorBody(body: unknown): { readonly code: string | null; readonly message: string | null } {
  const outer = fieldsOf(body);
  const inner = fieldsOf(outer["error"]);
  return {
    code: firstText(outer["error_code"], outer["errorCode"], outer["code"], inner["code"]),
    message: firstText(outer["error_msg"], outer["errorMsg"], outer["message"], inner["message"]),
  };
}

function firstText(...values: readonly unknown[]): string | null {
  const found = values.find(
    (value) => (typeof value === "string" && value !== "") || typeof value === "number",
  );
  return found === undefined ? null : String(found);
}

// The gateway may echo the canonical request with signed tokens.
const masked = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "***")), text);
