import type { DeliveryResult, FailureReason, Refusal } from "../../core/result.ts";
import { parseRetryAfter } from "../../net/retry-after.ts";
import { oneLine } from "../../text/one-line.ts";
import { maskSecrets, responseMessage } from "../http/redact.ts";
import { type ResponseContext, type SinkResponse, statusResult, unproven } from "../http/response.ts";

/** The meaning of a platform's error code. */
export interface CodeMeaning {
  readonly kind: Refusal["kind"];
  readonly reason: FailureReason;
  /** Explains the problem to the operator. */
  readonly hint: string;
  readonly retryAfterMs?: number;
}

/** Meanings by a platform's error code. */
export type CodeMeanings = ReadonlyMap<string, CodeMeaning>;

const meaning =
  (kind: Refusal["kind"]) =>
  (reason: FailureReason, hint: string): CodeMeaning => ({ kind, reason, hint });

/** The meaning of a code that concerns the sink's settings. */
export const blocked = meaning("blocked");
/** The meaning of a code that concerns the message. */
export const permanent = meaning("permanent");
/** The meaning of a transient code. */
export const retry = (reason: FailureReason, hint: string, retryAfterMs?: number): CodeMeaning => ({
  ...meaning("retry")(reason, hint),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** The platform's code and message in a response body. */
export interface PlatformReply {
  /** Null when the response holds no platform code. */
  readonly code: string | null;
  readonly message: string;
}

/** A platform's success code and known error codes. */
export interface CodeTable {
  /** The code that means posted. */
  readonly success: string;
  readonly codes: CodeMeanings;
}

/**
 * The result for a platform that puts its outcome into the body. A known code decides, whatever the status. An unknown one
 * blocks the sink, even with a 400: it concerns the robot's settings more often than the message, and nothing is lost
 * while an operator looks. A 2xx without a code came from another server.
 */
export function codeResult(
  response: SinkResponse,
  reply: PlatformReply,
  { success, codes }: CodeTable,
  context: ResponseContext,
): DeliveryResult {
  const { code, message } = reply;
  const isOk = response.status >= 200 && response.status <= 299;
  const known = code === null ? undefined : codes.get(code);
  if (known) return refused(response, reply, known, context);
  if (isOk && code === success) return { kind: "accepted" };
  if (isOk && code === null) return unproven(response, context, "the platform's own answer");
  const usual = isOk ? null : statusResult(response, context);
  if (usual === null || (usual.kind === "permanent" && usual.reason !== "too_large"))
    return refused(response, reply, unknownCode, context);
  if (usual.kind === "accepted" || message === "") return usual;
  return { ...usual, detail: detailOf(response, reply, context) };
}

const unknownCode = blocked("rejected", "the message was refused, for a reason that is not known here");

function refused(
  response: SinkResponse,
  reply: PlatformReply,
  { kind, reason, hint, retryAfterMs }: CodeMeaning,
  context: ResponseContext,
): Refusal {
  const detail = detailOf(response, reply, context, hint);
  const { status } = response;
  if (kind !== "retry") return { kind, reason, detail, status };
  const askedMs = response.retryAfter === null ? null : parseRetryAfter(response.retryAfter, context.nowMs);
  const waitMs = askedMs ?? retryAfterMs;
  return { kind, reason, detail, status, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
}

/** The code's meaning, if known, and the platform's own message. */
function detailOf(
  { status, body }: SinkResponse,
  { code, message }: PlatformReply,
  { origin, secrets }: ResponseContext,
  hint = "",
): string {
  const own = [code === null ? "" : `code ${code}`, message].filter(Boolean).join(", ");
  const said = own === "" ? responseMessage(body, secrets) : maskSecrets(own, secrets);
  const quoted = hint === "" || said === "" ? said : ` (${said})`;
  return oneLine(`HTTP ${status} from ${origin}: ${hint}${quoted}`);
}

/** A code in a JSON body as text; null when there is none. */
export const codeOf = (value: unknown): string | null =>
  typeof value === "number" || typeof value === "string" ? String(value) : null;

/** The value if it is text, else empty text. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
