import type { DeliveryResult, FailureReason, Refusal } from "../../core/result.ts";
import { parseRetryAfter } from "../../net/retry-after.ts";
import { oneLine } from "../../text/one-line.ts";
import { type Answer, type AnswerContext, answerResult } from "../http/answer.ts";
import { maskSecrets } from "../http/redact.ts";

/** What one of a platform's own error codes comes to. */
export interface CodeMeaning {
  readonly kind: Refusal["kind"];
  readonly reason: FailureReason;
  /** For the operator: what is wrong. */
  readonly hint: string;
  readonly retryAfterMs?: number;
}

export type Codes = ReadonlyMap<string, CodeMeaning>;

const meaning =
  (kind: Refusal["kind"]) =>
  (reason: FailureReason, hint: string): CodeMeaning => ({ kind, reason, hint });

export const blocked = meaning("blocked");
export const permanent = meaning("permanent");
export const retry = (reason: FailureReason, hint: string, retryAfterMs?: number): CodeMeaning => ({
  ...meaning("retry")(reason, hint),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** What a platform said inside its answer. */
export interface Saying {
  /** Null when the answer holds no code of the platform's. */
  readonly code: string | null;
  readonly message: string;
}

export interface CodeTable {
  /** The code that means posted. */
  readonly success: string;
  readonly codes: Codes;
}

/**
 * The verdict of a platform that puts it into the body. A code that is known decides, whatever the status. One that is not
 * blocks the sink under a 2xx, since it more often tells of the robot's settings than of the message, and nothing is lost
 * while an operator looks. A 2xx without any code came from something else on the way.
 */
export function codeVerdict(
  answer: Answer,
  { code, message }: Saying,
  { success, codes }: CodeTable,
  context: AnswerContext,
): DeliveryResult {
  const isOk = answer.status >= 200 && answer.status <= 299;
  const known = code === null ? undefined : codes.get(code);
  if (known) return refused(answer, { code, message }, known, context);
  if (!isOk) return answerResult(answer, context);
  if (code === success) return { kind: "accepted" };
  return refused(answer, { code, message }, code === null ? notThePlatform : unknownCode, context);
}

const notThePlatform = retry("server_error", "the answer is not the platform's");
const unknownCode = blocked("rejected", "the message was refused");

function refused(
  { status, retryAfter }: Answer,
  { code, message }: Saying,
  { kind, reason, hint, retryAfterMs }: CodeMeaning,
  { origin, secrets, nowMs }: AnswerContext,
): Refusal {
  const said = [code === null ? "" : `code ${code}`, message].filter(Boolean).join(", ");
  const quoted = said === "" ? "" : ` (${maskSecrets(said, secrets)})`;
  const detail = oneLine(`HTTP ${status} from ${origin}: ${hint}${quoted}`);
  if (kind !== "retry") return { kind, reason, detail };
  const askedMs = retryAfter === null ? null : parseRetryAfter(retryAfter, nowMs);
  const waitMs = askedMs ?? retryAfterMs;
  return { kind, reason, detail, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
}

/** A field of a JSON body that holds a code, as text; null when there is none. */
export const codeOf = (value: unknown): string | null =>
  typeof value === "number" || typeof value === "string" ? String(value) : null;

/** The fields of a JSON object; empty for anything else. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
