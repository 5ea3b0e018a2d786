import { type DeliveryResult, type FailureReason, failureReasons } from "../core/result.ts";
import { fieldsOf } from "../text/json.ts";
import { oneLine } from "../text/one-line.ts";

/** Limit of a result's detail, characters. */
const maxDetail = 1_000;

/**
 * Checks what a sink answered for `count` events. A custom sink may answer anything; whatever is no result becomes a
 * retry that names the mistake, so that nothing wrong is recorded.
 */
export function resultsOf(answer: unknown, count: number): readonly DeliveryResult[] {
  if (Array.isArray(answer) && answer.length === count) return [...answer].map(resultOf);
  const found = Array.isArray(answer) ? `${answer.length} results` : described(answer);
  return Array.from({ length: count }, () => defect(`the sink answered ${found} for ${count} events`));
}

function resultOf(answer: unknown): DeliveryResult {
  const { kind, reason, detail, message, status, retryAfterMs } = fieldsOf(answer);
  if (kind === "accepted") return typeof message === "string" ? { kind, message } : { kind };
  if (kind !== "retry" && kind !== "blocked" && kind !== "permanent")
    return wrong("kind", kind, ["accepted", "retry", "blocked", "permanent"]);
  if (!isReason(reason)) return wrong("reason", reason, failureReasons);
  if (typeof detail !== "string")
    return defect(`the sink answered ${described(detail)} as detail, expected text`);
  const refusal = { reason, detail: oneLine(detail, maxDetail), ...(isStatus(status) && { status }) };
  if (kind === "permanent") return { kind, ...refusal };
  return { kind, ...refusal, ...(isDelay(retryAfterMs) && { retryAfterMs }) };
}

const isReason = (value: unknown): value is FailureReason =>
  (failureReasons as readonly unknown[]).includes(value);

const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 999;

const isDelay = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;

const wrong = (field: string, found: unknown, expected: readonly string[]): DeliveryResult =>
  defect(`the sink answered ${described(found)} as ${field}, expected one of ${expected.join(", ")}`);

const defect = (detail: string): DeliveryResult => ({ kind: "retry", reason: "defect", detail });

function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(oneLine(value, 40));
  if (value === undefined || value === null) return "nothing";
  return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
