import type { DeliveryResult, FailureReason, Refusal } from "../../core/result.ts";
import { parseRetryAfter } from "../../net/retry-after.ts";
import { oneLine } from "../../text/one-line.ts";
import { answerMessage } from "./redact.ts";

/** What a receiver answered to one POST. */
export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly retryAfter: string | null;
  /** What was read of it; a long or broken one is cut. */
  readonly body: string;
}

export interface AnswerContext {
  readonly origin: string;
  /** Values that no result may show. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/** What an answer's status comes to. Sinks whose verdict is in the body look there first. */
export function answerResult(answer: Answer, { origin, secrets, nowMs }: AnswerContext): DeliveryResult {
  const { status } = answer;
  if (status >= 200 && status <= 299) return { kind: "accepted" };
  const [kind, reason] = verdict(status);
  const message = answerMessage(answer.body, secrets);
  const detail = oneLine(`HTTP ${status} from ${origin}${message === "" ? "" : `: ${message}`}`);
  if (kind !== "retry" || answer.retryAfter === null) return { kind, reason, detail };
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
  return { kind, reason, detail, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
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

function verdict(status: number): readonly [Refusal["kind"], FailureReason] {
  const exception = exceptions.get(status);
  if (exception) return exception;
  if (status >= 300 && status <= 399) return ["blocked", "redirected"];
  // A status outside HTTP's ranges comes from something broken on the way, not from a judgement of the event.
  return status >= 400 && status <= 499 ? ["permanent", "rejected"] : ["retry", "server_error"];
}
