/** Why a delivery did not pass. */
export const failureReasons = [
  "timeout",
  "network",
  "throttled",
  "server_error",
  "unauthorized",
  "not_found",
  "gone",
  "redirected",
  "refused_address",
  "unroutable",
  "too_large",
  "rejected",
  "defect",
] as const;

export type FailureReason = (typeof failureReasons)[number];

/**
 * What a sink says of one event. `retry`: may pass later. `blocked`: an operator must mend the sink; everything is kept.
 * `permanent`: these bytes will never pass.
 */
export type DeliveryResult =
  | {
      readonly kind: "accepted";
      /** Where the message is that tells of the event's task, in the sink's own words: at most 200 characters, no secret. */
      readonly message?: string;
    }
  | {
      readonly kind: "retry" | "blocked";
      readonly reason: FailureReason;
      readonly detail: string;
      /** The sink is left alone for so long. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "permanent"; readonly reason: FailureReason; readonly detail: string };

/** Every result but acceptance. */
export type Refusal = Exclude<DeliveryResult, { readonly kind: "accepted" }>;

/** How a code or an error of a receiver is classified: what follows from it, and why. */
export type RefusalClass = readonly [kind: Refusal["kind"], reason: FailureReason];
