import * as v from "valibot";
import { reasonOf } from "../../aws/client.ts";
import { AwsError } from "../../aws/errors.ts";
import { unreadableCode } from "../../aws/http.ts";
import type { DeliveryResult, FailureReason, Refusal, RefusalClass } from "../../core/result.ts";
import { oneLine } from "../../text/one-line.ts";
import { doubtMs } from "../http/response.ts";

/** Maps a failed AWS call to a result for each event it carried. Rethrows errors that are defects, not failures of AWS. */
export function awsRefusal(error: unknown): Refusal {
  if (!(error instanceof AwsError)) throw error;
  const [kind, reason] = refusalClass(error);
  const detail = oneLine(error.message);
  // A success status whose body could not be read may still have come from the service.
  const isInDoubt = error.reason === "malformed" || error.code === unreadableCode;
  const refusal = { kind, reason, detail, ...(error.status === null ? {} : { status: error.status }) };
  return kind === "retry" && isInDoubt ? { ...refusal, retryAfterMs: doubtMs } : refusal;
}

/** The result of one event of a batch: AWS's code, and whose fault it is when the service says so. */
export interface EntryFailure {
  readonly code: string;
  readonly isSendersFault?: boolean | undefined;
}

/** One event's entry in a batch response: null when accepted, undefined when missing. */
export function entryResult(call: string, failure: EntryFailure | null | undefined): DeliveryResult {
  if (failure === null) return { kind: "accepted" };
  if (failure === undefined) {
    const detail = `${call}: the response omits an event`;
    return { kind: "retry", reason: "server_error", detail, retryAfterMs: doubtMs };
  }
  const code = /^[A-Za-z][\w.]{0,79}$/.test(failure.code) ? failure.code : "UNKNOWN";
  const status = failure.isSendersFault === false ? 500 : 400;
  return awsRefusal(new AwsError(reasonOf(status, code), code, `${call}: an event was refused`));
}

function refusalClass(error: AwsError): RefusalClass {
  switch (error.reason) {
    case "throttled":
      return ["retry", "throttled"];
    case "unavailable":
      return ["retry", unavailable(error)];
    case "malformed":
      return ["retry", "server_error"];
    case "unauthorized":
    case "unconfigured":
      return ["blocked", "unauthorized"];
    case "rejected":
      return refusals.find(([codes]) => codes.test(error.code))?.[1] ?? unknown;
    default:
      return error.reason satisfies never;
  }
}

/** A network failure carries its cause; a failure of the service has none. */
function unavailable({ code, cause }: AwsError): FailureReason {
  if (/TIMEOUT$|TIMEDOUT$|^ABORTED$|^RequestTimeout/.test(code)) return "timeout";
  return cause === undefined ? "server_error" : "network";
}

/** An unknown code may concern the target; treating it as permanent would turn every event into a dead letter. */
const unknown: RefusalClass = ["blocked", "rejected"];

/**
 * Maps AWS's error code to a refusal. The codes are documented on these pages of docs.aws.amazon.com:
 *
 * AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html, sns/latest/api/API_PublishBatch.html,
 * eventbridge/latest/APIReference/API_PutEventsResultEntry.html, kinesis/latest/APIReference/API_PutRecords.html,
 * step-functions/latest/apireference/API_StartExecution.html, lambda/latest/api/API_Invoke.html and
 * ses/latest/APIReference-V2/API_SendEmail.html.
 */
const refusals: readonly (readonly [codes: RegExp, RefusalClass])[] = [
  [/^KMS.*Throttl/i, ["retry", "throttled"]],
  [/^KMS/i, ["blocked", "unauthorized"]],
  [/^(NotAuthorizedFor|AuthorizationError|InvalidSecurity|OptInRequired)/, ["blocked", "unauthorized"]],
  // SES returns this for a sender or recipient that is not verified.
  [
    /^(MessageRejected|MailFromDomainNotVerified|AccountSuspended|SendingPaused)/,
    ["blocked", "unauthorized"],
  ],
  [
    /NonExistentQueue$|^QueueDoesNotExist$|^NotFound(Exception)?$|^ResourceNotFoundException$|DoesNotExist$|^HTTP_404$/,
    ["blocked", "not_found"],
  ],
  [/^Invalid(Arn|Address|AccountId)/, ["blocked", "not_found"]],
  [/^(QueueDeletedRecently|StateMachineDeleting)|QueueDeletedRecently$/, ["blocked", "gone"]],
  [/^HTTP_3\d\d$/, ["blocked", "redirected"]],
  [/^(ExecutionLimitExceeded|LimitExceededException)$/, ["retry", "throttled"]],
  [
    /^(ResourceConflictException|ResourceInUseException|ConcurrentModificationException)$/,
    ["retry", "server_error"],
  ],
  [/TooLong$|TooLarge(Exception)?$|^HTTP_413$/, ["permanent", "too_large"]],
  [/^(Validation(Error|Exception)|MalformedDetail|RedactionFailure)$/, ["permanent", "rejected"]],
  [
    /^Invalid(MessageContents|ExecutionInput|Name|(Attribute|Parameter)(Value)?|Argument|RequestContent|ParameterCombination)(Exception)?$/,
    ["permanent", "rejected"],
  ],
  [/^(UnsupportedMediaType|BadRequest)(Exception)?$/, ["permanent", "rejected"]],
];

const filled = v.pipe(v.string(), v.nonEmpty());

/**
 * Results of a batch whose response lists one entry per event, by position, under `field`: an error code
 * or a `receipt`. @throws AwsError
 */
export function indexedResults(
  call: string,
  response: unknown,
  { field, receipt }: { readonly field: string; readonly receipt: string },
  count: number,
): readonly DeliveryResult[] {
  const entry = v.union([v.object({ ErrorCode: filled }), v.object({ [receipt]: filled })]);
  const parsed = v.safeParse(v.object({ [field]: v.array(entry) }), response);
  const entries = parsed.success ? parsed.output[field] : undefined;
  if (entries?.length !== count) {
    throw new AwsError(
      "malformed",
      "NO_ENTRIES",
      `${call}: the response does not list the events that were sent`,
    );
  }
  return entries.map((one) =>
    entryResult(call, "ErrorCode" in one ? { code: one["ErrorCode"] ?? "" } : null),
  );
}
