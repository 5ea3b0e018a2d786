import type { DeliveryResult, FailureReason, Refusal } from "../../core/result.ts";
import { parseRetryAfter } from "../../net/retry-after.ts";
import { oneLine } from "../../text/one-line.ts";
import { responseMessage } from "./redact.ts";

/** A receiver's response to one request. */
export interface SinkResponse {
  readonly kind: "response";
  readonly status: number;
  readonly retryAfter: string | null;
  /** The part of the body that was read. */
  readonly body: string;
  /** Why the body is incomplete, for messages; null when it is complete. */
  readonly cut: string | null;
}

/** Data for mapping a response to a result. */
export interface ResponseContext {
  readonly origin: string;
  /** Values that no result may show. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/** Maps a response's status to a result. Sinks whose outcome is in the body look there first. */
export function statusResult(
  response: SinkResponse,
  { origin, secrets, nowMs }: ResponseContext,
): DeliveryResult {
  const { status } = response;
  if (status >= 200 && status <= 299) return { kind: "accepted" };
  const [kind, reason] = classifyStatus(status);
  const message = responseMessage(response.body, secrets);
  const detail = oneLine(`HTTP ${status} from ${origin}${message === "" ? "" : `: ${message}`}`);
  const refusal = { kind, reason, detail, status };
  if (kind !== "retry" || response.retryAfter === null) return refusal;
  const retryAfterMs = parseRetryAfter(response.retryAfter, nowMs);
  return { ...refusal, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
}

/** Delay before a repeat when the receiver may already have the event: it could deliver it twice. */
export const doubtMs = 600_000;

/**
 * Result of a success response without the receiver's own receipt. Either something else responded, which the operator
 * must look at, or the receipt was in the part that was not read, and a retry only costs time.
 */
export function unproven(
  response: SinkResponse,
  { origin, secrets }: ResponseContext,
  sign: string,
): Refusal {
  const { status } = response;
  const place = `HTTP ${status} from ${origin}`;
  if (response.cut !== null) {
    const detail = `${place} with ${response.cut}: it may have been accepted`;
    return { kind: "retry", reason: "server_error", detail, status, retryAfterMs: doubtMs };
  }
  const said = responseMessage(response.body, secrets);
  const detail = oneLine(
    `${place} without ${sign}: is the URL right, and nothing in between?${said && ` It says: ${said}`}`,
  );
  return { kind: "blocked", reason: "not_found", detail, status, retryAfterMs: doubtMs };
}

const exceptions: ReadonlyMap<number, readonly [Refusal["kind"], FailureReason]> = new Map([
  [401, ["blocked", "unauthorized"]],
  [403, ["blocked", "unauthorized"]],
  [404, ["blocked", "not_found"]],
  [407, ["blocked", "unauthorized"]],
  [408, ["retry", "timeout"]],
  [410, ["blocked", "gone"]],
  [413, ["permanent", "too_large"]],
  [425, ["retry", "throttled"]],
  [429, ["retry", "throttled"]],
]);

function classifyStatus(status: number): readonly [Refusal["kind"], FailureReason] {
  const exception = exceptions.get(status);
  if (exception) return exception;
  if (status >= 300 && status <= 399) return ["blocked", "redirected"];
  // A status outside HTTP's ranges comes from a broken intermediary; it does not judge the event.
  return status >= 400 && status <= 499 ? ["permanent", "rejected"] : ["retry", "server_error"];
}
