import { SourceError, type SourceFailure } from "../core/errors.ts";
import { fieldsOf } from "../text/json.ts";

/** An answer that is not a success. */
export interface Refusal {
  readonly operation: string;
  readonly status: number;
  readonly requestId: string | null;
  /** The body, parsed; undefined when it is no JSON. */
  readonly body: unknown;
  readonly retryAfterMs: number | null;
  /** The API's clock less ours; null where it sent no Date. */
  readonly clockSkewMs: number | null;
  /** What must not show in a message, although the gateway may echo it. */
  readonly secrets: readonly string[];
}

/** Codes that mean something other than their status does. */
const reasonByCode: ReadonlyMap<string, SourceFailure> = new Map([
  ["400 DMS.00400026", "unavailable"], // The instance's state forbids it for now.
  ["404 DMS.00404001", "rejected"], // No such URL: a wrong endpoint, not a missing instance.
  ["404 APIG.0101", "rejected"],
]);

/** Throttling comes under more than one status, 404 among them. */
const throttlingCodes: ReadonlySet<string | null> = new Set(["APIG.0308", "DMS.10240407"]);

/** What the API answers for an instance that does not exist: DMS, and DCS. */
export const instanceGoneCodes: ReadonlySet<string> = new Set(["DMS.00404022", "111404022"]);

/** Whether it is the API's own word that the stream's instance does not exist. */
export const isInstanceGone = (error: unknown): boolean =>
  error instanceof SourceError && error.api?.status === 404 && instanceGoneCodes.has(error.api.code ?? "");

/** The refusal as an error: decided by the status, then by the code. */
export function refusalError(refusal: Refusal): SourceError {
  const { operation, status, requestId, retryAfterMs } = refusal;
  const said = errorBody(refusal.body);
  const code = said.code === null ? null : oneLine(said.code, 64).replace(/^APIGW\./, "APIG.");
  const reason = throttlingCodes.has(code)
    ? "throttled"
    : (reasonByCode.get(`${status} ${code}`) ?? reasonByStatus(status));
  const message = [
    `${operation}: HTTP ${status}`,
    refusal.body === undefined ? "with a body that is not JSON" : code,
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

/** The gateway refuses a signature whose time is fifteen minutes off its own; a Date has whole seconds. */
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

/** The services, the gateway and IAM each have their own shape; a code may be a number. */
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

// A refused signature may come with the canonical request the gateway built, signed tokens included.
const masked = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "***")), text);

/** Foreign text, fit for a message. */
export function oneLine(text: string, maxLength: number): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}
